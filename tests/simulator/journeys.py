"""Stretches of a release's way, and what stands at their end."""

import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson

from cutover.contracts.candidate import Candidate
from cutover.contracts.holds import Hold, HoldMessage, HoldRegister
from cutover.domain import holds, ledger
from cutover.domain.ledger import status_by_ledger
from cutover.domain.record import RevisionRecord, Status
from tests.building.policy import OPENS_AT
from tests.simulator.world import World

AFTER_OPENING = OPENS_AT + timedelta(minutes=1)


def revise(world: World, name: str, change: Callable[[Any], Any]) -> None:
    """The source system publishes a new version of a record, as ``change`` makes it from the JSON value."""
    record = world.records[name]
    said = orjson.loads(record.payload)
    said = change(said) or said
    rewrite(world, name, json.dumps(said, indent=1, ensure_ascii=False).encode())


def rewrite(world: World, name: str, payload: bytes) -> None:
    """The source system publishes exactly these bytes as the record's new version."""
    world.records[name] = world.upload(dataclasses.replace(world.records[name], payload=payload))


def announced(world: World, candidate: Candidate | None = None) -> RevisionRecord:
    """A candidate goes as far as it can without people and time; the record that it opened."""
    digest = world.announce(candidate)
    world.run()
    admission = world.admission(digest)
    assert admission.cutover is not None, admission.faults
    return world.record(admission.cutover)


def awaiting_approval(world: World, candidate: Candidate | None = None) -> RevisionRecord:
    record = announced(world, candidate)
    assert record.status == "awaiting_approval", open_holds(world, record)
    return record


def awaiting_window(world: World, candidate: Candidate | None = None) -> RevisionRecord:
    """Both roles have approved."""
    record = awaiting_approval(world, candidate)
    for person in ("erin", "omar"):
        world.decide(person)
        world.run()
    after = world.record(record.cutover)
    assert after.status == "awaiting_window"
    return after


def handed_off(world: World, candidate: Candidate | None = None) -> RevisionRecord:
    record = awaiting_window(world, candidate)
    if world.clock.now() < AFTER_OPENING:
        world.clock.move_to(AFTER_OPENING)
    world.tick()
    after = world.record(record.cutover)
    assert after.status == "handed_off"
    return after


def forge(world: World, chain: str) -> None:
    """Makes a chain's last entry follow its first: whoever can write the table takes out what was between."""
    first, *_, last = world.ledger(chain)
    forged = last.model_copy(update={"previous": ledger.entry_digest(first)})
    world.wiring.records._set(forged)
    world.wiring.records._set(ledger.head_of(forged))


def register_of(world: World, record: RevisionRecord) -> HoldRegister:
    assert record.hold_register is not None
    return HoldRegister.model_validate_json(world.wiring.store.get(record.hold_register, limit=2**24))


def open_holds(world: World, record: RevisionRecord) -> tuple[Hold, ...]:
    return holds.open_holds(register_of(world, record)) if record.hold_register else ()


def told(world: World) -> list[HoldMessage]:
    """What the exception queue received."""
    return [HoldMessage.model_validate_json(message.body) for message in world.wiring.exceptions.messages]


def assert_consistent(world: World, cutover: str | None = None) -> None:
    """The ledger is one chain, and it alone gives the status that the record has."""
    record = world.record(cutover)
    assert status_by_ledger(world.ledger(record.cutover), record.revision) == record.status


def repair(world: World, minutes: int = 2) -> None:
    """Some minutes pass; the clock function runs in each."""
    for _ in range(minutes):
        world.clock.move(timedelta(minutes=1))
        world.tick()


def caught_before(stage: str, act: Callable[[World], object]) -> Callable[[World], Status]:
    """``act`` when the machine is about to call this stage for the first time. The status at that moment."""

    def arrange(world: World) -> Status:
        seen: list[Status] = []

        def before(name: str, payload: Any) -> None:
            if (payload.get("state") or name) == stage and not seen:
                seen.append(world.record().status)
                act(world)

        world.before_invoke = before
        world.announce()
        world.run()
        if not seen:
            for person in ("erin", "omar"):
                world.decide(person)
                world.run()
        return seen[0]

    return arrange


def when(journey: Callable[[World], RevisionRecord], act: Callable[[World], object]) -> Callable[[World], Status]:
    """``act`` at the end of this stretch of the way, and what follows. The status before it."""

    def arrange(world: World) -> Status:
        record = journey(world)
        act(world)
        world.run()
        return record.status

    return arrange
