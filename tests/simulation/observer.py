"""Follows every write as it happens, so that each invariant is checked on what changed and nothing else.

``wrote`` is called once for each write of a function, with the new images in the order of the transaction. It keeps
what earlier writes said (statuses by record and by ledger, heads, slots) and hands both to ``invariants``.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from cutover.contracts.ledger import LedgerEntry
from cutover.domain import ledger
from cutover.domain.record import Admission, Brake, RevisionRecord, Slot
from tests.simulation import invariants
from tests.simulation.chaos import Invocation
from tests.simulation.environment import Environment
from tests.simulation.violation import looking

Name = tuple[str, int]
"""A cutover and its revision; an admission's digest and 0."""


@dataclass
class Write:
    """One transaction as the table's stream shows it, by whom, and what stood before it."""

    function: str
    invocation: Invocation | None
    entries: list[LedgerEntry]
    images: dict[Name, RevisionRecord | Admission]
    slots: list[Slot]
    brakes: list[Brake] = field(default_factory=list)


@dataclass
class Observer:
    """What was seen of one world."""

    world: Environment
    records: dict[Name, RevisionRecord] = field(default_factory=dict)
    admissions: dict[Name, Admission] = field(default_factory=dict)
    by_ledger: dict[Name, str] = field(default_factory=dict)
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    slots: dict[tuple[str, str], Name] = field(default_factory=dict)
    sent: dict[str, bytes] = field(default_factory=dict)
    brake: list[tuple[datetime, bool]] = field(default_factory=list)
    older: dict[Name, RevisionRecord | Admission] = field(default_factory=dict)
    """The image before the present one, for readings that lag."""
    rows: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)

    def start(self) -> None:
        """What the world holds already is where the observation begins."""
        for model in list(self.world.wiring.records._models.values()):
            self._keep(model)
        self.rows.clear()
        self.statuses.clear()

    def wrote(self, invocation: Invocation | None, written: Iterable[BaseModel]) -> Write:
        """Check one write, then remember it. ``invocation`` None: an operator wrote to the table directly."""
        models = list(written)
        write = Write(
            invocation.function if invocation else "",
            invocation,
            [each for each in models if isinstance(each, LedgerEntry)],
            {name_of(each): each for each in models if isinstance(each, (RevisionRecord, Admission))},
            [each for each in models if isinstance(each, Slot)],
            [each for each in models if isinstance(each, Brake)],
        )
        for check in invariants.OF_WRITES:
            with looking():
                check(self, write)
        for model in models:
            self._keep(model)
        return write

    def before(self, invocation: Invocation, call: str, args: tuple[Any, ...], given: dict[str, Any]) -> None:
        """A call is about to be made."""
        if call == "deployment.send":
            for check in invariants.OF_SENDS:
                with looking():
                    check(self, invocation, given)
            self.sent.setdefault(given["deduplication_id"], given["body"])

    def lagging(self, model: Any) -> Any:
        """An older image of the same thing, where there was one."""
        known = isinstance(model, (RevisionRecord, Admission))
        return self.older.get(name_of(model), model) if known else model

    def _keep(self, model: BaseModel) -> None:
        if isinstance(model, RevisionRecord):
            self._moved(name_of(model), self.records.get(name_of(model)), model)
            self.records[name_of(model)] = model
        elif isinstance(model, Admission):
            self._moved(name_of(model), self.admissions.get(name_of(model)), model)
            self.admissions[name_of(model)] = model
        elif isinstance(model, LedgerEntry):
            self._told(model)
        elif isinstance(model, Slot):
            self.slots[model.queue_arn, model.window] = (model.cutover, model.revision)
        elif isinstance(model, Brake):
            self.brake.append((self.world.clock.now(), model.engaged))

    def _moved(self, name: Name, before: RevisionRecord | Admission | None, after: RevisionRecord | Admission) -> None:
        if before is not None:
            self.older[name] = before
        if before is None or before.status != after.status:
            self.statuses[after.status.value] += 1

    def _told(self, entry: LedgerEntry) -> None:
        self.heads[entry.chain] = (entry.sequence, ledger.entry_digest(entry))
        if entry.transition is not None:
            self.rows[f"{entry.transition} {entry.event}"] += 1
        name = told_of(entry)
        if name is not None and entry.to is not None:
            self.by_ledger[name] = entry.to


def name_of(model: RevisionRecord | Admission) -> Name:
    return (model.digest, 0) if isinstance(model, Admission) else (model.cutover, model.revision)


def told_of(entry: LedgerEntry) -> Name | None:
    """What an entry tells of: a revision, or the admission of an envelope."""
    if entry.revision is not None:
        return (entry.chain, entry.revision)
    envelope = entry.inputs.get("envelope")
    return (envelope, 0) if envelope and entry.chain.startswith("admissions.") else None
