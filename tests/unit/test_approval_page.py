"""The page as HTTP: looking changes nothing, every state is told, every faulty post is named."""

import re
from collections.abc import Callable

import pytest

from cutover.domain.record import RecordedDecision, Status
from cutover.errors import DependencyUnavailable
from tests.approving import START, World
from tests.builders import CUTOVER, OTHER_DEPLOYMENT, REVISION

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_writes_nothing(world: World, method: str) -> None:
    world.policy()
    before = world.snapshot()
    for _ in range(3):
        assert world.get(world.link(), method).status == 200
    assert world.snapshot() == before


def test_head_has_the_headers_and_no_body(world: World) -> None:
    head, page = world.get(world.link(), "HEAD"), world.get(world.link())
    assert head.body == ""
    assert head.headers == page.headers


def test_every_answer_forbids_whatever_a_page_need_not_do(world: World) -> None:
    link = world.link()
    for answer in (world.get(link), world.get("nonsense"), world.decide(link), world.post(link, b"?")):
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        for part in ("form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
            assert part in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_the_page_has_no_script_and_names_no_other_place(world: World) -> None:
    body = world.get(world.link()).body
    assert "<script" not in body
    assert not re.search(r"\s(src|srcset|action|on\w+|style)\s*=", body)
    assert re.findall(r'href\s*=\s*"?([^"\s>]*)', body) == [f"{world.link()}/window.ics"]


def test_the_page_says_what_is_asked(world: World) -> None:
    body = world.get(world.link()).body
    digest = world.package.manifest_digest.removeprefix("sha256:")
    for said in (
        "service 1.4.0", "production", "shop-production.fifo", "account 123456789012", "release engineering",
        "Tue 3 Mar 2026, 21:00\u201323:00 CET", "Tue 3 Mar 2026, 20:00\u201322:00 UTC",
        f"<b>{digest[:8]}</b>{digest[8:]}",
        "CHG-17", "moderate", "reversible", "The drill is planned for the week after.", "https://example.com/builder",
    ):  # fmt: skip
        assert said in body, said


def test_who_has_decided_is_shown_to_the_others(world: World) -> None:
    world.decide(world.link())
    body = world.get(world.link("omar", "operations")).body
    assert "Erin, approved Mon 2 Mar 2026, 09:04 UTC" in body


@pytest.mark.parametrize(
    ("status", "title", "code"),
    [
        (Status.BOUND, "Nothing to decide yet", "NOT_AWAITING_APPROVAL"),
        (Status.HANDING_OFF, "The hand-off has begun", "HANDING_OFF"),
        (Status.HANDED_OFF, "This release was handed off", "HANDED_OFF"),
        (Status.UNCERTAIN, "Whether it was handed off is not known", "UNCERTAIN"),
        (Status.DECLINED, "This release was declined", "DECLINED"),
        (Status.EXPIRED, "This release has expired", "EXPIRED"),
        (Status.SUPERSEDED, "A newer revision took its place", "SUPERSEDED"),
        (Status.WITHDRAWN, "This release was withdrawn", "WITHDRAWN"),
        (Status.HELD, "This release is held", "REVISION_HELD"),
        (Status.COLLECTING, "Nothing to decide yet", "NOT_AWAITING_APPROVAL"),
        (Status.VERIFYING, "Nothing to decide yet", "NOT_AWAITING_APPROVAL"),
    ],
)
def test_every_state_has_its_page(world: World, status: Status, title: str, code: str) -> None:
    world.become(status)
    answer = world.get(world.link())
    assert (answer.status, answer.code) == (200, code)
    assert f"<h1>{title}</h1>" in answer.body
    assert "<form" not in answer.body


def test_a_refusals_reason_is_shown_out_of_the_signed_statement(world: World) -> None:
    world.decide(world.link("omar", "operations"), "refuse", reason="The drill\nis missing.")
    body = world.get(world.link()).body
    assert "The drill\nis missing." in body
    assert "Omar" in body


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (Status.AWAITING_APPROVAL, "Others still have to decide"),
        (Status.AWAITING_WINDOW, "when the window opens"),
        (Status.HANDED_OFF, "It has been handed to its deployment queue"),
        (Status.EXPIRED, "It expired before it was handed off"),
        (Status.SUPERSEDED, "What you decided does not pass on to that one"),
        (Status.WITHDRAWN, "It was withdrawn before it was handed off"),
        (Status.UNCERTAIN, "whether it arrived is being looked into"),
        (Status.HANDING_OFF, "the hand-off has begun"),
        (Status.APPROVED, "when the window opens"),
    ],
)
def test_who_has_decided_is_told_what_became_of_it(world: World, status: Status, told: str) -> None:
    world.decide(world.link())
    world.become(status)
    answer = world.get(world.link())
    assert answer.status == 200
    assert "You have approved this release" in answer.body
    assert told in answer.body


def test_a_newer_revision_takes_the_pages_place(world: World) -> None:
    link = world.link()
    form = world.form(link)
    world.put(world.record.model_copy(update={"cutover": "service@production.2"}))
    assert world.get(link).code == "NOT_CURRENT"
    assert world.post(link, form).code == "NOT_CURRENT"
    old = world.records.revision(CUTOVER, REVISION)
    assert old is not None
    assert old.decisions == ()


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("NEWER_CANDIDATE", "A newer candidate was announced."),
        ("DRIFTED", "Something that it consists of has changed at its source."),
        ("HOLDS_RESOLVED", "Its holds were resolved."),
        (None, "This was revision 1. Revision 2 is the current one."),
    ],
)
def test_a_superseded_page_points_at_the_newer_revision_without_a_link(
    world: World, reason: str | None, why: str
) -> None:
    link = world.link()
    form = world.form(link)
    world.become(Status.SUPERSEDED, reason=reason)
    world.put(world.record.model_copy(update={"revision": 2, "status": Status.COLLECTING, "manifest": None}))
    for answer, status in ((world.get(link), 200), (world.post(link, form), 409)):
        assert (answer.status, answer.code) == (status, "SUPERSEDED")
        assert why in answer.body
        assert "Revision 2 is the current one" in answer.body
        assert "A message of its own asks about that one" in answer.body
        assert "<p>Nobody decided.</p>" in answer.body
        assert "<a " not in answer.body
        assert "<form" not in answer.body


def test_every_status_has_an_answer_of_its_own(world: World) -> None:
    """Or a status that comes with a later version would get another one's words."""
    said: dict[str, list[str]] = {}
    for status in set(Status) - {Status.ADMITTING, Status.REFUSED, Status.DEFERRED}:
        world.become(status)
        answer = world.get(world.link())
        said.setdefault(answer.code, []).append(status)
    assert {code: sorted(each) for code, each in said.items() if len(each) > 1} == {
        "NOT_AWAITING_APPROVAL": ["bound", "collecting", "verifying"],
        "APPROVALS_COMPLETE": ["approved", "awaiting_window"],
    }


def test_links_that_are_not_good_say_so_and_show_nothing(world: World) -> None:
    link = world.link()
    altered = link[:-1] + ("A" if link[-1] != "A" else "Q")
    foreign = World(deployment=OTHER_DEPLOYMENT).link()
    for text, status, codes in (
        ("nonsense", 404, {"LINK_MALFORMED"}),
        (altered, 403, {"LINK_NOT_OURS", "LINK_MALFORMED"}),
        (foreign, 403, {"LINK_WRONG_AUDIENCE"}),
        (world.link(expires_at=START), 410, {"LINK_EXPIRED"}),
    ):
        answer = world.get(text)
        assert answer.code in codes
        assert answer.status in {status, 404}
        assert "1.4.0" not in answer.body


def test_a_service_that_is_down_is_told_without_a_trace(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise DependencyUnavailable("dynamodb says secret things")

    link = world.link()
    monkeypatch.setattr(world.records, "revision", down)
    answer = world.get(link)
    assert (answer.status, answer.code) == (503, "SERVICE_UNAVAILABLE")
    assert answer.headers["Retry-After"] == "10"
    assert world.failures == 1
    assert "request-1" in answer.body
    assert "secret" not in answer.body


def test_a_bug_is_told_without_a_trace(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("secret things")

    link = world.link()
    monkeypatch.setattr(world.records, "revision", broken)
    answer = world.get(link)
    assert (answer.status, answer.code) == (500, "INTERNAL_ERROR")
    assert "request-1" in answer.body
    assert "secret" not in answer.body
    assert world.log.lines[-1]["reason"] == "KeyError"
    assert world.failures == 1


def test_what_a_person_can_mend_is_no_failure(world: World) -> None:
    world.get("nonsense")
    world.decide(world.link(), digest="00000000")
    assert world.failures == 0


def test_both_objections_speak_of_one_reading(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(name: str) -> Callable[..., object]:
        real = getattr(world.records, name)

        def read(*given: str) -> object:
            asked.append(name)
            return real(*given)

        return read

    for name in ("brake", "lane"):
        monkeypatch.setattr(world.records, name, counted(name))
    world.get(world.link())
    assert sorted(asked) == ["brake", "lane"]


def test_a_bundle_that_is_not_the_bound_one_is_never_shown(world: World) -> None:
    link = world.link()
    digest = world.package.manifest.subject[0].digest.sha256
    world.store.objects[f"sha256/{digest}"] = world.store.objects[f"sha256/{digest}"].replace(b"1.4.0", b"6.6.6")
    answer = world.get(link)
    assert (answer.status, answer.code) == (500, "NOT_SHOWN")
    assert "6.6.6" not in answer.body


def test_a_manifest_that_the_bind_key_did_not_sign_is_never_shown() -> None:
    world = World()
    world.change_facts(keys=tuple(key for key in world.facts.keys if key.purpose != "bind"))
    answer = world.get(world.link())
    assert answer.code == "UNTRUSTED_SIGNATURE"
    assert "1.4.0" not in answer.body


def test_after_a_decision_the_page_is_looked_at_and_not_posted_again(world: World) -> None:
    link = world.link()
    assert world.decide(link).headers["Location"] == link


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_do_not_exist(world: World, method: str) -> None:
    assert world.get(world.link(), method).status in {404, 405}


def test_no_log_line_holds_a_link_a_nonce_or_an_answer(world: World) -> None:
    link = world.link()
    form = dict(world.form(link, "refuse", reason="a reason to keep"))
    world.post(link, list(form.items()), {"origin": "https://evil.example"})
    world.post(link, list(form.items()))
    world.get(link)
    world.get("nonsense-link")
    logged = str(world.log.lines)
    for secret in (link, form["nonce"], form["reason"], "nonsense-link", "erin@example.com"):
        assert secret not in logged
    assert [line["reason"] for line in world.log.lines if "reason" in line] == ["FORM_CROSS_SITE", "LINK_MALFORMED"]


def test_a_decision_by_somebody_who_left_is_shown_by_id(world: World) -> None:
    world.decide(world.link())
    decision: RecordedDecision = world.record.decisions[0]
    world.become(Status.AWAITING_APPROVAL, decisions=(decision.model_copy(update={"person": "gone"}),))
    assert "<b>gone</b>" in world.get(world.link()).body or "gone, approved" in world.get(world.link()).body
