"""Attempts to hand off at once, and against the clock: one lease at a time, one send, one acknowledgement."""

import threading
from datetime import timedelta

from tests.engines import actors, ways
from tests.engines.actors import CUTOVER
from tests.engines.racing import PATIENCE, Contender, Outcome
from tests.engines.rounds import ROUNDS, Course
from tests.engines.scenes import Place
from tests.engines.soundness import Table
from tests.fakes.clock import FakeClock
from tests.simulator.wiring import SimulatedWiring


def sent_once(table: Table, place: Place) -> None:
    """One send of the one envelope that stands under the hand-off's id."""
    record = table.record(CUTOVER)
    assert place.deployment.messages == [place.store.get_handoff(record.handoff_id or "")]
    assert len([name for name in place.store.objects if name.startswith("handoffs/")]) == 1


def test_one_of_many_attempts_takes_the_lease(course: Course) -> None:
    """18/18."""

    def judge(table: Table, place: Place, outcomes: list[Outcome]) -> int:
        sent_once(table, place)
        assert table.taken(CUTOVER)[-2:] == ["handing-off", "handed-off"]
        assert (table.record(CUTOVER).attempt, [outcome.error for outcome in outcomes]) == (1, [None] * 4)
        return table.taken(CUTOVER).count("handing-off")

    assert course.run(ways.in_the_window(), lambda _: [Contender(actors.hand_off)] * 4, judge).ways == {1: ROUNDS}


def test_one_of_many_attempts_takes_over_a_lease_that_is_over(course: Course) -> None:
    """19/19: the same envelope again."""

    def judge(table: Table, place: Place, _outcomes: list[Outcome]) -> int:
        sent_once(table, place)
        assert table.taken(CUTOVER)[-3:] == ["handing-off", "handing-off-again", "handed-off"]
        assert table.record(CUTOVER).attempt == 2
        return table.taken(CUTOVER).count("handing-off-again")

    assert course.run(ways.lease_over(), lambda _: [Contender(actors.hand_off)] * 4, judge).ways == {1: ROUNDS}


def test_an_acknowledgement_when_the_clock_gives_up(course: Course) -> None:
    """20/21: one of them has the last word, and both keep the slot."""

    def enter(place: Place) -> list[Contender]:
        leased = threading.Event()
        record = place.records.revision(CUTOVER, 1)
        assert record is not None
        over = FakeClock(record.expires_at + timedelta(hours=1))
        place.deployment.meanwhile = leased.set

        def gives_up(wiring: SimulatedWiring) -> object:
            assert leased.wait(PATIENCE)
            return actors.tick(wiring)

        # The hand-off's second commit is its acknowledgement; by the other clock its lease and its time are over.
        return [Contender(actors.hand_off, at=2), *[Contender(gives_up, clock=over)] * 2]

    def judge(table: Table, place: Place, _outcomes: list[Outcome]) -> str:
        sent_once(table, place)
        record = table.record(CUTOVER)
        assert table.taken(CUTOVER)[-2:] == ["handing-off", record.status.replace("_", "-")]
        return record.status

    assert set(course.run(ways.in_the_window(), enter, judge).ways) <= {"handed_off", "uncertain"}
