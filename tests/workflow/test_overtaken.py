"""A function is held up between two of its calls, and somebody else goes on: it lost a race, and nothing more."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cutover.domain.record import RevisionRecord, Status
from cutover.recorder import Step
from tests.engines.actors import CUTOVER, admit, hand_off
from tests.simulator.events import withdraw
from tests.simulator.journeys import AFTER_OPENING, assert_consistent, awaiting_approval, awaiting_window
from tests.simulator.world import World


@pytest.fixture
def world() -> World:
    """In the window, which is open."""
    world = World()
    awaiting_window(world)
    world.clock.move_to(AFTER_OPENING)
    return world


def around(world: World, call: str, *, before: Callable[[], Any] | None = None, after: Any = None) -> None:
    """The next ``call`` to the table takes its time: something happens before it, or after it and before its answer."""
    real = getattr(world.wiring.records, call)

    def slow(*arguments: Any, **named: Any) -> Any:
        setattr(world.wiring.records, call, real)
        if before:
            before()
        answer = real(*arguments, **named)
        if after:
            after()
        return answer

    setattr(world.wiring.records, call, slow)


def test_nothing_is_sent_after_the_lease(world: World) -> None:
    lease = timedelta(seconds=world.rules().lease)
    around(world, "commit", after=lambda: world.clock.move(lease))
    held_up = hand_off(world.wiring)
    assert (held_up.status, held_up.reason, world.messages()) == ("handing_off", "LEASE_OVER", [])
    assert world.ledger()[-1].result == "LEASE_OVER"
    assert hand_off(world.wiring).status == "handed_off"
    assert (world.record().attempt, world.wiring.deployment.sends) == (2, 1)


def test_a_moment_before_the_end_of_the_lease_is_in_time(world: World) -> None:
    lease = timedelta(seconds=world.rules().lease) - timedelta(seconds=1)
    around(world, "commit", after=lambda: world.clock.move(lease))
    assert hand_off(world.wiring).status == "handed_off"


def test_an_attempt_that_was_overtaken_sends_nothing_and_says_nothing(world: World) -> None:
    def overtake() -> None:
        world.clock.move(timedelta(seconds=world.rules().lease))
        assert hand_off(world.wiring).attempt == 2

    around(world, "commit", after=overtake)
    late = hand_off(world.wiring)
    assert (late, late.status, world.wiring.deployment.sends) == (world.record(), "handed_off", 1)
    assert world.ledger()[-1].event == "handed-off"


def test_what_ended_meanwhile_keeps_its_reason(world: World) -> None:
    """The tombstone stops the attempt; but the record is no business of HandOff's any more."""
    around(world, "brake", before=lambda: withdraw(world, CUTOVER))
    late = hand_off(world.wiring)
    assert (late.status, late.reason, world.messages()) == ("withdrawn", "WITHDRAWN", [])
    assert world.ledger()[-1].event == "withdrawn"
    assert_consistent(world)


def test_a_revision_that_is_superseded_between_two_readings_is_decided_on_again() -> None:
    world = World()
    awaiting_approval(world)
    newer = world.announce(world.candidate(sequence=2), event_id="e-2")
    around(world, "lane", before=lambda: admit(world.wiring, newer))
    seen: list[Status] = []

    def decide(record: RevisionRecord) -> Step | None:
        seen.append(record.status)
        return Step("approval-given", "erin") if record.status is Status.AWAITING_APPROVAL else None

    assert world.wiring.recorder("approvals").advance(CUTOVER, 1, decide).status == "superseded"
    assert seen == ["awaiting_approval", "superseded"]


def test_a_candidate_is_not_left_undecided_because_another_one_superseded() -> None:
    world = World()
    awaiting_approval(world)
    second, third = (world.announce(world.candidate(sequence=each), event_id=f"e-{each}") for each in (2, 3))
    around(world, "revision", after=lambda: admit(world.wiring, second))
    admitted = admit(world.wiring, third)
    assert (admitted.status, admitted.revision) == ("collecting", 3)
    assert [world.record(revision=each).status for each in (1, 2, 3)] == ["superseded", "superseded", "collecting"]
