"""Row 25: an execution that was stopped, failed or timed out. Another takes over; the one before is fenced."""

import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest

from cutover.domain.record import Brake, RevisionRecord, Signal
from cutover.domain.schedule import MOST_PATIENCE, PATIENCE
from cutover.errors import DependencyUnavailable
from tests.simulator.interpreter import Execution
from tests.simulator.journeys import (
    AFTER_OPENING,
    announced,
    assert_consistent,
    awaiting_approval,
    awaiting_window,
    revise,
)
from tests.simulator.world import World


def stop(world: World, execution: Execution) -> None:
    """Somebody stops it in the console. AWS lets nobody answer its token after that."""
    if execution.token is not None:
        world.wiring.workflow.time_out(execution.token)
    execution.status, execution.token = "ABORTED", None


def minutes(world: World, count: int) -> None:
    for _ in range(count):
        world.clock.move(timedelta(minutes=1))
        world.tick()


def approve(world: World) -> None:
    for person in ("erin", "omar"):
        world.decide(person)
        world.run()


def hand_off(world: World) -> RevisionRecord:
    world.clock.move_to(max(AFTER_OPENING, world.clock.now()))
    minutes(world, 3)
    return world.record()


def test_a_decision_after_the_stop_reaches_the_successor() -> None:
    world = World()
    awaiting_approval(world)
    stopped = world.execution()
    stop(world, stopped)
    approve(world)
    assert (world.record().status, world.record().signal) == ("approved", "adopt")
    minutes(world, 2)
    record = world.record()
    assert (record.status, record.execution) == ("awaiting_window", 2)
    assert world.execution().visited[:3] == ["Begin", "Resume", "WasResumed"]
    assert hand_off(world).status == "handed_off"
    assert len(world.messages()) == 1
    assert_consistent(world)


def test_stopped_before_the_window_opens() -> None:
    world = World()
    awaiting_window(world)
    stop(world, world.execution())
    assert hand_off(world).status == "handed_off"
    assert [entry.transition for entry in world.ledger()].count(25) == 1


@pytest.mark.parametrize("status", ["collecting", "verifying", "bound", "approved"])
def test_a_status_that_should_pass_and_does_not_is_taken_over(status: str) -> None:
    """Stopped in the middle of its work: nobody has a token, and nobody is told."""
    world = World()
    stopped: list[Execution] = []

    def stop_there(_name: str, _payload: object) -> None:
        execution = world.execution() if world.machine.executions else None
        found = world.wiring.records.revision("service@production.1", 1)
        if not stopped and execution and found is not None and found.status == status:
            stopped.append(execution)
            raise KeyboardInterrupt

    def run() -> None:
        try:
            world.run()
        except KeyboardInterrupt:
            stop(world, stopped[0])

    world.before_invoke = stop_there
    world.announce()
    run()
    if not stopped:
        for person in ("erin", "omar"):
            world.decide(person)
            run()
    assert stopped, f"never {status}"
    assert world.record().status == status
    world.clock.move(PATIENCE - timedelta(seconds=1))
    assert world.tick()["adopted"] == 0
    world.clock.move(timedelta(seconds=1))
    assert world.tick()["adopted"] == 1
    assert world.record().execution == 2
    if world.record().status == "awaiting_approval":
        approve(world)
    assert hand_off(world).status == "handed_off"
    assert len(world.messages()) == 1
    assert_consistent(world)


def taken_for_lost() -> tuple[World, Execution]:
    """An execution that is alive, and that nobody could wake: another serves its revision by now."""
    world = World()
    awaiting_approval(world)
    slow = world.execution()
    world.wiring.workflow.time_out(str(slow.token))
    world.decide("erin")
    world.decide("omar")
    world.run()
    minutes(world, 2)
    return world, slow


def test_one_that_is_alive_after_all_is_fenced() -> None:
    """It was only slow: whatever it asks for from here on is not written, and it ends by itself."""
    world, slow = taken_for_lost()
    assert world.record().execution == 2
    entries = len(world.ledger())
    world.machine.succeed(str(slow.token))
    world.run()
    assert (slow.status, slow.visited[-1]) == ("SUCCEEDED", "Fenced")
    assert len(world.ledger()) == entries
    assert hand_off(world).status == "handed_off"
    assert len(world.messages()) == 1


def test_a_fenced_wait_does_not_take_the_token_s_place() -> None:
    world, slow = taken_for_lost()
    token = world.wiring.tokens.newest("service@production.1", 1)
    assert token is not None
    assert token.execution == 2
    slow.state, slow.status, slow.token = "AwaitWindow", "RUNNING", None
    slow.document["record"]["status"] = "approved"
    world.run()
    assert world.wiring.tokens.newest("service@production.1", 1) == token
    world.clock.move(timedelta(seconds=61))
    world.run()
    assert slow.visited[-1] == "Fenced"


def test_each_execution_that_comes_to_nothing_is_replaced_later() -> None:
    """A function that fails again and again: its executions do not follow each other in a hot loop."""
    world = World()

    def broken(name: str, _payload: object) -> None:
        if name == "Assemble":
            raise DependencyUnavailable("never")

    world.before_invoke = broken
    announced(world)
    assert world.execution().status == "FAILED"
    adopted = []
    for minute in range(1, 200):
        world.clock.move(timedelta(minutes=1))
        if world.tick()["adopted"]:
            adopted.append(minute)
    pauses = [after - before for before, after in itertools.pairwise(adopted)]
    assert adopted[0] == 2
    assert pauses == sorted(pauses)
    assert len(adopted) < 9
    assert timedelta(minutes=200) < MOST_PATIENCE
    world.before_invoke = lambda _name, _payload: None
    minutes(world, 260)
    assert world.record().status == "awaiting_approval"
    assert_consistent(world)


def test_what_rightly_waits_is_left_alone() -> None:
    world = World()
    revise(world, "rollback", lambda said: said["steps"][0].pop("trigger"))
    world.announce()
    world.run()
    minutes(world, 120)
    assert (world.record().status, world.record().execution) == ("held", 1)


@pytest.mark.parametrize("reach", [awaiting_approval, awaiting_window])
def test_an_end_needs_no_execution(reach: Callable[[World], RevisionRecord]) -> None:
    world = World()
    record = reach(world)
    stop(world, world.execution())
    world.clock.move_to(record.expires_at)
    minutes(world, 20)
    assert (world.record().status, world.record().execution, world.record().signal) == ("expired", 1, None)
    assert len(world.machine.executions) == 1


def test_one_that_waits_after_all_is_told_to_end() -> None:
    """The clock slept over the opening of the window and takes the execution for lost; it only waits."""
    world = World()
    awaiting_window(world)
    waiting = world.execution()
    world.clock.move_to(AFTER_OPENING + PATIENCE)
    assert world.tick()["adopted"] == 1
    assert (waiting.status, waiting.visited[-1]) == ("SUCCEEDED", "Fenced")
    assert hand_off(world).status == "handed_off"
    assert len(world.messages()) == 1


def test_an_execution_that_writes_is_not_lost() -> None:
    """Two batches of the streams wake one token at once: to the second it looks as if nobody had waited."""
    world = World()
    awaiting_window(world)
    record = world.record()
    world.wiring.records.nudge(record, signal=Signal.ADOPT, due_at=world.clock.now())
    world.wiring.records.set_brake(Brake(engaged=True))
    world.clock.move_to(AFTER_OPENING)
    waiting = world.wiring.tokens.newest(record.cutover, 1)
    assert waiting is not None
    world.machine.succeed(waiting.value)
    world.run()
    assert (world.record().reason, world.record().signal) == ("BRAKE_ENGAGED", None)
    minutes(world, 2)
    assert world.record().execution == 1
