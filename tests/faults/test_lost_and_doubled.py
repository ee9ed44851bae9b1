"""Streams that are lost, doubled, out of order; an idempotency table that forgets; executions nobody started."""

from datetime import timedelta
from typing import Any

import pytest

from tests.building.policy import CLOSES_AT
from tests.fakes.streams import stream_event
from tests.simulator.journeys import (
    AFTER_OPENING,
    announced,
    assert_consistent,
    awaiting_approval,
    awaiting_window,
    handed_off,
    repair,
)
from tests.simulator.world import World


class ForgetfulWorld(World):
    """The idempotency table is emptied before and after every invocation."""

    def invoke(self, module: str, event: Any) -> Any:
        self.wiring.idempotency.clear()
        try:
            return super().invoke(module, event)
        finally:
            self.wiring.idempotency.clear()


class DeafWorld(World):
    """The stream brings nothing; only what the clock writes arrives, for a while, one time in ``every``."""

    heard = 0
    every = 0

    def streamed(self, event: dict[str, Any]) -> None:
        self.heard += 1
        if self.every and self.heard % self.every == 0:
            super().streamed(event)


def outcome(world: World) -> tuple[object, ...]:
    """What must be the same whatever happened on the way."""
    record = world.record()
    taken = [(entry.transition, entry.from_, entry.to, entry.result) for entry in world.ledger() if entry.transition]
    return (
        record.status, record.reason, record.handoff_id, [person.person for person in record.decisions],
        [message.deduplication_id for message in world.wiring.deployment.messages(world.deployment.target)], taken,
    )  # fmt: skip


def test_an_idempotency_table_that_forgets_changes_no_outcome() -> None:
    remembering, forgetful = World(), ForgetfulWorld()
    for world in (remembering, forgetful):
        candidate = world.candidate()
        world.announce(candidate)
        world.announce(candidate)
        world.run()
        world.announce(candidate)
        for person in ("erin", "omar"):
            world.decide(person)
            world.run()
        world.clock.move_to(AFTER_OPENING)
        world.tick()
        assert world.record().status == "handed_off"
        assert_consistent(world)
    assert outcome(forgetful) == outcome(remembering)


def test_the_clock_starts_what_the_stream_lost() -> None:
    world = DeafWorld()
    digest = world.announce()
    world.run()
    assert not world.machine.executions
    assert world.admission(digest).signal == "start"
    world.every = 1
    repair(world)
    assert len(world.machine.executions) == 1
    assert world.record().status == "awaiting_approval"


def test_the_clock_wakes_what_the_stream_lost() -> None:
    world = DeafWorld()
    world.every = 1
    awaiting_approval(world)
    world.every = 0
    world.decide("erin")
    world.decide("omar")
    world.run()
    assert (world.record().status, world.execution().state) == ("approved", "AwaitApproval")
    world.every = 1
    repair(world)
    assert world.record().status == "awaiting_window"


def test_a_token_whose_stream_was_lost_is_found_by_the_clock() -> None:
    """Decided before the wait began, and the token's own record never arrives."""
    world = DeafWorld()
    world.every = 1
    awaiting_approval(world)
    world.every = 0
    world.decide("erin")
    world.decide("omar")
    world.run()
    world.clock.move(timedelta(minutes=30))
    world.every = 1
    world.tick()
    assert world.record().status == "awaiting_window"


@pytest.mark.parametrize("every", [2, 3, 5])
def test_a_stream_that_brings_only_some_is_repaired_on_the_whole_road(every: int) -> None:
    world = DeafWorld()
    world.every = every
    world.announce()
    world.run()
    patiently(world, "awaiting_approval")
    for person in ("erin", "omar"):
        world.decide(person)
        world.run()
    patiently(world, "awaiting_window")
    world.clock.move_to(AFTER_OPENING)
    patiently(world, "handed_off")
    assert len(world.messages()) == 1
    assert_consistent(world)


def patiently(world: World, status: str) -> None:
    """The clock ticks on, for an hour at most."""
    for _ in range(60):
        world.run()
        opened = world.admissions()[0].cutover is not None
        if opened and world.record().status == status:
            return
        world.clock.move(timedelta(minutes=1))
        world.tick()
    raise AssertionError(f"{world.record().status}, not {status}: {world.execution()}")


class StammeringWorld(World):
    """Every batch comes twice, the second time in reverse, and everything from the beginning comes once more."""

    def __init__(self) -> None:
        self.past: list[dict[str, Any]] = []
        super().__init__()

    def streamed(self, event: dict[str, Any]) -> None:
        super().streamed(event)
        super().streamed({"Records": event["Records"][::-1]})
        self.past.extend(event["Records"])

    def replay(self) -> None:
        super().streamed({"Records": self.past[::-1]})
        self.run()


def test_doubled_and_reordered_streams_change_no_outcome() -> None:
    plain, stammering = World(), StammeringWorld()
    handed_off(plain)
    awaiting_approval(stammering)
    stammering.replay()
    assert stammering.record().status == "awaiting_approval"
    for person in ("erin", "omar"):
        stammering.decide(person)
        stammering.run()
        stammering.replay()
    stammering.clock.move_to(AFTER_OPENING)
    stammering.tick()
    stammering.replay()
    assert outcome(stammering) == outcome(plain)
    assert len(stammering.machine.executions) == 1


def test_a_relay_that_gets_nonsense_leaves_it() -> None:
    """Items that concern nobody, removals, and images without keys: skipped, and the rest is handled."""
    world = World()
    digest = world.announce()
    world.wiring.records.changes.clear()
    good = stream_event([world.admission(digest)])["Records"]
    nonsense = [
        {"eventName": "REMOVE", "dynamodb": {"Keys": {}}},
        {"eventName": "INSERT", "dynamodb": {}},
        {"eventName": "INSERT", "dynamodb": {"NewImage": {"pk": {"S": "CUTOVER#x"}, "sk": {"S": "REVISION#1"}}}},
        {
            "eventName": "INSERT",
            "dynamodb": {"NewImage": {"pk": {"S": "ADMISSION#sha256:0"}, "signal": {"S": "start"}}},
        },
        {},
    ]
    world.invoke("doors.relay", {"Records": [*nonsense, *good]})
    world.run()
    assert world.record().status == "awaiting_approval"


def test_the_clock_ends_what_is_over_though_one_of_it_cannot_be_ended() -> None:
    """What fails stays due and does not stop the rest."""
    world = World()
    first = awaiting_approval(world)
    second = announced(world, world.candidate(product="other"))
    assert second.status == "held"
    lane = world.wiring.records.lane("service", world.deployment.target)
    assert lane is not None
    world.wiring.records._set(lane.model_copy(update={"revision": 9}))
    world.clock.move_to(CLOSES_AT)
    ticked = world.tick()
    assert ticked["failed"] == 1
    assert world.record(first.cutover).status == "awaiting_approval"
    assert world.record(second.cutover).status == "expired"


def test_a_clock_that_did_not_run_for_long_does_it_all_at_once() -> None:
    world = World()
    awaiting_window(world)
    world.clock.move_to(CLOSES_AT + timedelta(days=30))
    world.tick()
    assert (world.record().status, world.record().reason) == ("expired", "WINDOW_CLOSED")
    assert world.messages() == []
    assert_consistent(world)


def test_a_token_that_is_stored_after_the_end_and_lost_on_its_stream_is_found_by_the_clock() -> None:
    """Refused before its execution waits; the relay hears of the end at once, and of the token never."""
    world = DeafWorld()
    world.announce()
    world.every = 1
    while not world.machine.executions or world.execution().state != "WasRequested":
        world.step()
    world.decide("omar", "refuse")
    assert world.record().status == "declined"
    assert world._stream()  # the relay hears of the end
    world.every = 0
    world.run()
    assert world.execution().state == "AwaitApproval"
    world.every = 1
    repair(world)
    assert world.execution().visited[-1] == "Declined"


def test_nobody_is_reminded_for_good_of_what_has_ended() -> None:
    """Its execution was stopped before it waited: no token ever comes."""
    world = World()
    world.announce()
    while not world.machine.executions or world.execution().state != "WasRequested":
        world.step()
    world.machine.stop(world.execution().name)
    world.decide("omar", "refuse")
    repair(world, minutes=17)
    assert (world.record().status, world.record().signal) == ("declined", None)
