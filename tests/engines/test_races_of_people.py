"""Approvals and refusals at once, and against everything else that may end or move a revision meanwhile."""

from datetime import timedelta

from cutover.contracts.approval import Decision
from cutover.domain.record import RevisionRecord
from cutover.errors import Refused
from tests.engines import actors, ways
from tests.engines.actors import CUTOVER
from tests.engines.racing import Contender, Outcome
from tests.engines.rounds import ROUNDS, Course
from tests.engines.scenes import Place
from tests.engines.soundness import Table
from tests.fakes.clock import FakeClock

ENGINEERING, OPERATIONS = "release-engineering", "operations"
SECOND = timedelta(seconds=1)


def says(person: str, role: str, decision: Decision = "approve", nonce: str | None = None) -> Contender:
    return Contender(lambda wiring: actors.decide(wiring, person, role, decision, nonce=nonce))


def refusals(outcomes: list[Outcome]) -> list[str]:
    """The codes with which contenders were refused."""
    return sorted(outcome.error.code for outcome in outcomes if isinstance(outcome.error, Refused))


def people(record: RevisionRecord) -> tuple[str, ...]:
    return tuple(decision.person for decision in record.decisions)


def test_approvals_at_once_all_count_and_the_last_one_completes(course: Course) -> None:
    """12/12/13."""
    contenders = [says("erin", ENGINEERING), says("omar", OPERATIONS), says("sam", "security")]

    def judge(table: Table, _place: Place, outcomes: list[Outcome]) -> tuple[str, ...]:
        record = table.record(CUTOVER)
        assert set(people(record)) == {"erin", "omar", "sam"}
        assert table.taken(CUTOVER)[-3:] == ["approval-given", "approval-given", "approved"]
        assert (record.status, record.decision_seq, table.nonces) == ("approved", 3, 3)
        assert [outcome.error for outcome in outcomes] == [None] * 3
        return people(record)

    course.run(ways.three_seats(), lambda _: contenders, judge)


def test_each_seat_has_one_approval_however_many_give_it(course: Course) -> None:
    """12/13, by two for each seat, one of whom tries both."""
    contenders = [
        says("erin", ENGINEERING), says("bo", ENGINEERING), says("omar", OPERATIONS), says("bo", OPERATIONS),
    ]  # fmt: skip

    def judge(table: Table, _place: Place, outcomes: list[Outcome]) -> tuple[str, ...]:
        record = table.record(CUTOVER)
        assert table.taken(CUTOVER)[-2:] == ["approval-given", "approved"]
        assert record.decision_seq == len(set(people(record))) == 2
        assert {decision.role for decision in record.decisions} == {ENGINEERING, OPERATIONS}
        assert len(refusals(outcomes)) == 2
        assert set(refusals(outcomes)) <= {"ROLE_COMPLETE", "ALREADY_DECIDED", "APPROVALS_COMPLETE"}
        return people(record)

    course.run(ways.awaiting_approval(), lambda _: contenders, judge)


def test_one_form_posted_many_times_is_one_decision(course: Course) -> None:
    """The same nonce, without Powertools before it."""
    contenders = [says("erin", ENGINEERING, nonce="the one form")] * 4

    def judge(table: Table, _place: Place, outcomes: list[Outcome]) -> int:
        record = table.record(CUTOVER)
        assert (people(record), record.decision_seq, table.nonces) == (("erin",), 1, 1)
        assert [outcome.error for outcome in outcomes] == [None] * 4
        return table.taken(CUTOVER).count("approval-given")

    assert course.run(ways.awaiting_approval(), lambda _: contenders, judge).ways == {1: ROUNDS}


def test_one_form_says_one_thing(course: Course) -> None:
    """The same nonce for two answers: one of them counts."""
    contenders = [says("erin", ENGINEERING, said, nonce="the one form") for said in ("approve", "refuse")]

    def judge(table: Table, _place: Place, outcomes: list[Outcome]) -> str:
        record = table.record(CUTOVER)
        assert (people(record), table.nonces) == (("erin",), 1)
        assert len(refusals(outcomes)) == 1
        assert record.status == {"approve": "awaiting_approval", "refuse": "declined"}[record.decisions[0].decision]
        return record.status

    course.run(ways.awaiting_approval(), lambda _: contenders, judge)


def test_a_refusal_ends_it_whatever_is_approved_at_that_moment(course: Course) -> None:
    """13/15: before the last approval or after it."""
    contenders = [says("omar", OPERATIONS), says("bo", OPERATIONS, "refuse"), says("bo", OPERATIONS, "refuse")]

    def judge(table: Table, place: Place, _outcomes: list[Outcome]) -> tuple[str, ...]:
        record = table.record(CUTOVER)
        assert record.status == "declined"
        assert record.decisions[-1].decision == "refuse"
        assert place.store.has_tombstone(CUTOVER, 1)
        assert table.taken(CUTOVER).count("declined") == 1
        return tuple(table.taken(CUTOVER)[-2:])

    tally = course.run(ways.half_approved(), lambda _: contenders, judge)
    assert set(tally.ways) <= {("approval-given", "declined"), ("approved", "declined")}


def test_an_approval_when_the_time_is_over(course: Course) -> None:
    """23/13: their clocks differ by a second, so each is right by its own."""

    def enter(place: Place) -> list[Contender]:
        ends = place.records.revision(CUTOVER, 1)
        assert ends is not None
        early, late = FakeClock(ends.expires_at - SECOND), FakeClock(ends.expires_at)
        clocks = [Contender(actors.tick, clock=late)] * 2
        return [Contender(lambda wiring: actors.decide(wiring, "omar", OPERATIONS), clock=early), *clocks]

    def judge(table: Table, place: Place, _outcomes: list[Outcome]) -> tuple[str, ...]:
        record, taken = table.record(CUTOVER), table.taken(CUTOVER)
        assert taken.count("expired") + taken.count("approved") >= 1
        assert (record.status == "expired") == (taken[-1] == "expired")
        assert record.status == "approved" or place.store.has_tombstone(CUTOVER, 1)
        return tuple(taken[-2:])

    tally = course.run(ways.half_approved(), enter, judge)
    assert set(tally.ways) <= {
        ("approval-given", "approved"), ("approved", "expired"), ("approval-given", "expired"),
    }  # fmt: skip


def test_approvals_of_what_is_being_superseded(course: Course) -> None:
    """13/4: whether approved or not, the newer candidate ends it, and takes nothing of it along."""
    scene = ways.half_approved(2)
    (newer,) = scene.given["admissions"]
    contenders = [
        says("omar", OPERATIONS), says("bo", OPERATIONS), Contender(lambda wiring: actors.admit(wiring, newer)),
    ]  # fmt: skip

    def judge(table: Table, place: Place, _outcomes: list[Outcome]) -> tuple[str, ...]:
        before, after = table.record(CUTOVER), table.record(CUTOVER, 2)
        assert (before.status, after.status) == ("superseded", "collecting")
        assert (after.decisions, after.manifest, after.version) == ((), None, 1)
        assert place.store.has_tombstone(CUTOVER, 1)
        assert not place.store.has_tombstone(CUTOVER, 2)
        assert table.taken(CUTOVER, 2) == ["opened"]
        return tuple(table.taken(CUTOVER)[-2:])

    tally = course.run(scene, lambda _: contenders, judge)
    assert set(tally.ways) <= {("approved", "superseded"), ("approval-given", "superseded")}


def test_a_refusal_when_the_hand_off_begins(course: Course) -> None:
    """15/18: refused in time, or sent; where the tombstone came first, leased and never sent."""
    contenders = [says("bo", OPERATIONS, "refuse"), Contender(actors.hand_off), Contender(actors.hand_off)]

    def judge(table: Table, place: Place, outcomes: list[Outcome]) -> str:
        record, sent = table.record(CUTOVER), len(place.deployment.messages)
        assert sent == (record.status == "handed_off")
        assert record.status in {"declined", "handing_off", "handed_off"}
        if record.status == "declined":
            assert "handing-off" not in table.taken(CUTOVER)
        else:
            assert set(refusals(outcomes)) <= {"HANDING_OFF", "HANDED_OFF"}
        return record.status

    course.run(ways.in_the_window(), lambda _: contenders, judge)
