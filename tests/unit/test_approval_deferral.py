"""Transition 14 through the door: who may defer until when, who takes it up again, and what must not pass for it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cutover.contracts.approval import Decision
from cutover.domain.record import Brake, RevisionRecord, Status
from cutover.errors import DependencyUnavailable
from cutover.ports import Commit
from cutover.recorder import Step
from tests.approving import START, Answer, World
from tests.builders import CLOSES_AT, CUTOVER, REVISION, instant
from tests.unit.test_approval_decision import person

UNTIL = instant("2026-03-03T11:00")
"""What the forms of these tests say: noon in Berlin."""


@pytest.fixture
def world() -> World:
    return World()


def operations(world: World) -> str:
    return world.link("omar", "operations")


def deferred(world: World, **changes: str | None) -> RevisionRecord:
    assert world.decide(world.link(), "defer", **changes).status == 303
    assert world.record.status is Status.DEFERRED
    return world.record


def events(world: World) -> list[str]:
    return [entry.event for entry in world.records.ledger(CUTOVER)]


class TestDeferring:
    def test_the_record_says_who_and_until_when(self, world: World) -> None:
        record = deferred(world)
        assert record.deferral is not None
        said = record.deferral
        assert (said.person, said.role, said.decision) == ("erin", "release-engineering", "defer")
        assert (record.deferred_until, record.decision_seq) == (UNTIL, 1)
        assert record.decisions == ()
        assert record.due_at is not None
        assert record.due_at <= UNTIL

    def test_it_is_a_signed_statement_of_its_own(self, world: World) -> None:
        said = deferred(world, reason="After the drill.").deferral
        assert said is not None
        statement = world.statement(said.envelope, said.decided_at)
        predicate = statement.predicate
        assert "sha256:" + statement.subject[0].digest.sha256 == world.package.manifest_digest
        assert (predicate.decision, predicate.until, predicate.reason) == ("defer", UNTIL, "After the drill.")
        assert (predicate.answers, predicate.person) == (None, "erin")
        assert said.key == world.deployment.key("decide").key_id

    def test_the_ledger_tells_it(self, world: World) -> None:
        said = deferred(world).deferral
        assert said is not None
        (entry,) = world.records.ledger(CUTOVER)
        assert (entry.event, entry.transition, entry.result) == ("deferred", 14, "DEFERRED")
        assert (entry.from_, entry.to, entry.actor.requester) == ("awaiting_approval", "deferred", "erin")
        assert entry.detail == "until 2026-03-03T11:00:00Z"
        assert entry.inputs == {
            "manifest": world.package.manifest_digest, "decision": said.payload, "envelope": said.envelope,
        }  # fmt: skip

    def test_it_ends_an_asking_that_was_still_to_be_done(self, world: World) -> None:
        """Or the execution would be woken for nobody, again and again."""
        world.become(Status.AWAITING_APPROVAL, ask=True, reason="APPROVAL_LAPSED")
        record = deferred(world)
        assert (record.ask, record.reason) == (False, None)

    def test_it_needs_a_reason(self, world: World) -> None:
        assert world.decide(world.link(), "defer", reason=None).code == "REASON_MISSING"
        assert world.record.status is Status.AWAITING_APPROVAL

    def test_it_needs_the_digest(self, world: World) -> None:
        assert world.decide(world.link(), "defer", digest="").code == "DIGEST_DIFFERS"

    def test_one_approval_does_not_keep_another_person_from_deferring(self, world: World) -> None:
        world.decide(operations(world))
        deferred(world)
        assert [each.person for each in world.record.decisions] == ["omar"]

    def test_the_brake_keeps_nobody_from_deferring(self, world: World) -> None:
        world.records.set_brake(Brake(engaged=True))
        deferred(world)


class TestTime:
    @pytest.mark.parametrize(
        ("typed", "found"),
        [
            ("2026-03-02T10:05", "2026-03-02T09:05"),
            ("2026-03-03T12:00:00", "2026-03-03T11:00"),
            ("2026-03-03T12:00:59.999", "2026-03-03T11:00"),
            ("2026-03-03 12:00", "2026-03-03T11:00"),
            ("2026-03-03T22:59", "2026-03-03T21:59"),
        ],
    )
    def test_it_is_read_in_the_windows_own_zone(self, world: World, typed: str, found: str) -> None:
        assert deferred(world, until=typed).deferred_until == instant(found)

    @pytest.mark.parametrize(
        ("typed", "code"),
        [
            (None, "TIME_MISSING"),
            ("", "TIME_MISSING"),
            ("2026-03-02T10:04", "TIME_PAST"),
            ("2025-03-03T12:00", "TIME_PAST"),
            ("2026-03-03T23:00", "TIME_TOO_LATE"),
            ("2027-03-03T12:00", "TIME_TOO_LATE"),
            ("tomorrow", "TIME_UNREADABLE"),
            ("2026-02-30T12:00", "TIME_UNREADABLE"),
            ("2026-03-03T12:00Z", "TIME_UNREADABLE"),
            ("2026-03-03T12:00+01:00", "TIME_UNREADABLE"),
            ("2026-03-03", "TIME_UNREADABLE"),
            ("0000-03-03T12:00", "TIME_UNREADABLE"),
            ("0001-01-01T00:00", "TIME_UNREADABLE"),
            ("9999-12-31T23:59", "TIME_TOO_LATE"),
            ("2026-W10-2T12:00", "TIME_UNREADABLE"),
            ("\uff12026-03-03T12:00", "TIME_UNREADABLE"),
            ("2026-03-29T02:30", "TIME_AMBIGUOUS"),
            ("2026-10-25T02:30", "TIME_AMBIGUOUS"),
        ],
    )
    def test_a_time_that_will_not_do_is_named_and_can_be_mended(
        self, world: World, typed: str | None, code: str
    ) -> None:
        answer = world.decide(world.link(), "defer", until=typed)
        assert (answer.status, answer.code) == (422, code)
        assert world.record.status is Status.AWAITING_APPROVAL
        assert events(world) == []
        assert '<details open>\n<summary id="defer-title">' in answer.body
        assert "The drill is not done." in answer.body

    def test_the_last_second_is_the_margin_before_the_package_ends(self, world: World) -> None:
        """The rules that the revision pinned leave ten minutes here; others that are active by now leave none."""
        world.change_rules(close_margin=600)
        world.become(Status.AWAITING_APPROVAL, rules=world.policy().rules_reference)
        world.change_rules(close_margin=0)
        assert world.decide(world.link(), "defer", until="2026-03-03T22:50").code == "TIME_TOO_LATE"
        assert deferred(world, until="2026-03-03T22:49").deferred_until == CLOSES_AT - timedelta(minutes=11)

    def test_the_zone_is_the_one_that_the_page_named(self, world: World) -> None:
        for zone in ("UTC", "America/New_York", "", None):
            assert world.decide(world.link(), "defer", zone=zone).code == "TIME_UNREADABLE"

    def test_where_the_windows_zone_is_unknown_the_page_asks_for_utc(self) -> None:
        def elsewhere(document: dict[str, Any]) -> dict[str, Any]:
            document["predicate"]["window"]["time_zone"] = "Mars/Olympus"
            return document

        world = World({"manifest": elsewhere})
        page = world.get(world.link())
        assert "date and time in <b>UTC</b>, where it is Mon 2 Mar 2026, 09:04 UTC now" in page.body
        assert deferred(world).deferred_until == instant("2026-03-03T12:00")

    def test_the_field_says_its_zone_and_its_bounds(self, world: World) -> None:
        body = world.get(world.link()).body
        assert '<label class="field" for="defer-until">Ask again at' in body
        assert "date and time in <b>Europe/Berlin</b>, where it is Mon 2 Mar 2026, 10:04 CET now" in body
        assert "Tue 3 Mar 2026, 22:59 CET at the latest" in body
        assert (
            '<input type="datetime-local" id="defer-until" name="until" required '
            'min="2026-03-02T10:05" max="2026-03-03T22:59"'
        ) in body

    def test_a_time_that_was_right_when_it_was_typed_can_be_over_when_it_is_sent(self, world: World) -> None:
        link = world.link()
        form = world.form(link, "defer", until="2026-03-02T10:10")
        world.clock.move(timedelta(minutes=6))
        assert world.post(link, form).code == "TIME_PAST"

    def test_when_no_minute_is_left_it_cannot_be_deferred_and_still_be_decided(self, world: World) -> None:
        link = world.link(expires_at=CLOSES_AT + timedelta(days=1))
        form = world.form(link, "defer")
        world.clock.move_to(CLOSES_AT - timedelta(seconds=50))
        page = world.get(link)
        assert 'value="defer"' not in page.body
        assert 'value="approve"' in page.body
        fresh = [(name, page.field("nonce") if name == "nonce" else value) for name, value in form]
        assert world.post(link, fresh).code == "TIME_PAST"


class TestWhileDeferred:
    def test_the_page_says_by_whom_until_when_and_why(self, world: World) -> None:
        deferred(world, reason="After the drill.")
        for link, who in ((world.link(), "You have"), (operations(world), "Erin has")):
            page = world.get(link)
            assert page.status == 200
            said = f"{who} deferred this release, as release engineering, until Tue 3 Mar 2026, 12:00 CET (11:00 UTC)."
            assert said in page.body
            assert "Nobody can approve it before it is taken up again" in page.body
            assert "Reason: After the drill." in page.body
            assert 'value="approve"' not in page.body
            assert 'value="defer"' not in page.body
            assert 'value="refuse"' in page.body

    def test_a_link_that_ends_before_the_deferral_says_so(self, world: World) -> None:
        deferred(world)
        ends = "This link works until Mon 2 Mar 2026, 22:04 CET (21:04 UTC)."
        assert ends in world.get(world.link()).body
        assert "This link works" not in world.get(world.link(expires_at=CLOSES_AT)).body

    def test_only_the_deferrer_is_offered_to_take_it_up(self, world: World) -> None:
        deferred(world)
        assert 'value="resume"' in world.get(world.link()).body
        for who in (("bo", "release-engineering"), ("bo", "operations"), ("omar", "operations")):
            assert 'value="resume"' not in world.get(world.link(*who)).body

    @pytest.mark.parametrize("decision", ["approve", "defer"])
    @pytest.mark.parametrize(
        "who", [("erin", "release-engineering"), ("bo", "release-engineering"), ("omar", "operations")]
    )
    def test_nothing_but_a_refusal_is_taken(self, world: World, who: tuple[str, str], decision: Decision) -> None:
        link = world.link(*who)
        form = world.form(link, decision, **({"until": "2026-03-03T13:00"} if decision == "defer" else {}))
        deferred(world)
        answer = world.post(link, form)
        assert (answer.status, answer.code) == (409, "DEFERRED")
        assert "<h1>This release is deferred</h1>" in answer.body
        assert "Erin, as release engineering, has deferred this release until" in answer.body
        assert (world.record.status, world.record.decision_seq) == (Status.DEFERRED, 1)
        assert world.record.deferred_until == UNTIL

    @pytest.mark.parametrize("who", [("erin", "release-engineering"), ("omar", "operations")])
    def test_anybody_eligible_still_refuses(self, world: World, who: tuple[str, str]) -> None:
        deferred(world)
        assert world.decide(world.link(*who), "refuse").status == 303
        assert world.record.status is Status.DECLINED
        assert events(world) == ["deferred", "declined"]
        assert world.store.has_tombstone(CUTOVER, REVISION)

    def test_whoever_has_approved_sees_that_it_is_deferred(self, world: World) -> None:
        world.decide(operations(world))
        deferred(world)
        page = world.get(operations(world))
        assert "You have approved this release" in page.body
        assert "Erin has deferred it until Tue 3 Mar 2026, 12:00 CET (11:00 UTC)" in page.body

    def test_when_its_time_has_come_the_page_says_so_until_the_clock_has_looked(self, world: World) -> None:
        deferred(world)
        world.clock.move_to(UNTIL)
        page = world.get(world.link("omar", "operations", expires_at=CLOSES_AT))
        assert "It was deferred, and its time has come" in page.body
        assert "until Tue 3 Mar" not in page.body

    def test_a_reason_is_shown_inert(self, world: World) -> None:
        deferred(world, reason="<script>alert(1)</script>\u202eno " + "long " * 60)
        body = world.get(operations(world)).body
        assert "<script" not in body
        assert '<span class="char">U+202E</span>' in body
        assert "\u202e" not in body
        assert body.count("long ") > 60, "nothing of a long reason is left out"


class TestTakingUp:
    def test_the_question_is_open_again_and_everybody_is_asked(self, world: World) -> None:
        deferred(world)
        assert world.decide(world.link(), "resume").status == 303
        record = world.record
        assert (record.status, record.ask, record.signal) == (Status.AWAITING_APPROVAL, True, "wake")
        assert (record.deferral, record.deferred_until, record.decision_seq) == (None, None, 2)
        assert 'value="approve"' in world.get(world.link()).body

    def test_it_is_signed_and_names_what_it_lifts(self, world: World) -> None:
        said = deferred(world).deferral
        assert said is not None
        world.clock.move(timedelta(minutes=5))
        world.decide(world.link(), "resume")
        _, entry = world.records.ledger(CUTOVER)
        assert (entry.event, entry.transition, entry.result) == ("taken-up", 14, "TAKEN_UP")
        assert (entry.from_, entry.to, entry.actor.requester) == ("deferred", "awaiting_approval", "erin")
        assert entry.inputs["deferral"] == said.payload
        statement = world.statement(entry.inputs["envelope"], entry.at)
        assert (statement.predicate.decision, statement.predicate.until) == ("resume", None)

    def test_who_deferred_can_approve_afterwards(self, world: World) -> None:
        deferred(world)
        world.decide(world.link(), "resume")
        assert world.decide(world.link()).status == 303
        assert world.decide(operations(world)).status == 303
        assert world.record.status is Status.APPROVED
        assert [each.decision for each in world.record.decisions] == ["approve", "approve"]
        assert (world.record.ask, world.record.reason) == (False, None)

    def test_it_can_be_deferred_again(self, world: World) -> None:
        deferred(world)
        world.decide(world.link(), "resume")
        assert deferred(world, until="2026-03-03T13:00").deferred_until == instant("2026-03-03T12:00")

    @pytest.mark.parametrize("who", [("bo", "release-engineering"), ("bo", "operations"), ("omar", "operations")])
    def test_nobody_else_takes_it_up(self, world: World, who: tuple[str, str]) -> None:
        deferred(world)
        answer = resume(world, who)
        assert (answer.status, answer.code) == (409, "NOT_YOUR_DEFERRAL")
        assert "Somebody else has deferred it" in answer.body
        assert world.record.status is Status.DEFERRED

    @pytest.mark.parametrize(
        "change",
        [
            lambda people: {name: each for name, each in people.items() if name != "erin"},
            lambda people: people | {"erin": person("Erin", "operations")},
        ],
        ids=["gone", "another role"],
    )
    def test_when_the_deferrer_may_not_decide_any_more_a_colleague_in_the_role_takes_it_up(
        self, world: World, change: Callable[[Any], Any]
    ) -> None:
        deferred(world)
        form = resuming(world, ("erin", "release-engineering"))
        world.change_facts(people=change(world.facts.people))
        assert world.post(world.link(), form).code == "NOT_ELIGIBLE"
        assert resume(world, ("omar", "operations")).code == "NOT_YOUR_DEFERRAL"
        assert resume(world, ("bo", "release-engineering")).status == 303
        assert world.record.status is Status.AWAITING_APPROVAL

    def test_what_is_not_deferred_is_only_shown(self, world: World) -> None:
        before = world.record
        assert resume(world, ("erin", "release-engineering")).status == 303
        assert world.record == before
        assert events(world) == []

    @pytest.mark.parametrize("status", [Status.DECLINED, Status.WITHDRAWN, Status.HANDING_OFF])
    def test_what_has_ended_is_not_taken_up(self, world: World, status: Status) -> None:
        deferred(world)
        form = resuming(world, ("erin", "release-engineering"))
        world.become(status)
        assert world.post(world.link(), form).code == status.upper()


def resuming(world: World, who: tuple[str, str]) -> list[tuple[str, str]]:
    return world.form(world.link(*who), "resume")


def resume(world: World, who: tuple[str, str]) -> Answer:
    """The form is the page's own where it has one; a person who is not asked has to write it themselves."""
    link = world.link(*who)
    page = world.get(link)
    nonce = page.field("nonce") if "nonce" in page.body else "none"
    return world.post(
        link, [("nonce", nonce), ("decision", "resume"), ("digest", world.package.manifest_digest[7:15])]
    )  # fmt: skip


class TestRepeats:
    @pytest.mark.parametrize("memory", ["kept", "emptied"])
    @pytest.mark.parametrize("decision", ["defer", "resume"])
    def test_the_same_form_twice_is_one_decision(self, world: World, decision: Decision, memory: str) -> None:
        link = world.link()
        if decision == "resume":
            deferred(world)
        form, before = world.form(link, decision), world.record.decision_seq
        for _ in range(2):
            assert world.post(link, form).status == 303
            if memory == "emptied":
                world.remembered.clear()
        assert world.record.decision_seq == before + 1
        assert len(events(world)) == before + 1

    @pytest.mark.parametrize("memory", ["kept", "emptied"])
    def test_the_deferrals_form_defers_nothing_again_after_the_taking_up(self, world: World, memory: str) -> None:
        link = world.link()
        form = world.form(link, "defer")
        world.post(link, form)
        world.decide(link, "resume")
        if memory == "emptied":
            world.remembered.clear()
        answer = world.post(link, form)
        assert answer.status == 303 if memory == "kept" else answer.code == "FORM_USED"
        assert (world.record.status, world.record.decision_seq) == (Status.AWAITING_APPROVAL, 2)

    @pytest.mark.parametrize("memory", ["kept", "emptied"])
    def test_the_taking_ups_form_takes_up_nothing_again_after_another_deferral(self, world: World, memory: str) -> None:
        link = world.link()
        deferred(world)
        form = resuming(world, ("erin", "release-engineering"))
        world.post(link, form)
        deferred(world, until="2026-03-03T13:00")
        if memory == "emptied":
            world.remembered.clear()
        answer = world.post(link, form)
        assert answer.status == 303 if memory == "kept" else answer.code == "FORM_USED"
        assert (world.record.status, world.record.decision_seq) == (Status.DEFERRED, 3)

    def test_a_refusal_out_of_the_same_page_is_not_answered_as_the_deferral_was(self, world: World) -> None:
        """Deferred, then back in the browser, and refused: one nonce, two decisions. Nothing is swallowed."""
        link = world.link()
        defer, refuse = world.form(link, "defer"), dict(world.form(link, "refuse", reason="After all: no."))
        refuse["nonce"] = dict(defer)["nonce"]
        world.post(link, defer)
        answer = world.post(link, list(refuse.items()))
        assert (answer.status, answer.code) == (422, "FORM_USED")
        assert "After all: no." in answer.body
        assert world.post(link, list((refuse | {"nonce": answer.field("nonce")}).items())).status == 303
        assert world.record.status is Status.DECLINED

    def test_another_time_is_another_deferral_and_is_not_taken_for_the_first(self, world: World) -> None:
        link = world.link()
        later = world.form(link, "defer", until="2026-03-03T13:00")
        deferred(world)
        assert world.post(link, later).code == "DEFERRED"
        assert world.record.deferred_until == UNTIL

    def test_whoever_has_approved_cannot_defer_it_as_well(self, world: World) -> None:
        link = world.link()
        form = world.form(link, "defer")
        world.decide(link)
        answer = world.post(link, form)
        assert (answer.status, answer.code) == (409, "ALREADY_DECIDED")
        assert "you have approved this revision" in answer.body.lower()

    @pytest.mark.parametrize("status", [Status.APPROVED, Status.AWAITING_WINDOW])
    def test_after_the_quorum_there_is_nothing_to_defer(self, world: World, status: Status) -> None:
        link = world.link("bo", "operations")
        form = world.form(link, "defer")
        world.decide(world.link())
        world.decide(operations(world))
        world.become(status)
        answer = world.post(link, form)
        assert (answer.status, answer.code) == (409, "APPROVALS_COMPLETE")
        assert 'value="defer"' not in world.get(link).body
        assert world.record.status is status

    def test_a_deferral_that_counts_nothing_stands_in_the_ledger_once(self, world: World) -> None:
        link = world.link()
        form = world.form(link, "defer")
        world.decide(link)
        for _ in range(3):
            world.post(link, form)
        _, entry = world.records.ledger(CUTOVER)
        assert (entry.event, entry.result, entry.detail) == (
            "decision-refused", "ALREADY_DECIDED", "erin as release-engineering: defer",
        )  # fmt: skip

    def test_somebody_who_is_not_eligible_defers_nothing(self, world: World) -> None:
        link = world.link()
        form = world.form(link, "defer")
        world.change_facts(people={name: each for name, each in world.facts.people.items() if name != "erin"})
        assert world.post(link, form).code == "NOT_ELIGIBLE"
        assert world.record.status is Status.AWAITING_APPROVAL


class TestRaces:
    """Somebody else's commit comes between this one's reading and its writing."""

    def race(self, world: World, patch: pytest.MonkeyPatch, rival: Callable[[], Any]) -> None:
        commit, left = world.records.commit, [1]

        def slow(own: Commit) -> None:
            if left:
                left.clear()
                rival()
            commit(own)

        patch.setattr(world.records, "commit", slow)

    def test_an_approval_that_comes_first_does_not_hinder_a_deferral(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        theirs = world.form(operations(world))
        self.race(world, monkeypatch, lambda: world.post(operations(world), theirs))
        assert world.decide(world.link(), "defer").status == 303
        assert (world.record.status, world.record.decision_seq) == (Status.DEFERRED, 2)

    def test_the_approval_that_completes_the_quorum_wins(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        world.decide(operations(world))
        theirs = world.form(world.link("bo", "release-engineering"))
        self.race(world, monkeypatch, lambda: world.post(world.link("bo", "release-engineering"), theirs))
        assert world.decide(world.link(), "defer").code == "APPROVALS_COMPLETE"
        assert (world.record.status, world.record.deferral) == (Status.APPROVED, None)

    def test_a_deferral_that_comes_first_keeps_an_approval_out(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        theirs = world.form(world.link(), "defer")
        self.race(world, monkeypatch, lambda: world.post(world.link(), theirs))
        assert world.decide(operations(world)).code == "DEFERRED"
        assert world.record.decisions == ()

    def test_of_two_minds_of_one_person_the_first_is_recorded(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        theirs = world.form(world.link())
        self.race(world, monkeypatch, lambda: world.post(world.link(), theirs))
        assert world.decide(world.link(), "defer").code == "ALREADY_DECIDED"
        assert world.record.status is Status.AWAITING_APPROVAL

    def test_a_refusal_wins_whichever_comes_first(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        theirs = world.form(world.link(), "defer")
        self.race(world, monkeypatch, lambda: world.post(world.link(), theirs))
        assert world.decide(operations(world), "refuse").status == 303
        assert world.record.status is Status.DECLINED

    def test_two_deferrals_at_once_are_one(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        theirs = world.form(operations(world), "defer", until="2026-03-03T13:00")
        self.race(world, monkeypatch, lambda: world.post(operations(world), theirs))
        assert world.decide(world.link(), "defer").code == "DEFERRED"
        assert world.record.deferral is not None
        assert world.record.deferral.person == "omar"

    def test_the_clock_and_the_deferrer_take_it_up_once(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        deferred(world)
        form = resuming(world, ("erin", "release-engineering"))
        updates = {"deferred_until": None, "deferral": None, "ask": True}

        def tick() -> None:
            world.recorder("clock").advance(
                CUTOVER, REVISION,
                lambda record: Step("taken-up", "clock", updates) if record.status is Status.DEFERRED else None,
            )  # fmt: skip

        self.race(world, monkeypatch, tick)
        assert world.post(world.link(), form).status == 303
        assert events(world) == ["deferred", "taken-up"]


@pytest.mark.parametrize("decision", ["defer", "resume"])
def test_a_commit_whose_answer_was_lost_is_answered_from_the_record(
    world: World, decision: Decision, monkeypatch: pytest.MonkeyPatch
) -> None:
    if decision == "resume":
        deferred(world)
    form, commit = world.form(world.link(), decision), world.records.commit

    def lost(own: Commit) -> None:
        commit(own)
        raise DependencyUnavailable("the answer was lost")

    monkeypatch.setattr(world.records, "commit", lost)
    assert world.post(world.link(), form).status == 303
    assert world.failures == 1


@pytest.mark.parametrize("decision", ["defer", "resume"])
def test_what_was_not_written_is_not_said_to_be(
    world: World, decision: Decision, monkeypatch: pytest.MonkeyPatch
) -> None:
    if decision == "resume":
        deferred(world)
    form, before = world.form(world.link(), decision), world.record

    def down(_: Commit) -> None:
        raise DependencyUnavailable("dynamodb")

    monkeypatch.setattr(world.records, "commit", down)
    answer = world.post(world.link(), form)
    assert (answer.status, answer.code) == (503, "SERVICE_UNAVAILABLE")
    assert world.record == before


def test_a_deferral_counts_for_no_quorum(world: World) -> None:
    """Whoever writes it among the decisions gains nothing: it is no approval, there as here."""
    said = deferred(world).deferral
    world.become(Status.AWAITING_APPROVAL, decisions=(said,), deferral=None, deferred_until=None)
    world.decide(operations(world))
    assert world.record.status is Status.AWAITING_APPROVAL


def test_the_clocks_time_is_kept_in_utc(world: World) -> None:
    until = deferred(world).deferred_until
    assert until is not None
    assert until.tzinfo is UTC
    assert until == datetime(2026, 3, 3, 11, tzinfo=UTC) > START
