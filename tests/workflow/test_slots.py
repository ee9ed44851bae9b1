"""Row 25: two products, one queue, one window occurrence. And row 33: freezes that come late."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from cutover.contracts.policy import Freeze
from cutover.domain.record import RevisionRecord
from tests.building.policy import CLOSES_AT, OPENS_AT
from tests.simulator.journeys import (
    AFTER_OPENING,
    awaiting_approval,
    awaiting_window,
    handed_off,
    open_holds,
    repair,
    revise,
)
from tests.simulator.world import World

OTHER = "billing@production.1"
End = Callable[[World], object]


def another_product(world: World, sequence: int = 1) -> RevisionRecord:
    """A candidate of another product for the same queue and window."""
    world.announce(world.candidate(product="billing", sequence=sequence), event_id=f"other-{sequence}")
    world.run()
    lane = world.wiring.records.lane("billing", world.deployment.target)
    assert lane is not None
    return world.record(lane.cutover, lane.revision)


def codes(world: World, record: RevisionRecord) -> set[str]:
    return {hold.code for hold in open_holds(world, record)}


def owner(world: World) -> str | None:
    slot = world.wiring.records.slot(world.deployment.queue_arn, world.deployment.window)
    return slot.cutover if slot else None


def test_the_second_is_held() -> None:
    world = World()
    first = awaiting_approval(world)
    second = another_product(world)
    assert second.status == "held"
    assert codes(world, second) == {"WINDOW_CONFLICT"}
    assert owner(world) == first.cutover


def declined(world: World) -> None:
    world.decide("omar", "refuse")
    world.run()


def drifted(world: World) -> None:
    """Superseded, and its successor is held: it claims nothing."""
    revise(world, "rollback", lambda said: said["steps"][0].pop("trigger"))
    world.clock.move(timedelta(minutes=16))
    world.tick()
    assert (world.record().status, world.record(revision=2).status) == ("superseded", "held")


@pytest.mark.parametrize("end", [declined, drifted])
def test_an_end_gives_the_window_back(end: End) -> None:
    world = World()
    awaiting_approval(world)
    end(world)
    assert owner(world) is None


def test_whoever_comes_after_the_end_has_the_window() -> None:
    world = World()
    awaiting_approval(world)
    declined(world)
    assert another_product(world).status == "awaiting_approval"
    assert owner(world) == OTHER


def test_a_hand_off_keeps_its_window() -> None:
    world = World()
    first = handed_off(world)
    second = another_product(world)
    assert codes(world, second) == {"WINDOW_CONFLICT"}
    assert owner(world) == first.cutover


def test_an_uncertain_hand_off_keeps_its_window() -> None:
    """Nobody knows whether the queue has the message, so nobody else gets its window."""
    world = World()
    first = awaiting_window(world)
    world.wiring.deployment.refuse(1000)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    world.clock.move_to(CLOSES_AT)
    repair(world)
    assert world.record().status == "uncertain"
    assert owner(world) == first.cutover


def freeze(world: World, start: timedelta, length: timedelta, version: int = 2) -> None:
    """Both owners sign new facts with a freeze in the middle of the window."""
    facts = world.deployment.facts()
    calendar = facts.calendars["production"]
    late = Freeze(id="incident", starts_at=OPENS_AT + start, ends_at=OPENS_AT + start + length, reason="An incident.")
    calendars = {"production": calendar.model_copy(update={"freezes": (late,)})}
    world.publish(facts=facts.model_copy(update={"version": version, "calendars": calendars}), version=version)


def test_a_late_freeze_puts_the_hand_off_off_to_its_end() -> None:
    world = World()
    awaiting_window(world)
    freeze(world, timedelta(), timedelta(minutes=40))
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    record = world.record()
    assert (record.status, record.reason) == ("awaiting_window", "WINDOW_FROZEN")
    assert record.wake_at == OPENS_AT + timedelta(minutes=40), "not a minute of the window is lost"
    world.clock.move_to(OPENS_AT + timedelta(minutes=40))
    world.tick()
    assert world.record().status == "handed_off"


def test_a_freeze_to_the_end_lets_it_expire() -> None:
    world = World()
    awaiting_window(world)
    freeze(world, timedelta(minutes=-5), timedelta(days=1))
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    world.clock.move_to(CLOSES_AT)
    repair(world)
    assert (world.record().status, world.messages()) == ("expired", [])


def test_a_freeze_that_is_lifted_early_is_noticed() -> None:
    world = World()
    awaiting_window(world)
    freeze(world, timedelta(), timedelta(hours=1, minutes=59))
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    world.publish(facts=world.deployment.facts().model_copy(update={"version": 3}), version=3)
    world.clock.move(timedelta(minutes=30))
    world.tick()
    assert world.record().status == "handed_off"
