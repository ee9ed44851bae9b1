"""A world in which a function's process can end at any call of a port, and the services around it go on."""

import contextlib
import copy
import warnings
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from cutover.domain.record import RevisionRecord
from cutover.runtime.observability import metrics
from tests.building.policy import CLOSES_AT
from tests.fakes.faults import Faults, Killed, faulty
from tests.simulator.journeys import AFTER_OPENING, assert_consistent
from tests.simulator.world import World

PORTS = ("records", "store", "deployment", "exceptions", "tokens", "workflow", "mailer", "messages")
EFFECTS = (
    "records.commit", "records.clear_signal", "records.nudge", "store.put", "store.put_tombstone",
    "store.put_ledger_head", "store.put_handoff", "deployment.send", "exceptions.send", "tokens.put",
    "tokens.delete", "workflow.start", "workflow.succeed", "mailer.send",
    "messages.put",
)  # fmt: skip


class FunctionEnded(Exception):
    """What Step Functions, API Gateway or a stream sees of a process that ended."""


class MortalWorld(World):
    """Ends one function's process at one point; whoever called it deals with that as its service does."""

    def __init__(self, function: str, kill_at: int | None = None) -> None:
        super().__init__()
        self.function = function
        self.faults = Faults(kill_at=kill_at)

    def invoke(self, module: str, event: Any) -> Any:
        if module != self.function:
            return super().invoke(module, event)
        with self._mortal():
            return super().invoke(module, event)

    @contextlib.contextmanager
    def _mortal(self) -> Iterator[None]:
        kept = {name: getattr(self.wiring, name) for name in PORTS}
        self.wiring.__dict__.pop("policies", None)
        for name, port in kept.items():
            setattr(self.wiring, name, faulty(port, name, self.faults))
        try:
            # A process that ended says nothing any more; here its ``finally`` blocks still run, and Powertools warns.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                yield
        except Killed as killed:
            metrics.clear_metrics()
            # Powertools' mark of an invocation under way ends with the time that this one had left.
            self.wiring.idempotency.clear()
            raise FunctionEnded(str(killed)) from None
        finally:
            self.wiring.__dict__.pop("policies", None)
            for name, port in kept.items():
                setattr(self.wiring, name, port)

    def streamed(self, event: dict[str, Any]) -> None:
        """An event source mapping tries a batch again."""
        for door in ("doors.relay", "doors.seal", "doors.messenger"):
            self._until_it_lives(door, event)

    def tick(self) -> dict[str, int]:
        """A clock that was ended runs again with the next minute; nothing waits for it."""
        with contextlib.suppress(FunctionEnded):
            return super().tick()
        self.run()
        return {}

    def deliver(self, body: str) -> dict[str, Any]:
        """SQS delivers a message again until it was handled."""
        with contextlib.suppress(FunctionEnded):
            return super().deliver(body)
        return super().deliver(body)

    def insist(self, person: str, decision: str = "approve") -> None:
        """A person opens the link and answers, again when the page broke, until their answer is on record."""
        for _ in range(3):
            if any(each.person == person for each in self.record().decisions):
                return
            with contextlib.suppress(FunctionEnded):
                self.decide(person, decision)
        raise AssertionError(f"{person} could not decide")

    def _until_it_lives(self, door: str, event: dict[str, Any]) -> None:
        with contextlib.suppress(FunctionEnded):
            self.invoke(door, event)
            return
        self.invoke(door, event)


def copied(world: MortalWorld, kill_at: int) -> MortalWorld:
    """The same world once more, in which the function will be killed at that point.

    What cannot change is shared: keys, and everything that is frozen.
    """
    world.wiring.__dict__.pop("policies", None)
    records, wiring = world.wiring.records, world.wiring
    shared = (world.deployment, records._lock, wiring._making, wiring.settings)
    memo: dict[int, Any] = {id(each): each for each in shared}
    memo |= {id(model): model for model in (*records._models.values(), *records.changes, *world.records.values())}
    again = copy.deepcopy(world, memo)
    again.faults = Faults(kill_at=kill_at)
    return again


def release(world: MortalWorld) -> RevisionRecord:
    """The rest of the road, with patience: people come back, the clock ticks on, leases run out."""
    if not world.admissions():
        world.announce()
    world.run()
    if world.record().status not in {"approved", "awaiting_window"}:
        until(world, "awaiting_approval")
        for person in ("erin", "omar"):
            world.insist(person)
            world.run()
    until(world, "awaiting_window")
    if world.clock.now() < AFTER_OPENING:
        world.clock.move_to(AFTER_OPENING)
    return until(world, "handed_off")


def until(world: MortalWorld, status: str) -> RevisionRecord:
    """Minutes pass, the clock ticks in each, until the record stands there."""
    end = min(CLOSES_AT, world.clock.now() + timedelta(minutes=12))
    while world.record().status != status and world.clock.now() < end:
        world.clock.move(timedelta(minutes=1))
        world.tick()
    record = world.record()
    assert record.status == status, (world.execution(), world.ledger()[-1])
    return record


def assert_one_effect(world: World) -> None:
    """Row 35: one id, one payload, one stored envelope; a ledger that tells the same story as the record."""
    record = world.record()
    assert record.handoff is not None
    stored = world.wiring.store.get_handoff(record.handoff_id or "")
    messages = world.wiring.deployment.messages(world.deployment.target)
    assert {message.body for message in messages} == {stored}
    assert {message.deduplication_id for message in messages} == {(record.handoff_id or "").removeprefix("sha256:")}
    assert len(messages) == 1, "every repeat lies within the time that the queue remembers"
    taken = [entry.transition for entry in world.ledger() if entry.transition is not None]
    once = [number for number in taken if number != 19]
    assert once == [3, 6, 10, 11, 12, 13, 16, 18, 20]
    assert world.execution().visited[-1] == "HandedOff"
    assert len(world.machine.executions) == 1
    assert_consistent(world)
