"""The one way to change a record: a row of the table, one ledger entry, one transaction.

Nobody else builds a ``Commit``. The recorder checks the row against the status and the writer,
sets what follows from it (signal, next look of the clock, lane, slot), and appends the entry.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cutover.contracts.base import Digest
from cutover.contracts.ledger import LedgerEngine, LedgerEntry
from cutover.domain import attempts, ledger, transitions
from cutover.domain.entries import Told, entry_after
from cutover.domain.record import FINAL, KEEPS_SLOT, Admission, ChainHead, Fault, Lane, RevisionRecord, Slot, Status
from cutover.errors import Conflict, DocumentMissing, Refused
from cutover.ports import Clock, Commit, Records

DECISIONS = 5
"""How often a decision is made again on a fresh reading after a lost race. No service call is retried here."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a decision asks the recorder to write."""

    transition: int
    requester: str
    updates: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Digest] = field(default_factory=dict)
    result: str = "DONE"
    detail: str | None = None
    facts: Digest | None = None
    claim: Slot | None = None
    nonce: Digest | None = None


def _unseen(_record: RevisionRecord) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Writes in the name of one function (``role``)."""

    records: Records
    clock: Clock
    role: str
    engine: LedgerEngine
    seen: Callable[[RevisionRecord], None] = _unseen
    """Told of every record that is read, so that log lines can carry its correlation id."""

    def read(self, cutover: str, revision: int) -> RevisionRecord:
        record = self.records.revision(cutover, revision)
        if record is None:
            raise DocumentMissing(f"no record of {cutover} revision {revision}")
        self.seen(record)
        return record

    def advance(self, cutover: str, revision: int, decide: Callable[[RevisionRecord], Step | None]) -> RevisionRecord:
        """Decide on the present record and write the step; on a lost race, decide again on the new one.

        ``decide`` returns None when there is nothing to write. Raises ``Refused``
        (``ILLEGAL_TRANSITION``), and ``Conflict`` when races are lost again and again or a part
        other than the readings (``slot``, ``nonce``) is taken.
        """
        for remaining in reversed(range(DECISIONS)):
            record = self.read(cutover, revision)
            step = decide(record)
            if step is None:
                return record
            try:
                return self._write(record, step)
            except Conflict as conflict:
                if remaining == 0 or conflict.parts & {"slot", "nonce", "payload"}:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def note(
        self, record: RevisionRecord, event: str, *, result: str, detail: str | None = None, **updates: Any
    ) -> RevisionRecord:
        """A ledger entry that changes no status, and perhaps when to look again."""
        after = self._after(record, record.status, updates) if updates else None
        told = Told.of(record, event, result=result, detail=detail, requester=self.role)
        self._append(record.cutover, told, record=after, record_before=record if after else None)
        return after or record

    def note_admission(self, admission: Admission, event: str, *, result: str, detail: str | None = None) -> None:
        """A ledger entry about an admission that opened nothing yet."""
        told = Told.of_admission(admission, event, result=result, detail=detail)
        self._append(ledger.admissions_chain(admission.digest), told)

    def announce(self, admission: Admission) -> None:
        """Transition 1. ``Conflict`` (``admission``) when this envelope was announced before."""
        row = transitions.TABLE[1]
        opened = admission.model_copy(update={"signal": row.signal})
        due_at = transitions.admission_due_at(opened, self.clock.now())
        opened = opened.model_copy(update={"due_at": due_at})
        told = Told.of_admission(opened, row.event, row=row, result="ANNOUNCED")
        self._append(ledger.admissions_chain(admission.digest), told, admission=opened)

    def readmit(self, admission: Admission, *, asked: bool = False) -> Admission:
        """Another execution for an admission that its execution left undecided, or its abandonment at the end
        of a series of attempts, unless somebody ``asked``. A reading that is not the present one changes nothing.
        """
        if admission.status is not Status.ADMITTING or self.records.admission(admission.digest) != admission:
            return admission
        if attempts.exhausted(admission) and not asked:
            after, event, result = attempts.given_up(admission), "abandoned", "ADMISSION_ABANDONED"
            detail = f"{admission.attempt} executions left it undecided; announce the same envelope again"
        else:
            after = attempts.another(admission, self.clock.now())
            event, result, detail = "started-again", "EXECUTION_REPEATED", f"execution {after.attempt}"
        told = Told.of_admission(after, event, result=result, detail=detail)
        self._append(ledger.admissions_chain(admission.digest), told, admission=after, admission_before=admission)
        return after

    def refuse(self, admission: Admission, reason: str, faults: tuple[Fault, ...]) -> Admission:
        """Transition 2."""
        row = transitions.permitted(2, admission.status, self.role)
        refused = _decided(admission, Status.REFUSED, reason=reason, faults=faults)
        detail = "; ".join(f"{fault.pointer} {fault.code}" for fault in faults) or None
        told = Told.of_admission(refused, row.event, row=row, before=admission.status, result=reason, detail=detail)
        self._append(ledger.admissions_chain(admission.digest), told, admission=refused, admission_before=admission)
        return refused

    def admit(
        self, admission: Admission, record: RevisionRecord, *, lane: Lane, lane_before: Lane | None, payload: Digest
    ) -> None:
        """Transition 3: the admission, the new record, the lane and the payload's claim, all or nothing."""
        row = transitions.permitted(3, admission.status, self.role)
        opened = record.model_copy(update={"due_at": transitions.due_at(record, self.clock.now())})
        admitted = _decided(
            admission, Status.COLLECTING, payload=payload, cutover=record.cutover, revision=record.revision
        )
        head = self.records.chain(record.cutover)
        told = Told.of(
            opened, row.event, result="ADMITTED", requester=record.requester, row=row, before=admission.status,
            inputs={"candidate": payload, "envelope": admission.digest},
        )  # fmt: skip
        self.records.commit(
            Commit(
                entry=self._entry(head, told), head_before=head, record=opened, admission=admitted,
                admission_before=admission, lane=lane, lane_before=lane_before, payload=payload,
            )
        )  # fmt: skip

    def _write(self, record: RevisionRecord, step: Step) -> RevisionRecord:
        row = transitions.permitted(step.transition, record.status, self.role)
        target = row.target or record.status
        # A signal tells of the newest status only; what the relay needs to know it reads from the record.
        after = self._after(record, target, {"signal": row.signal} | step.updates)
        lane = self.records.lane(record.product, record.target)
        if lane is None or (lane.cutover, lane.revision) != (record.cutover, record.revision):
            raise Refused("NOT_CURRENT", f"{record.cutover} revision {record.revision} is not the current one")
        ends = target in FINAL
        head = self.records.chain(record.cutover)
        told = Told.of(
            after, row.event, result=step.result, detail=step.detail, requester=step.requester, row=row,
            before=record.status, inputs=step.inputs, facts=step.facts,
        )  # fmt: skip
        self.records.commit(
            Commit(
                entry=self._entry(head, told), head_before=head, record=after, record_before=record, current=lane,
                lane=lane.model_copy(update={"live": False, "version": lane.version + 1}) if ends else None,
                lane_before=lane if ends else None,
                claim=step.claim,
                release=_slot_of(record) if ends and target not in KEEPS_SLOT else None,
                nonce=step.nonce,
            )
        )  # fmt: skip
        return after

    def _append(self, chain: str, told: Told, **written: Any) -> None:
        """Commit what does not depend on the chain's head; when only the head was lost, on the new head again."""
        for remaining in reversed(range(DECISIONS)):
            head = self.records.chain(chain)
            try:
                return self.records.commit(Commit(entry=self._entry(head, told), head_before=head, **written))
            except Conflict as conflict:
                if remaining == 0 or conflict.parts - {"ledger"}:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _after(self, record: RevisionRecord, status: Status, updates: dict[str, Any]) -> RevisionRecord:
        changed = record.model_copy(update=updates | {"status": status, "version": record.version + 1})
        return changed.model_copy(update={"due_at": transitions.due_at(changed, self.clock.now())})

    def _entry(self, head: ChainHead, told: Told) -> LedgerEntry:
        return entry_after(head, told, at=self.clock.now(), role=self.role, engine=self.engine)


def _decided(admission: Admission, status: Status, **updates: Any) -> Admission:
    """An admission that Admit has decided on: nothing is due for it any more."""
    settled = {"status": status, "version": admission.version + 1, "signal": None, "due_at": None}
    return admission.model_copy(update=settled | updates)


def _slot_of(record: RevisionRecord) -> Slot | None:
    if record.queue_arn is None:
        return None
    return Slot(queue_arn=record.queue_arn, window=record.window, cutover=record.cutover, revision=record.revision)
