"""Deciding with a passkey: who has to, who may, and what a signature is good for."""

import hashlib
import json
from typing import Any

import pytest

from cutover.contracts.approval import Decision
from cutover.domain import base64url, passkeys
from cutover.domain.entries import Told
from cutover.domain.record import Status
from cutover.ports import Commit
from tests.approving import PAGE_URL, Answer, World
from tests.building.passkeys import PRESENT, Authenticator

OMAR, SPARE, BO = Authenticator("omar"), Authenticator("spare"), Authenticator("bo")
ROLE = "operations"
TOLD = Told.of_order("test", requester="omar", correlation_id="c-1", inputs={}, result="DONE")


def demanding(rules: Any) -> Any:
    """Operations decide with a passkey."""
    for seat in rules["signers"]["production"]:
        seat["assurance"] = "passkey" if seat["role"] == ROLE else "link"
    return rules


def world(*, demanded: bool = True, **listed: tuple[Any, ...]) -> World:
    """Omar has two passkeys, and bo one, unless it is ``listed`` otherwise."""
    made = World({"rules": demanding} if demanded else {})
    known = {"omar": (OMAR.passkey(), SPARE.passkey()), "bo": (BO.passkey(),)} | listed
    people = {
        name: each.model_copy(update={"passkeys": known.get(name, ())}) for name, each in made.facts.people.items()
    }
    made.change_facts(people=people)
    return made


def challenge(world: World, link: str, form: list[tuple[str, str]]) -> bytes:
    """What the page's script is told to have signed."""
    answer = world.post(link, [*form, ("step", "challenge")])
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    asked = json.loads(answer.body)
    assert asked["rpId"] == "page.example.com"
    return base64url.decode(asked["challenge"], limit=100) or b""


def signed(world: World, link: str, form: list[tuple[str, str]], by: Authenticator = OMAR, **more: Any) -> str:
    return by.assertion(challenge(world, link, form), **more).model_dump_json()


def decide(
    world: World, decision: Decision = "approve", *, by: Authenticator = OMAR, person: str = "omar", **more: Any
) -> Answer:
    link = world.link(person, ROLE)
    form = world.form(link, decision)
    return world.post(link, [*form, ("assertion", signed(world, link, form, by, **more))])


@pytest.mark.parametrize("demanded", [True, False])
@pytest.mark.parametrize("decision", ["approve", "refuse", "defer"])
def test_a_decision_with_a_passkey_is_recorded_and_can_be_proved_later(demanded: bool, decision: Decision) -> None:
    made = world(demanded=demanded)
    assert decide(made, decision, sign_count=7).status == 303
    record = made.record
    said = record.deferral if decision == "defer" else record.decisions[0]
    assert said is not None
    assert (said.assurance, said.credential, said.decision) == ("passkey", OMAR.passkey().id, decision)
    statement = made.statement(said.envelope, said.decided_at)
    assert statement.predicate.passkey is not None
    consent = passkeys.consent_of(statement.predicate, made.package.manifest_digest)
    listed = made.facts.people["omar"].passkeys
    assert passkeys.verify(statement.predicate.passkey, consent, listed, at=said.decided_at).sign_count == 7
    used = made.records.passkey_use(passkeys.name_of(OMAR.passkey().id))
    assert used is not None
    assert (used.sign_count, used.version) == (7, 1)


def test_taking_up_again_is_decided_with_a_passkey_too() -> None:
    made = world()
    assert decide(made, "defer", sign_count=1).status == 303
    assert made.decide(made.link("omar", ROLE), "resume").code == "ASSURANCE_TOO_LOW"
    assert decide(made, "resume", sign_count=2).status == 303
    assert made.record.status is Status.AWAITING_APPROVAL


@pytest.mark.parametrize("decision", ["approve", "refuse", "defer"])
def test_a_link_alone_decides_nothing_where_a_passkey_is_demanded(decision: Decision) -> None:
    made = world()
    before = made.record
    answer = made.decide(made.link("omar", ROLE), decision)
    assert (answer.status, answer.code) == (422, "ASSURANCE_TOO_LOW")
    assert "You decide with your passkey." in answer.body
    assert made.record.decisions == before.decisions
    assert made.record.status is Status.AWAITING_APPROVAL


def test_whoever_has_no_passkey_reads_how_they_get_one() -> None:
    made = world(omar=())
    answer = made.get(made.link("omar", ROLE))
    assert (answer.status, answer.code) == (403, "ASSURANCE_TOO_LOW")
    assert "ask the team that runs Cutover for an invitation" in answer.body
    assert "<form" not in answer.body


def test_a_link_is_enough_where_no_passkey_is_demanded() -> None:
    made = world(demanded=False)
    assert made.decide(made.link("omar", ROLE)).status == 303
    assert made.record.decisions[0].assurance == "link"
    assert made.record.decisions[0].credential is None


def test_two_with_passkeys_and_links_complete_the_quorum() -> None:
    made = world()
    assert made.decide(made.link("erin")).status == 303
    assert decide(made).status == 303
    assert made.record.status is Status.APPROVED


def test_an_approval_lapses_with_its_passkey() -> None:
    made = world()
    decide(made)
    revoked = OMAR.passkey(revoked_at=made.clock.now())
    people = made.facts.people | {
        "omar": made.facts.people["omar"].model_copy(update={"passkeys": (revoked, SPARE.passkey())})
    }
    made.change_facts(people=people)
    assert "it does not count any more" in made.get(made.link("erin")).body
    assert decide(made, by=SPARE).status == 303
    assert [each.credential for each in made.record.decisions] == [SPARE.passkey().id]


# --- what a signature is not good for


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("PASSKEY_USER_UNVERIFIED", {"flags": PRESENT}),
        ("PASSKEY_USER_ABSENT", {"flags": 0}),
        ("PASSKEY_WRONG_ORIGIN", {"origin": "https://page.example.org"}),
        ("PASSKEY_WRONG_SITE", {"rp_id": "example.com"}),
        ("PASSKEY_WRONG_TYPE", {"type": "webauthn.create"}),
        ("PASSKEY_UNKNOWN", {"by": BO}),
        ("PASSKEY_UNKNOWN", {"by": Authenticator("nobody")}),
    ],
)
def test_a_signature_that_does_not_count_records_nothing(code: str, more: dict[str, Any]) -> None:
    made = world()
    answer = decide(made, **more)
    assert (answer.status, answer.code) == (422, code)
    assert made.record.decisions == ()
    assert made.records.passkey_use(passkeys.name_of(OMAR.passkey().id)) is None
    refused = [entry for entry in made.records.ledger(made.record.cutover) if entry.event == "decision-refused"]
    assert [entry.result for entry in refused] == [code]
    assert decide(made).status == 303, "the person can still decide"


def test_what_was_signed_as_a_refusal_is_no_approval() -> None:
    """Nor the other way round, nor for another form of the same page."""
    for told, posted in (("refuse", "approve"), ("approve", "refuse"), ("approve", "defer"), ("approve", "approve")):
        made = world()
        link = made.link("omar", ROLE)
        assertion = signed(made, link, made.form(link, told))  # type: ignore[arg-type]
        answer = made.post(link, [*made.form(link, posted), ("assertion", assertion)])  # type: ignore[arg-type]
        assert answer.code == "PASSKEY_WRONG_CHALLENGE", (told, posted)
        assert made.record.decisions == ()


def test_what_one_signs_is_not_good_for_another_role_or_package() -> None:
    made = world(demanded=False)
    link, other = made.link("bo", ROLE), made.link("bo", "release-engineering")
    form = made.form(link)
    assertion = signed(made, link, form, BO)
    assert made.post(other, [*made.form(other), ("assertion", assertion)]).code == "PASSKEY_WRONG_CHALLENGE"
    second = World({"bundle": _another}, page_url=PAGE_URL)
    second.change_facts(people=made.facts.people)
    link = second.link("bo", ROLE)
    assert second.post(link, [*second.form(link), ("assertion", assertion)]).code == "PASSKEY_WRONG_CHALLENGE"
    assert second.record.decisions == ()


def _another(bundle: Any) -> Any:
    bundle["release"]["rationale"]["value"] = "Another release."
    return bundle


def test_the_same_post_again_has_no_second_effect() -> None:
    made = world()
    link = made.link("omar", ROLE)
    form = made.form(link)
    body = [*form, ("assertion", signed(made, link, form, sign_count=3))]
    assert made.post(link, body).status == 303
    made.remembered.clear()
    assert made.post(link, body).status == 303
    assert len(made.record.decisions) == 1
    assert made.record.decision_seq == 1


@pytest.mark.parametrize(
    ("first", "second", "status"), [(5, 5, 422), (5, 4, 422), (5, 0, 422), (0, 0, 303), (5, 6, 303), (0, 1, 303)]
)
def test_a_counter_that_does_not_rise_tells_of_a_copy(first: int, second: int, status: int) -> None:
    made = world()
    assert decide(made, "defer", sign_count=first).status == 303
    answer = decide(made, "resume", sign_count=second)
    assert answer.status == status
    if status == 422:
        assert answer.code == "PASSKEY_CLONED"
        assert made.record.status is Status.DEFERRED
    used = made.records.passkey_use(passkeys.name_of(OMAR.passkey().id))
    assert used is not None
    assert used.sign_count == (first if status == 422 else second)


@pytest.mark.parametrize(("theirs", "code"), [(4, ""), (5, "PASSKEY_CLONED"), (9, "PASSKEY_CLONED")])
def test_of_two_decisions_at_once_the_counter_lets_the_higher_follow(
    theirs: int, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another decision with the same passkey is written between reading the counter and writing this one."""
    made = world()
    commit, rivals = made.records.commit, [theirs]

    def slow(own: Commit) -> None:
        if rivals and own.passkey:
            other = own.passkey.model_copy(update={"sign_count": rivals.pop()})
            made.recorder("approvals").append("orders", TOLD, passkey=other)
        commit(own)

    monkeypatch.setattr(made.records, "commit", lambda own: slow(own) if own.record else commit(own))
    answer = decide(made, sign_count=5)
    assert (answer.status, answer.code) == ((422, code) if code else (303, ""))
    assert len(made.record.decisions) == (not code)
    used = made.records.passkey_use(passkeys.name_of(OMAR.passkey().id))
    assert used is not None
    assert used.sign_count == max(theirs, 5)


def test_the_counter_of_one_passkey_says_nothing_of_another() -> None:
    made = world()
    decide(made, "defer", sign_count=9)
    assert decide(made, "resume", by=SPARE, sign_count=1).status == 303


@pytest.mark.parametrize("text", ["{}", "[]", "x", '{"credential": "AA"}', '{"credential":"A","more":1}'])
def test_what_is_no_assertion_is_malformed(text: str) -> None:
    made = world()
    link = made.link("omar", ROLE)
    answer = made.post(link, [*made.form(link), ("assertion", text)])
    assert (answer.status, answer.code) == (422, "PASSKEY_MALFORMED")


# --- what the script is told


def test_asking_for_the_challenge_decides_nothing() -> None:
    made = world()
    link = made.link("omar", ROLE)
    form = made.form(link)
    before = made.snapshot()
    first = challenge(made, link, form)
    assert made.snapshot() == before
    assert challenge(made, link, form) == first, "it depends on the form alone"
    assert challenge(made, link, made.form(link)) != first, "and each page has its own"


def test_the_challenge_lists_the_passkeys_that_count_now() -> None:
    made = world(omar=(OMAR.passkey(), SPARE.passkey(revoked_at=OMAR.passkey().registered_at)))
    link = made.link("omar", ROLE)
    answer = made.post(link, [*made.form(link), ("step", "challenge")])
    assert json.loads(answer.body)["allow"] == [OMAR.passkey().id]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"digest": "00000000"}, "DIGEST_DIFFERS"),
        ({"intent": None}, "ANSWERS_MISSING"),
        ({"nonce": "no"}, "FORM_NOT_OURS"),
    ],
)
def test_no_challenge_for_a_form_that_could_not_be_recorded(changes: dict[str, str | None], code: str) -> None:
    made = world()
    link = made.link("omar", ROLE)
    answer = made.post(link, [*made.form(link, "approve", **changes), ("step", "challenge")])
    assert answer.code == code
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_step_that_the_page_does_not_have_is_malformed() -> None:
    made = world()
    link = made.link("omar", ROLE)
    assert made.post(link, [*made.form(link), ("step", "skip")]).code == "FORM_MALFORMED"


def test_only_the_page_of_somebody_with_a_passkey_runs_a_script_and_it_is_that_one() -> None:
    made = world()
    with_script, without = made.get(made.link("omar", ROLE)), made.get(made.link("erin"))
    assert "<script" not in without.body
    assert "script-src" not in without.headers["Content-Security-Policy"]
    element = with_script.body.split("<script>")[1].split("</script>")[0]
    digest = base64url.encode(hashlib.sha256(element.encode()).digest()).replace("-", "+").replace("_", "/")
    policy = with_script.headers["Content-Security-Policy"]
    assert f"script-src 'sha256-{digest}='; connect-src 'self';" in policy
    assert with_script.body.count("<script") == 1
    assert "innerHTML" not in element


def test_the_page_says_what_a_browser_without_scripts_cannot_do() -> None:
    made = world()
    body = made.get(made.link("omar", ROLE)).body
    assert "This browser runs no JavaScript" in body
    assert "This browser cannot use passkeys: open your link in another one" in body
    optional = world(demanded=False)
    body = optional.get(optional.link("omar", ROLE)).body
    assert "This browser runs no JavaScript" not in body
    assert "Sign with my passkey" in body
    assert "your link alone is enough" in body
