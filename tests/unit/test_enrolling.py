"""The page where an invited person registers a passkey: once, and only what their device has made there."""

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest

from cutover.domain import base64url, canonical, enrolling, invitation_links
from cutover.pages import posting
from tests.approving import PAGE_URL, START, World
from tests.building.passkeys import PRESENT, VERIFIED, Authenticator, Kind
from tests.building.policy import OTHER_DEPLOYMENT
from tests.enrolling import INVITATION, Enrolling

OMAR, OTHER = Authenticator("omar"), Authenticator("other")


@pytest.fixture
def page() -> Enrolling:
    return Enrolling(World())


def options(page: Enrolling, link: str) -> dict[str, Any]:
    found = re.search(r'data-options="([^"]*)"', page.get(link).body)
    assert found
    said: dict[str, Any] = json.loads(html.unescape(found.group(1)))
    return said


def form(page: Enrolling, link: str, by: Authenticator = OMAR, **more: Any) -> dict[str, str]:
    """What the page's script posts once the device has made a passkey."""
    shown = page.get(link).body
    found = re.search(r'data-options="([^"]*)"', shown)
    nonce = re.search(r'name="nonce" value="([^"]*)"', shown)
    assert found
    assert nonce
    challenge = base64url.decode(json.loads(html.unescape(found.group(1)))["challenge"], limit=100) or b""
    return {"nonce": nonce.group(1)} | by.registration(challenge, **more)


@pytest.mark.parametrize("kind", ["ES256", "EdDSA", "RS256"])
def test_a_passkey_is_registered_stored_and_noted(page: Enrolling, kind: Kind) -> None:
    link = page.link()
    answer = page.post(link, form(page, link, Authenticator("omar", kind=kind)))
    assert (answer.status, answer.headers["Location"]) == (303, link)
    (enrolment,) = page.enrolments()
    assert enrolment.passkey == Authenticator("omar", kind=kind).passkey(START)
    assert (enrolment.person, enrolment.invitation, enrolment.backed_up) == ("omar", INVITATION, False)
    (entry,) = page.world.records.ledger("orders")
    assert (entry.event, entry.result, entry.actor.requester) == ("passkey-registered", "REGISTERED", "omar")
    assert entry.inputs == {"enrolment": canonical.digest_model(enrolment), "invitation": INVITATION}
    assert entry.detail == f"omar: {enrolling.fingerprint(enrolment.passkey)}"
    shown = page.get(link)
    assert enrolling.fingerprint(enrolment.passkey) in shown.body
    assert "counts for nothing yet" in shown.body
    assert "<form" not in shown.body


def test_once_the_owners_have_signed_it_the_page_says_so(page: Enrolling) -> None:
    link = page.link()
    page.post(link, form(page, link))
    page.sign_into_facts()
    assert "you can decide with it" in page.get(link).body


def test_an_invitation_registers_once(page: Enrolling) -> None:
    link = page.link()
    first, second = form(page, link), form(page, link, OTHER)
    assert page.post(link, first).status == 303
    before = page.world.snapshot()
    again = page.post(link, first)
    assert again.status == 303
    assert page.world.records.chain("orders").sequence == 1
    other = page.post(link, second)
    assert (other.status, other.code) == (422, "INVITATION_USED")
    assert enrolling.fingerprint(page.enrolments()[0].passkey) not in other.body, "it is not theirs to tell"
    assert "If you did not register a passkey just now" in page.get(link).body
    assert [each.passkey.id for each in page.enrolments()] == [OMAR.passkey().id]
    assert page.world.records.chain("orders").sequence == 1
    assert before[0] == page.world.snapshot()[0]


def test_another_invitation_registers_another(page: Enrolling) -> None:
    for number, by in enumerate((OMAR, OTHER)):
        link = page.link(invitation=canonical.digest(f"{number}".encode()))
        assert page.post(link, form(page, link, by)).status == 303
    assert len(page.enrolments()) == 2


@pytest.mark.parametrize("person", ["omar", "erin"])
def test_a_passkey_that_the_facts_list_already_is_registered_for_nobody(page: Enrolling, person: str) -> None:
    """Without attestation nobody proves that it is theirs, and two people with one passkey count as nobody."""
    people = page.world.facts.people
    listed = people[person].model_copy(update={"passkeys": (OMAR.passkey(),)})
    page.world.change_facts(people=people | {person: listed})
    link = page.link()
    answer = page.post(link, form(page, link))
    assert (answer.status, answer.code) == (422, "PASSKEY_KNOWN")
    assert page.enrolments() == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_to_look_writes_nothing(page: Enrolling, method: str) -> None:
    link, before = page.link(), page.world.snapshot()
    assert page.get(link, method).status == 200
    assert page.world.snapshot() == before


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("PASSKEY_USER_UNVERIFIED", {"flags": PRESENT}),
        ("PASSKEY_USER_ABSENT", {"flags": VERIFIED}),
        ("PASSKEY_WRONG_ORIGIN", {"origin": "https://page.example.org"}),
        ("PASSKEY_WRONG_ORIGIN", {"crossOrigin": True}),
        ("PASSKEY_WRONG_SITE", {"rp_id": "example.com"}),
        ("PASSKEY_WRONG_TYPE", {"type": "webauthn.get"}),
        ("PASSKEY_WRONG_CHALLENGE", {"challenge": base64url.encode(bytes(32))}),
    ],
)
def test_what_was_made_otherwise_is_refused(page: Enrolling, code: str, more: dict[str, Any]) -> None:
    link = page.link()
    answer = page.post(link, form(page, link, **more))
    assert (answer.status, answer.code) == (422, code)
    assert page.enrolments() == []
    assert page.post(link, form(page, link)).status == 303, "the person can try again"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("credential", base64url.encode(b"another"), "PASSKEY_MALFORMED"),
        ("credential", "", "PASSKEY_MISSING"),
        ("attestation", "", "PASSKEY_MALFORMED"),
        ("attestation", base64url.encode(b"\xa0"), "PASSKEY_MALFORMED"),
        ("attestation", base64url.encode(b"\x80"), "PASSKEY_MALFORMED"),
        ("attestation", base64url.encode(b"\x9f" * 500), "PASSKEY_MALFORMED"),
        ("attestation", "A" * 12_004, "PASSKEY_MALFORMED"),
        ("client_data", "", "PASSKEY_MALFORMED"),
        ("nonce", "AAAA", "FORM_NOT_OURS"),
    ],
)
def test_a_damaged_registration_is_refused(page: Enrolling, field: str, value: str, code: str) -> None:
    link = page.link()
    answer = page.post(link, form(page, link) | {field: value})
    assert (answer.status, answer.code) == (422, code)
    assert page.enrolments() == []
    assert page.world.failures == 0


def test_a_nonce_is_good_for_its_own_link_and_hour(page: Enrolling) -> None:
    link, other = page.link(), page.link("bo")
    made = form(page, link)
    assert page.post(other, made).code == "FORM_NOT_OURS"
    page.world.clock.move(timedelta(hours=1))
    assert page.post(link, made).code == "FORM_EXPIRED"


def test_what_is_no_invitation_shows_nothing(page: Enrolling) -> None:
    world = page.world
    foreign = invitation_links.make_link(
        invitation_links.InvitationLink(person="omar", invitation=INVITATION, expires_at=START + timedelta(days=1)),
        audience=OTHER_DEPLOYMENT.audience, mac=world.mac,
    )  # fmt: skip
    assert page.get(foreign).code == "LINK_WRONG_AUDIENCE"
    assert page.get(page.link(expires_at=START)).code == "LINK_EXPIRED"
    assert page.get(page.link("nobody")).code == "PERSON_UNKNOWN"
    assert page.get(world.link("omar", "operations")).status in {403, 404}, "an approval's link"
    text = page.link()
    assert page.get(text[:-1] + ("A" if text[-1] != "A" else "B")).code in {"LINK_NOT_OURS", "LINK_MALFORMED"}
    assert world.get(text).status in {403, 404}, "and an invitation's is none for approvals"


def test_a_form_of_another_site_registers_nothing(page: Enrolling) -> None:
    link = page.link()
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert page.post(link, form(page, link), **headers).code == "FORM_CROSS_SITE"
    assert page.post(link, form(page, link) | {"decision": "approve"}).code == "FORM_FIELD_UNKNOWN"
    assert page.enrolments() == []


def test_what_the_browser_is_asked_for(page: Enrolling) -> None:
    world = page.world
    people = world.facts.people
    world.change_facts(people=people | {"omar": people["omar"].model_copy(update={"passkeys": (OMAR.passkey(),)})})
    said = options(page, page.link())
    assert said["rpId"] == "page.example.com"
    assert said["known"] == [OMAR.passkey().id]
    assert said["algorithms"] == [-7, -8, -257]
    assert len(base64url.decode(said["user"], limit=100) or b"") == 32
    assert said["user"] != options(page, page.link("bo"))["user"]


def test_the_page_runs_its_own_script_and_no_other(page: Enrolling) -> None:
    answer = page.get(page.link())
    assert "script-src 'sha256-" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.body.count("<script>") == 1
    link = page.link()
    page.post(link, form(page, link))
    assert "script-src" not in page.get(link).headers["Content-Security-Policy"]


def test_no_link_or_nonce_is_logged(page: Enrolling) -> None:
    link = page.link()
    made = form(page, link)
    page.post(link, made)
    page.post(link, made | {"nonce": "no"})
    said = json.dumps(page.world.log.lines, default=str)
    assert link not in said
    assert made["nonce"] not in said
    assert '"actor": "omar"' in said


def test_a_fingerprint_tells_passkeys_apart_and_can_be_read_out() -> None:
    shown = enrolling.fingerprint(OMAR.passkey())
    assert re.fullmatch(r"(?:[0-9a-f]{4} ){4}[0-9a-f]{4}", shown)
    assert shown == enrolling.fingerprint(OMAR.passkey(revoked_at=START)), "it stays the same once it is revoked"
    others = [OTHER.passkey(), OMAR.passkey(START), OMAR.passkey(origin=PAGE_URL + ":444")]
    assert len({shown, *(enrolling.fingerprint(each) for each in others)}) == 4


def test_the_page_is_its_host_and_its_origin() -> None:
    assert (posting.host_of(PAGE_URL), posting.origin_of(PAGE_URL)) == ("page.example.com", PAGE_URL)
    local = "http://LocalHost:8080/x"
    assert (posting.host_of(local), posting.origin_of(local)) == ("localhost", "http://localhost:8080")
