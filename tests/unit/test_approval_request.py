"""RequestApproval: who gets which link, and what a run that was cut off leaves behind."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cutover.adapters.ses_mailer import SesMailer
from cutover.contracts.people import Person
from cutover.domain import links
from cutover.domain.links import Link
from cutover.domain.record import Signal, Status
from cutover.errors import Conflict, DependencyUnavailable, Refused
from cutover.messaging.carrying import Messaging
from cutover.policies import PolicyReader
from cutover.ports import Commit, Mail
from cutover.stages.request_approval.requesting import Requester
from tests.approving import PAGE_URL, START, World
from tests.builders import BOUND_AT, CUTOVER, REVISION
from tests.fakes.mailer import FakeMailer
from tests.fakes.messages import InMemoryMessages
from tests.fakes.records import InMemoryRecords


class Stage:
    """The stage over a world whose revision is bound."""

    def __init__(self, world: World) -> None:
        self.world, self.mailer, self.messages = world, FakeMailer(), InMemoryMessages()
        world.become(Status.BOUND)

    def run(self, policies: PolicyReader | None = None) -> Status:
        messaging = Messaging(
            audience=self.world.deployment.audience, page_url=PAGE_URL, clock=self.world.clock,
            store=self.world.store, mac=self.world.mac, mailer=self.mailer, messages=self.messages,
            policies=policies or self.world.policies(),
        )  # fmt: skip
        recorder = self.world.recorder("request-approval")
        return Requester(messaging=messaging, recorder=recorder).run(CUTOVER, REVISION).status

    def links(self) -> list[Link]:
        found = [re.search(rf"{PAGE_URL}/approvals/(\S+)", mail.text) for mail in self.mailer.sent]
        return [
            links.open_link(
                each.group(1), audience=self.world.deployment.audience, mac=self.world.mac, now=self.world.clock.now()
            )
            for each in found
            if each
        ]


@pytest.fixture
def stage() -> Stage:
    return Stage(World())


def test_everybody_who_may_decide_gets_a_link_of_their_own_for_each_role(stage: Stage) -> None:
    assert stage.run() is Status.AWAITING_APPROVAL
    asked = [(link.role, link.person) for link in stage.links()]
    assert asked == [
        ("release-engineering", "bo"),
        ("release-engineering", "erin"),
        ("operations", "bo"),
        ("operations", "omar"),
    ]
    assert [mail.to for mail in stage.mailer.sent] == [f"{person}@example.com" for _, person in asked]
    (entry,) = stage.world.records.ledger(CUTOVER)
    assert (entry.transition, entry.detail) == (11, "4 asked")


def test_whoever_requested_the_release_or_its_change_is_not_asked(stage: Stage) -> None:
    stage.run()
    assert "dana" not in {link.person for link in stage.links()}


def test_a_mailed_link_opens_the_page_and_decides(stage: Stage) -> None:
    stage.run()
    text = re.search(r"/approvals/(\S+)", stage.mailer.sent[1].text)
    assert text
    assert stage.world.decide(text.group(1)).status == 303
    assert stage.world.record.decisions[0].person == "erin"


def test_a_link_ends_with_the_pinned_rules_time_and_never_after_its_package(stage: Stage) -> None:
    stage.run()
    assert {link.expires_at for link in stage.links()} == {START.replace(day=START.day + 1)}


def test_the_package_ends_a_link_earlier() -> None:
    world = World()
    world.change_rules(link_valid_for=30 * 86_400)
    world.become(Status.BOUND, rules=world.policy().rules_reference)
    stage = Stage(world)
    stage.run()
    assert {link.expires_at for link in stage.links()} == {world.package.manifest.predicate.valid_until}


def test_a_subject_says_product_version_target_and_window_and_its_preview_what_is_in_it(stage: Stage) -> None:
    stage.run()
    for mail in stage.mailer.sent:
        preview = mail.html.split("<div", 2)[1]
        assert "1 component" in preview
        for text in (mail.subject, mail.text.splitlines()[0]):
            for said in ("service", "1.4.0", "production", "3 Mar 2026, 21:00"):
                assert said in text, (said, text)
        assert "20:00" in mail.text
        assert stage.world.package.manifest_digest in mail.text
        assert stage.world.package.manifest_digest in mail.html


def test_a_run_that_failed_asks_whoever_was_not_asked(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    send = stage.mailer.send

    def failing(mail: Mail) -> str:
        if len(stage.mailer.sent) == 2:
            raise DependencyUnavailable("ses")
        return send(mail)

    with monkeypatch.context() as patch:
        patch.setattr(stage.mailer, "send", failing)
        with pytest.raises(DependencyUnavailable):
            stage.run()
    assert stage.world.record.status is Status.BOUND
    assert stage.run() is Status.AWAITING_APPROVAL
    assert [(link.role, link.person) for link in stage.links()] == [
        ("release-engineering", "bo"),
        ("release-engineering", "erin"),
        ("operations", "bo"),
        ("operations", "omar"),
    ]


def test_one_mail_that_fails_again_and_again_asks_nobody_else_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = stage.mailer.send

    def failing(mail: Mail) -> str:
        if mail.to == "bo@example.com":
            raise ValueError("a fault of ours")
        return send(mail)

    with monkeypatch.context() as patch:
        patch.setattr(stage.mailer, "send", failing)
        for _ in range(3):
            with pytest.raises(ValueError, match="a fault of ours"):
                stage.run()
    assert [link.person for link in stage.links()] == ["erin", "omar"]
    assert stage.run() is Status.AWAITING_APPROVAL
    assert [link.person for link in stage.links()] == ["erin", "omar", "bo", "bo"]


def refusing(stage: Stage, *addresses: str) -> None:
    """A mailer that never delivers to these."""
    stage.mailer.refused.update(addresses)


def test_one_address_that_is_refused_keeps_nobody_else_from_being_asked(stage: Stage) -> None:
    refusing(stage, "erin@example.com")
    assert stage.run() is Status.AWAITING_APPROVAL
    assert [link.person for link in stage.links()] == ["bo", "bo", "omar"]
    (entry,) = stage.world.records.ledger(CUTOVER)
    assert (entry.result, entry.detail) == ("DONE", "3 asked, 1 not reached: erin as release-engineering")


def test_approvers_who_cannot_all_be_reached_are_named_in_the_ledger(stage: Stage) -> None:
    refusing(stage, "bo@example.com", "omar@example.com")
    assert stage.run() is Status.AWAITING_APPROVAL
    assert [link.person for link in stage.links()] == ["erin"]
    (entry,) = stage.world.records.ledger(CUTOVER)
    assert entry.result == "APPROVERS_UNREACHABLE"
    assert entry.detail == (
        "1 asked, 3 not reached: bo as release-engineering, bo as operations, omar as operations"
    )  # fmt: skip
    assert "@" not in entry.detail


def test_one_person_reached_in_both_roles_is_no_quorum(stage: Stage) -> None:
    refusing(stage, "erin@example.com", "omar@example.com")
    stage.run()
    (entry,) = stage.world.records.ledger(CUTOVER)
    assert entry.result == "APPROVERS_UNREACHABLE"


def test_however_many_are_not_reached_the_ledger_has_room(stage: Stage) -> None:
    people = {
        f"p{n}-{'x' * 59}": Person(name="P", email=f"p{n}@example.com", team="operations", roles=("operations",))
        for n in range(10)
    }
    stage.world.change_facts(people=stage.world.facts.people | people)
    refusing(stage, *(f"p{n}@example.com" for n in range(10)))
    assert stage.run() is Status.AWAITING_APPROVAL
    (entry,) = stage.world.records.ledger(CUTOVER)
    assert entry.detail is not None
    assert entry.detail.startswith("4 asked, 10 not reached: p0-")
    assert entry.detail.endswith("…")


def test_ses_s_word_on_one_address_is_told_apart_from_its_word_on_the_service() -> None:
    """MessageRejected and BadRequestException judge this mail; the others may pass, or are the deployment's."""

    class Client:
        def __init__(self, code: str, status: int) -> None:
            self.answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}

        def send_email(self, **_: object) -> None:
            raise ClientError(self.answer, "SendEmail")  # type: ignore[arg-type]

    mail = Mail(to="ada@example.com", subject="s", text="t", html="h")
    for code, status, kind in (
        ("MessageRejected", 400, Refused),
        ("BadRequestException", 400, Refused),
        ("TooManyRequestsException", 429, DependencyUnavailable),
        ("InternalFailure", 500, DependencyUnavailable),
        ("SendingPausedException", 400, ClientError),
        ("MailFromDomainNotVerifiedException", 400, ClientError),
    ):
        with pytest.raises(kind) as raised:
            SesMailer(Client(code, status), sender="cutover@example.com").send(mail)  # type: ignore[arg-type]
        assert "ada@" not in str(raised.value)
        assert type(raised.value) is kind


def test_a_second_run_tells_nobody_again(stage: Stage) -> None:
    stage.run()
    assert stage.run() is Status.AWAITING_APPROVAL
    assert len(stage.mailer.sent) == 4
    assert len(list(stage.world.records.ledger(CUTOVER))) == 1


@pytest.mark.parametrize("status", [Status.HELD, Status.DECLINED, Status.EXPIRED])
def test_what_is_not_bound_asks_nobody(stage: Stage, status: Status) -> None:
    stage.world.become(status)
    assert stage.run() is status
    assert stage.mailer.sent == []


def test_facts_that_changed_since_binding_are_those_that_count(stage: Stage) -> None:
    people = {name: each for name, each in stage.world.facts.people.items() if name != "erin"}
    stage.world.change_facts(people=people)
    stage.run()
    assert {link.person for link in stage.links()} == {"bo", "omar"}


def test_a_requester_whom_nobody_knows_now_means_that_nobody_is_asked(stage: Stage) -> None:
    stage.world.change_facts(people={name: each for name, each in stage.world.facts.people.items() if name != "dana"})
    assert stage.run() is Status.AWAITING_APPROVAL
    assert stage.mailer.sent == []
    (entry,) = stage.world.records.ledger(CUTOVER)
    assert entry.result == "NOBODY_ELIGIBLE"


def test_hostile_words_cannot_reach_a_header_or_the_markup() -> None:
    def hostile(document: dict[str, object]) -> dict[str, object]:
        release = document["release"]
        assert isinstance(release, dict)
        release["rationale"]["value"] = "<img src=x onerror=alert(1)>\u202egnp.exe{{ 7*7 }}"
        release["version"]["value"] = "1.4.0\u2028Bcc: all@example.com <b>"
        return document

    stage = Stage(World({"bundle": hostile}))
    stage.run()
    mail = stage.mailer.sent[0]
    assert "<img" not in mail.html
    assert "<b>" not in mail.html.replace("<b>release engineering</b>", "")
    assert "{{ 7*7 }}" in mail.text
    for text in (mail.subject, mail.text, mail.html):
        assert "\u202e" not in text
        assert "\u2028" not in text
    assert "[U+2028]" in mail.subject
    assert len(mail.subject.splitlines()) == 1


def test_a_name_of_a_person_is_escaped_too(stage: Stage) -> None:
    erin = Person(name="Erin <script>", email="erin@example.com", team="operations", roles=("release-engineering",))
    stage.world.change_facts(people=stage.world.facts.people | {"erin": erin})
    stage.run()
    assert "<script>" not in "".join(mail.html for mail in stage.mailer.sent)


class TestAgain:
    """``ask`` on a revision that awaits approval: an approval has lapsed, or a deferral is over."""

    @pytest.fixture
    def stage(self) -> Stage:
        """Bound, everybody asked, erin has approved, and people are to be asked again."""
        stage = Stage(World())
        stage.run()
        stage.world.decide(stage.world.link())
        stage.mailer.sent.clear()
        stage.world.become(Status.AWAITING_APPROVAL, ask=True, reason="APPROVAL_LAPSED")
        return stage

    def asked(self, stage: Stage) -> list[tuple[str, str]]:
        return [(link.role, link.person) for link in stage.links()]

    def test_only_who_can_fill_an_empty_seat_is_asked(self, stage: Stage) -> None:
        assert stage.run() is Status.AWAITING_APPROVAL
        assert self.asked(stage) == [("operations", "bo"), ("operations", "omar")]
        record = stage.world.record
        assert (record.ask, record.reason, record.status) == (False, None, Status.AWAITING_APPROVAL)
        *_, entry = stage.world.records.ledger(CUTOVER)
        assert (entry.event, entry.transition, entry.to) == ("approval-requested-again", None, None)
        assert (entry.result, entry.detail) == ("DONE", "2 asked")
        assert entry.inputs == {"manifest": stage.world.package.manifest_digest}

    def test_whoever_has_decided_is_not_asked_in_another_role(self, stage: Stage) -> None:
        stage.world.become(Status.AWAITING_APPROVAL, decisions=())
        stage.world.decide(stage.world.link("bo", "release-engineering"))
        stage.run()
        assert self.asked(stage) == [("operations", "omar")]

    def test_an_approval_that_does_not_count_any_more_leaves_its_seat_empty(self, stage: Stage) -> None:
        people = {name: each for name, each in stage.world.facts.people.items() if name != "erin"}
        stage.world.change_facts(people=people)
        stage.run()
        assert self.asked(stage) == [
            ("release-engineering", "bo"), ("operations", "bo"), ("operations", "omar"),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("reason", "why"),
        [
            ("APPROVAL_LAPSED", "because an approval that was given before does not count any more"),
            (None, "because the release was deferred, and that is over"),
            ("DEFERRAL_OVER", "because the release was deferred, and that is over"),
        ],
    )
    def test_the_mail_says_that_it_asks_again_and_why(self, stage: Stage, reason: str | None, why: str) -> None:
        stage.world.become(Status.AWAITING_APPROVAL, reason=reason)
        stage.run()
        for mail in stage.mailer.sent:
            assert mail.subject.startswith("Asked again: approve service 1.4.0 to production")
            assert why in mail.text
            assert why in mail.html

    def test_the_first_mail_says_nothing_of_it(self) -> None:
        stage = Stage(World())
        stage.run()
        for mail in stage.mailer.sent:
            assert "again" not in (mail.subject + mail.text + mail.html).lower()

    def test_the_links_decide(self, stage: Stage) -> None:
        stage.run()
        found = re.search(r"/approvals/(\S+)", stage.mailer.sent[-1].text)
        assert found
        assert stage.world.decide(found.group(1)).status == 303
        assert stage.world.record.status is Status.APPROVED

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"revoked_at": START}, "KEY_REVOKED"),
            ({"not_after": BOUND_AT}, "KEY_NOT_VALID"),
            (None, "UNTRUSTED_SIGNATURE"),
        ],
    )
    def test_what_cannot_be_read_any_more_is_told_and_asked_no_more(
        self, stage: Stage, changes: dict[str, Any] | None, code: str
    ) -> None:
        """Repeating it would change nothing: what comes of the revision is the clock's."""
        keys = [key for key in stage.world.facts.keys if key.purpose != "bind"]
        keys += [stage.world.deployment.trusted_key("bind", **changes)] if changes else []
        stage.world.change_facts(keys=tuple(keys))
        assert stage.run() is Status.AWAITING_APPROVAL
        record = stage.world.record
        assert (stage.mailer.sent, record.ask, record.reason) == ([], False, code)
        *_, entry = stage.world.records.ledger(CUTOVER)
        assert (entry.event, entry.transition, entry.result) == ("approval-requested-again", None, code)
        assert entry.inputs == {"manifest": stage.world.package.manifest_digest}
        stage.run()
        *_, last = stage.world.records.ledger(CUTOVER)
        assert last == entry, "it is told once"

    def test_without_a_policy_people_are_still_to_be_asked(self, stage: Stage) -> None:
        """That is the deployment's fault and may pass: nothing is noted, and the next run asks."""
        with pytest.raises(Refused) as refused:
            stage.run(PolicyReader(records=InMemoryRecords(), store=stage.world.store, fingerprint=stage.world.root))
        assert refused.value.code == "NO_POLICY"
        assert stage.world.record.ask
        stage.run()
        assert not stage.world.record.ask

    def test_a_key_whose_time_has_run_out_has_still_bound_it(self, stage: Stage) -> None:
        ended = {"bind": {"not_after": BOUND_AT + timedelta(seconds=1)}}
        stage.world.change_facts(
            keys=tuple(key.model_copy(update=ended.get(key.purpose, {})) for key in stage.world.facts.keys)
        )
        stage.run()
        assert self.asked(stage) == [("operations", "bo"), ("operations", "omar")]

    @pytest.mark.parametrize(
        ("signal", "left"),
        [(None, None), (Signal.WAKE, None), (Signal.START, Signal.START), (Signal.ADOPT, Signal.ADOPT)],
    )
    def test_nobody_is_to_be_woken_any_more(self, stage: Stage, signal: Signal | None, left: Signal | None) -> None:
        """It runs in the execution that would be woken; one that is still to be started is not forgotten."""
        stage.world.become(Status.AWAITING_APPROVAL, signal=signal)
        stage.run()
        assert (stage.world.record.ask, stage.world.record.signal) == (False, left)

    def test_a_second_run_asks_nobody(self, stage: Stage) -> None:
        stage.run()
        entries, mails = len(list(stage.world.records.ledger(CUTOVER))), len(stage.mailer.sent)
        stage.run()
        assert (len(list(stage.world.records.ledger(CUTOVER))), len(stage.mailer.sent)) == (entries, mails)

    def test_a_run_whose_record_was_not_written_is_repeated_and_asks_nobody_twice(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def down(_: object) -> None:
            raise DependencyUnavailable("dynamodb")

        with monkeypatch.context() as patch:
            patch.setattr(stage.world.records, "commit", down)
            with pytest.raises(DependencyUnavailable):
                stage.run()
        assert stage.world.record.ask
        stage.run()
        assert self.asked(stage) == [("operations", "bo"), ("operations", "omar")]
        assert not stage.world.record.ask

    def test_an_approval_that_comes_meanwhile_is_not_overlooked(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It completes the quorum between the mails and the record: nothing is written over it."""
        form = stage.world.form(stage.world.link("omar", "operations"))
        self.race(stage, monkeypatch, lambda: stage.world.post(stage.world.link("omar", "operations"), form))
        assert stage.run() is Status.APPROVED
        assert not stage.world.record.ask
        assert "approval-requested-again" not in [each.event for each in stage.world.records.ledger(CUTOVER)]

    def test_who_becomes_missing_meanwhile_is_asked_too_and_nobody_twice(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lapse() -> None:
            stage.world.become(Status.AWAITING_APPROVAL, decisions=(), decision_seq=3)

        self.race(stage, monkeypatch, lapse)
        stage.run()
        assert self.asked(stage) == [
            ("operations", "bo"), ("operations", "omar"),
            ("release-engineering", "bo"), ("release-engineering", "erin"),
        ]  # fmt: skip
        assert not stage.world.record.ask
        *_, entry = stage.world.records.ledger(CUTOVER)
        assert entry.detail == "4 asked"

    def test_races_lost_for_ever_are_given_up(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        def always(_: object) -> None:
            raise Conflict("record")

        monkeypatch.setattr(stage.world.records, "commit", always)
        with pytest.raises(Conflict):
            stage.run()
        assert len(stage.mailer.sent) == 2

    def test_who_cannot_be_reached_is_named(self, stage: Stage) -> None:
        refusing(stage, "bo@example.com", "omar@example.com")
        stage.run()
        *_, entry = stage.world.records.ledger(CUTOVER)
        assert (entry.result, entry.detail) == (
            "APPROVERS_UNREACHABLE", "0 asked, 2 not reached: bo as operations, omar as operations",
        )  # fmt: skip

    def test_where_nobody_may_decide_nobody_is_asked_and_the_ledger_says_so(self, stage: Stage) -> None:
        people = {name: each for name, each in stage.world.facts.people.items() if name not in {"bo", "omar"}}
        stage.world.change_facts(people=people)
        assert stage.run() is Status.AWAITING_APPROVAL
        assert stage.mailer.sent == []
        *_, entry = stage.world.records.ledger(CUTOVER)
        assert entry.result == "NOBODY_ELIGIBLE"

    @pytest.mark.parametrize(
        "status", sorted(set(Status) - {Status.AWAITING_APPROVAL, Status.BOUND, Status.ADMITTING, Status.REFUSED})
    )
    def test_in_any_other_status_nobody_is_asked(self, stage: Stage, status: Status) -> None:
        stage.world.become(status)
        assert stage.run() is status
        assert stage.mailer.sent == []
        assert stage.world.record.ask

    def race(self, stage: Stage, patch: pytest.MonkeyPatch, rival: Callable[[], object]) -> None:
        commit, left = stage.world.records.commit, [1]

        def slow(own: Commit) -> None:
            if left:
                left.clear()
                rival()
            commit(own)

        patch.setattr(stage.world.records, "commit", slow)
