"""The main table in memory: the same conditions as the transaction in DynamoDB, judged under one lock."""

from collections.abc import Collection, Hashable, Iterator
from datetime import date, datetime
from threading import Lock
from typing import TypeVar

from pydantic import BaseModel

from cutover.adapters.commits import new_head
from cutover.contracts.base import Digest, parse_instant
from cutover.contracts.ledger import LedgerEntry
from cutover.domain.record import (
    SETTLED,
    ActivePolicy,
    Admission,
    Brake,
    ChainHead,
    Enrolled,
    Lane,
    PasskeyUse,
    RevisionRecord,
    Signal,
    Slot,
    Status,
)
from cutover.errors import Conflict
from cutover.ports import Commit, Due

M = TypeVar("M", bound=BaseModel)


class InMemoryRecords:
    """Implements ``Records``. ``changes`` collects each new image in order, as the table's stream would."""

    def __init__(self) -> None:
        self.changes: list[BaseModel] = []
        self._models: dict[Hashable, BaseModel] = {}
        self._payloads: dict[Digest, tuple[str, int]] = {}
        self._nonces: set[Digest] = set()
        self._lock = Lock()

    def admission(self, digest: Digest) -> Admission | None:
        return self._get(Admission, digest)

    def revision(self, cutover: str, revision: int) -> RevisionRecord | None:
        return self._get(RevisionRecord, cutover, revision)

    def lane(self, product: str, target: str, *, rehearsal: bool = False) -> Lane | None:
        return self._get(Lane, product, target, rehearsal)

    def chain(self, chain: str) -> ChainHead:
        return self._get(ChainHead, chain) or ChainHead(chain=chain)

    def ledger(self, chain: str, *, after: int = 0) -> Iterator[LedgerEntry]:
        entries = [model for model in self._all(LedgerEntry) if model.chain == chain and model.sequence > after]
        return iter(sorted(entries, key=lambda entry: entry.sequence))

    def written_on(self, day: date) -> Iterator[LedgerEntry]:
        found = [entry for entry in self._all(LedgerEntry) if entry.at.date() == day]
        return iter(sorted(found, key=lambda entry: entry.at))

    def slot(self, queue_arn: str, window: str) -> Slot | None:
        return self._get(Slot, queue_arn, window)

    def payload_owner(self, payload: Digest) -> tuple[str, int] | None:
        return self._payloads.get(payload)

    def policy(self) -> ActivePolicy | None:
        return self._get(ActivePolicy)

    def activate_policy(self, policy: ActivePolicy) -> None:
        with self._lock:
            active = self.policy()
            if active is not None and active.version > policy.version:
                raise Conflict("policy")
            self._set(policy)

    def brake(self) -> Brake | None:
        return self._get(Brake)

    def set_brake(self, brake: Brake) -> None:
        with self._lock:
            self._set(brake)

    def spent(self, nonce: Digest) -> bool:
        return nonce in self._nonces

    def passkey_use(self, credential: Digest) -> PasskeyUse | None:
        return self._get(PasskeyUse, credential)

    def enrolments(self, person: str) -> Iterator[Enrolled]:
        return iter([each for each in self._all(Enrolled) if each.person == person])

    def commit(self, commit: Commit) -> None:
        head = new_head(commit)
        with self._lock:
            if failed := list(dict.fromkeys(self._failed(commit))):
                raise Conflict(*failed)
            if commit.payload and commit.opened:
                self._payloads[commit.payload] = (commit.opened.cutover, commit.opened.revision)
            if commit.nonce:
                self._nonces.add(commit.nonce)
            if commit.release:
                self._models.pop(_name(commit.release), None)
            written = (
                commit.record, commit.opened, commit.admission, commit.lane, commit.claim, commit.brake,
                commit.passkey, commit.enrolled, commit.policy,
            )  # fmt: skip
            for model in (head, *commit.entries, *written):
                if model is not None:
                    self._set(model)

    def clear_signal(self, of: RevisionRecord | Admission) -> None:
        with self._lock:
            stored = self._get(type(of), *_name(of)[1:])
            if of.signal and stored and (stored.version, stored.signal) == (of.version, of.signal):
                self._set(stored.model_copy(update={"signal": None}))

    def nudge(self, of: RevisionRecord | Admission, *, signal: Signal | None, due_at: datetime | None) -> None:
        with self._lock:
            stored = self._get(type(of), *_name(of)[1:])
            reading = (of.version, of.signal, of.due_at)
            due_at = parse_instant(due_at) if due_at else None
            changed = (signal, due_at) != (of.signal, of.due_at)
            if changed and stored and (stored.version, stored.signal, stored.due_at) == reading:
                self._set(stored.model_copy(update={"signal": signal, "due_at": due_at}))

    def due(self, now: datetime, *, limit: int) -> Iterator[Due]:
        records: list[RevisionRecord | Admission] = [*self._all(RevisionRecord), *self._all(Admission)]
        found = [
            (record.due_at, record)
            for record in records
            if record.due_at is not None and record.due_at <= now and _waits(record)
        ]
        found.sort(key=lambda pair: pair[0])
        return iter([record for _, record in found[:limit]])

    def waiting(self, statuses: Collection[Status], *, limit: int) -> Iterator[RevisionRecord]:
        indexed = [record for record in self._all(RevisionRecord) if record.due_at is not None]
        return iter([record for record in indexed if record.status in statuses][:limit])

    def _failed(self, commit: Commit) -> Iterator[str]:
        """The parts whose condition does not hold, in the order of the transaction."""
        if self.chain(commit.head_before.chain) != commit.head_before:
            yield "ledger"
        yield from self._stale("record", commit.record, commit.record_before)
        yield from self._stale("opened", commit.opened, None)
        yield from self._stale("brake", commit.brake, commit.brake_before)
        yield from self._stale("admission", commit.admission, commit.admission_before)
        yield from self._stale("lane", commit.lane, commit.lane_before)
        if commit.current and not self._is_current(commit.current):
            yield "lane"
        for slot in (commit.claim, commit.release):
            if slot and self.slot(slot.queue_arn, slot.window) not in (None, slot):
                yield "slot"
        if commit.payload and commit.opened:
            ours = (commit.opened.cutover, commit.opened.revision)
            if self._payloads.get(commit.payload, ours) != ours:
                yield "payload"
        yield from self._stale("passkey", commit.passkey, commit.passkey_before)
        yield from self._stale("enrolled", commit.enrolled, None)
        yield from self._stale("policy", commit.policy, commit.policy_before)
        if commit.nonce in self._nonces:
            yield "nonce"

    def _stale(self, part: str, new: BaseModel | None, before: BaseModel | None) -> Iterator[str]:
        if new is None:
            return
        stored = self._models.get(_name(new))
        if _guarded(stored) != _guarded(before):
            yield part

    def _is_current(self, reading: Lane) -> bool:
        stored = self.lane(reading.product, reading.target, rehearsal=reading.rehearsal)
        return stored is not None and (stored.cutover, stored.revision) == (reading.cutover, reading.revision)

    def _get(self, model: type[M], *name: object) -> M | None:
        found = self._models.get((model.__name__, *name))
        return found if isinstance(found, model) else None

    def _all(self, model: type[M]) -> list[M]:
        return [stored for stored in list(self._models.values()) if isinstance(stored, model)]

    def _set(self, model: BaseModel) -> None:
        self._models[_name(model)] = model
        self.changes.append(model)


def _name(model: BaseModel) -> tuple[Hashable, ...]:
    """The kind, and the fields that name one of it."""
    names: dict[type[BaseModel], tuple[str, ...]] = {
        RevisionRecord: ("cutover", "revision"),
        Admission: ("digest",),
        Lane: ("product", "target", "rehearsal"),
        ChainHead: ("chain",),
        LedgerEntry: ("chain", "sequence"),
        Slot: ("queue_arn", "window"),
        PasskeyUse: ("credential",),
        Enrolled: ("person", "invitation"),
    }
    fields = names.get(type(model), ())
    return (type(model).__name__, *(getattr(model, field) for field in fields))


def _guarded(model: BaseModel | None) -> object:
    """What a write is conditional on."""
    fields = ("version", "status", "decision_seq", "cutover", "revision", "engaged", "sign_count")
    return None if model is None else tuple(getattr(model, field, None) for field in fields[: _count(model)])


def _count(model: BaseModel) -> int:
    """An admission's cutover may be filled in later under the same guard; a lane's is part of its own."""
    return 2 if isinstance(model, Admission) else 7


def _waits(of: RevisionRecord | Admission) -> bool:
    ended = of.status in SETTLED if isinstance(of, RevisionRecord) else of.status is not Status.ADMITTING
    return of.signal is not None or not ended
