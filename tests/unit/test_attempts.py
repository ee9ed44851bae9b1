"""An admission that its execution left undecided: started again, with more time each time, and not for good."""

from datetime import timedelta
from typing import Any

import pytest

from cutover.domain import attempts, ledger
from cutover.domain.record import Admission, Signal
from cutover.errors import DependencyUnavailable
from tests.simulator.journeys import repair
from tests.simulator.world import World

LIMIT = attempts.ATTEMPTS
SERIES = 31
"""Minutes from the first announcement until the last attempt's time is over: 1 + 2 + 4 + 8 + 16."""


def out_of_order(world: World, *stages: str) -> None:
    """From now on these stages fail, whatever they are asked."""

    def fail(name: str, _payload: Any) -> None:
        if name in stages:
            raise DependencyUnavailable(name)

    world.before_invoke = fail


def events(world: World, admission: Admission) -> list[str]:
    return [entry.event for entry in world.ledger(ledger.admissions_chain(admission.digest))]


@pytest.mark.parametrize("stages", [("Admit",), ("Admit", "RecordFailure")])
def test_after_an_outage_the_candidate_goes_on_by_itself(stages: tuple[str, ...]) -> None:
    """Even when the failing execution could not write down that it failed."""
    world = World()
    out_of_order(world, *stages)
    digest = world.announce()
    world.run()
    assert world.admission(digest).status == "admitting"
    assert world.execution().status == "FAILED"
    out_of_order(world)
    repair(world)
    admission = world.admission(digest)
    assert (admission.status, admission.attempt, admission.due_at) == ("collecting", 2, None)
    assert world.record(admission.cutover).status == "awaiting_approval"
    assert len(world.machine.executions) == 2


def test_each_attempt_has_more_time_and_after_the_last_nothing_is_due() -> None:
    """The clock does not signal for ever: five executions, one note, and silence."""
    world = World()
    out_of_order(world, "Admit")
    digest = world.announce()
    world.run()
    started: list[int] = []
    for minute in range(SERIES + 1):
        if len(world.machine.executions) > len(started):
            started.append(minute)
        repair(world, minutes=1)
    assert started == [0, 1, 3, 7, 15]
    admission = world.admission(digest)
    assert attempts.abandoned(admission)
    told = events(world, admission)
    assert [told.count(event) for event in ("announced", "execution-failed", "started-again")] == [1, LIMIT, LIMIT - 1]
    entry = list(world.ledger(ledger.admissions_chain(digest)))[-1]
    assert (entry.event, entry.result, entry.actor.role) == ("abandoned", "ADMISSION_ABANDONED", "clock")
    world.clock.move(timedelta(days=2))
    world.wiring.records.changes.clear()
    assert set(world.tick().values()) == {0}
    assert world.wiring.records.changes == []
    assert len(world.machine.executions) == LIMIT


def test_who_announces_an_abandoned_envelope_again_opens_another_series() -> None:
    world = World()
    out_of_order(world, "Admit")
    candidate = world.candidate()
    digest = world.announce(candidate)
    repair(world, minutes=SERIES + 1)
    assert attempts.abandoned(world.admission(digest))
    assert world.announce(candidate, event_id="once-more") == digest
    repair(world, minutes=SERIES + 1)
    assert attempts.abandoned(world.admission(digest))
    assert len(world.machine.executions) == 2 * LIMIT
    out_of_order(world)
    world.announce(candidate, event_id="and-again")
    world.run()
    assert world.admission(digest).status == "collecting"
    assert len(world.machine.executions) == 2 * LIMIT + 1


def test_who_announces_what_is_under_way_again_starts_nothing() -> None:
    world = World()
    out_of_order(world, "Admit")
    candidate = world.candidate()
    digest = world.announce(candidate)
    world.run()
    before = world.admission(digest)
    assert world.announce(candidate, event_id="again") == digest
    assert world.admission(digest) == before


def test_an_execution_that_was_only_slow_decides_and_the_next_finds_it_decided() -> None:
    """Two executions of one admission open one revision."""
    world = World()
    digest = world.announce()
    world._stream()
    assert world.admission(digest).signal is None
    world.clock.move(timedelta(minutes=2))
    world.invoke("doors.clock", {})
    assert world.admission(digest).signal is Signal.START
    world.run()
    assert len(world.machine.executions) == 2
    admission = world.admission(digest)
    chain = world.ledger(admission.cutover)
    assert [entry.transition for entry in chain].count(3) == 1


def test_a_reading_that_is_not_the_present_one_starts_nothing() -> None:
    """The clock's index may lag behind the table."""
    world = World()
    digest = world.announce()
    stale = world.admission(digest).model_copy(update={"signal": None})
    world.run()
    decided = world.admission(digest)
    assert world.wiring.recorder("clock").readmit(stale) == stale
    assert world.wiring.recorder("clock").readmit(decided) == decided
    assert world.admission(digest) == decided
