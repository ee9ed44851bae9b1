"""The one way to change a record: a row of the table, its ledger entries, one transaction.

Nobody else builds a ``Commit``. The recorder checks the row against the status and the writer,
sets what follows from it (signal, next look of the clock, lane, slot), and appends the entries.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cutover.admissions import Admissions, admitted, originally
from cutover.contracts.base import Digest
from cutover.domain import schedule, transitions
from cutover.domain.entries import Told
from cutover.domain.record import FINAL, KEEPS_SLOT, Admission, Lane, PasskeyUse, RevisionRecord, Signal, Slot, Status
from cutover.domain.transitions import Transition
from cutover.errors import Conflict, DocumentMissing, Fenced, Refused
from cutover.journal import DECISIONS
from cutover.ports import Commit

TAKEN = frozenset({"slot", "nonce", "payload", "admission", "opened"})
"""Parts that a new decision on the same record would find taken again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The next revision, opened by the step that ends the one before. ``lane`` is what changes there besides.

    ``admission``: the candidate that opens it, where a new one does; ``payload`` is that candidate's digest.
    """

    record: RevisionRecord
    lane: dict[str, Any] = field(default_factory=dict)
    admission: Admission | None = None
    payload: Digest | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a decision asks the recorder to write: the event of one row, and what changes with it."""

    event: str
    requester: str
    updates: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Digest] = field(default_factory=dict)
    result: str = "DONE"
    detail: str | None = None
    facts: Digest | None = None
    claim: Slot | None = None
    nonce: Digest | None = None
    passkey: PasskeyUse | None = None
    passkey_before: PasskeyUse | None = None
    opening: Opening | None = None


class Recorder(Admissions):
    """Writes revisions, in the name of one function (``role``)."""

    __slots__ = ()

    def read(self, cutover: str, revision: int) -> RevisionRecord:
        """``Fenced`` when another execution than this recorder's serves the revision now."""
        record = self.records.revision(cutover, revision)
        if record is None:
            raise DocumentMissing(f"no record of {cutover} revision {revision}")
        self.seen(record)
        if self.execution not in {None, record.execution}:
            raise Fenced(f"execution {record.execution} serves {cutover} revision {revision}, not {self.execution}")
        return record

    def advance(self, cutover: str, revision: int, decide: Callable[[RevisionRecord], Step | None]) -> RevisionRecord:
        """Decide on the present record and write the step; on a lost race, decide again on the new one.

        ``decide`` returns None when there is nothing to write. Raises ``Refused``
        (``ILLEGAL_TRANSITION``, ``NOT_CURRENT``), ``Fenced``, and ``Conflict`` when races are lost again and
        again or a part other than the readings is taken.
        """
        for remaining in reversed(range(DECISIONS)):
            record = self.read(cutover, revision)
            step = decide(record)
            if step is None:
                return record
            try:
                return self._write(record, step)
            except Conflict as conflict:
                if remaining == 0 or conflict.parts & TAKEN:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def note(
        self, record: RevisionRecord, event: str, *, result: str, detail: str | None = None, **updates: Any
    ) -> RevisionRecord:
        """A ledger entry that changes no status, and perhaps when to look again.

        ``inputs`` and ``requester`` may be among the updates: they are the entry's. So may ``nonce``, which the entry
        spends: ``Conflict`` (``nonce``) when it is spent.
        """
        more = {name: updates.pop(name) for name in ("inputs", "requester") if name in updates}
        nonce = updates.pop("nonce", None)
        if record.signal is Signal.ADOPT and self.execution == record.execution:
            updates = {"signal": None} | updates  # whoever writes in its own name is not lost
        after = self._after(record, record.status, updates) if updates else None
        told = Told.of(record, event, result=result, detail=detail, **{"requester": self.role, **more})
        self.append(record.cutover, told, record=after, record_before=record if after else None, nonce=nonce)
        return after or record

    def _write(self, record: RevisionRecord, step: Step) -> RevisionRecord:
        row = transitions.permitted(step.event, record.status, self.role, rehearsal=record.rehearsal)
        if row.opens != (step.opening is not None):
            raise Refused("ILLEGAL_TRANSITION", f"{step.event!r} opens a revision, or it does not")
        target = row.target or record.status
        follows = {"signal": self._signal_after(record, row)} | self._agreement(row) | self._due(record, row)
        after = self._after(record, target, follows | step.updates)
        lane = self._lane(record, row)
        head = self.records.chain(record.cutover)
        told = Told.of(
            after, row.event, result=step.result, detail=step.detail, requester=step.requester, row=row,
            before=record.status, inputs=step.inputs, facts=step.facts,
        )  # fmt: skip
        opening = step.opening
        opened = self._opened(opening) if opening else None
        following = (_told_of_opening(opened, row, step, opening),) if opened and opening else ()
        written = _lane_after(lane, record, target, opening)
        self.records.commit(
            Commit(
                entries=self.entries(head, told, *following), head_before=head, record=after, record_before=record,
                opened=opened, current=lane, lane=written, lane_before=lane if written else None, claim=step.claim,
                release=_slot_of(record) if target in FINAL and target not in KEEPS_SLOT else None,
                nonce=step.nonce, passkey=step.passkey, passkey_before=step.passkey_before,
                payload=opening.payload if opening else None,
                admission=_admitted(opening), admission_before=opening.admission if opening else None,
            )
        )  # fmt: skip
        return after

    def _signal_after(self, record: RevisionRecord, row: Transition) -> Signal | None:
        """A signal tells of the newest status; but an execution that was still to be started is not forgotten.

        One that writes for itself lives, whoever took it for lost.
        """
        alive = record.signal is Signal.ADOPT and self.execution == record.execution
        pending = record.signal if record.signal in {Signal.START, Signal.ADOPT} and not alive else None
        if pending is None or row.signal is Signal.START or row.target in FINAL:
            return row.signal
        return pending

    def _agreement(self, row: Transition) -> dict[str, Any]:
        """Since when every approval is given (rows 13 and 17 begin and end it), or people are waited for."""
        now = self.clock.now()
        since: dict[str, dict[str, Any]] = {
            "held": {"waits_since": now}, "approval-requested": {"waits_since": now}, "approved": {"approved_at": now},
            "approval-lapsed": {"approved_at": None, "waits_since": now},
        }  # fmt: skip
        return since.get(row.event, {})

    def _due(self, record: RevisionRecord, row: Transition) -> dict[str, Any]:
        """Until when somebody has to record what an emergency was: row 20 begins it, whoever writes that."""
        if row.event != "handed-off" or record.after_action_within is None:
            return {}
        return {"after_action_due": self.clock.now() + timedelta(seconds=record.after_action_within)}

    def _lane(self, record: RevisionRecord, row: Transition) -> Lane | None:
        """The lane, with this revision as the current one; None where it has gone on and may have."""
        lane = self.records.lane(record.product, record.target, rehearsal=record.rehearsal)
        if lane is not None and (lane.cutover, lane.revision) == (record.cutover, record.revision):
            return lane
        if row.current:
            # Superseded since it was read: a race that was lost, and no more.
            if self.records.revision(record.cutover, record.revision) != record:
                raise Conflict("record", "lane")
            raise Refused("NOT_CURRENT", f"{record.cutover} revision {record.revision} is not the current one")
        return None

    def _opened(self, opening: Opening) -> RevisionRecord:
        """The record that is opened. Where no execution of a candidate goes on with it, one has to be started."""
        record = opening.record.model_copy(update={"signal": None if opening.admission else Signal.START})
        return record.model_copy(update={"due_at": schedule.due_at(record, self.clock.now())})

    def _after(self, record: RevisionRecord, status: Status, updates: dict[str, Any]) -> RevisionRecord:
        now = self.clock.now()
        changed = record.model_copy(
            update={"moved_at": now} | updates | {"status": status, "version": record.version + 1}
        )
        return changed.model_copy(update={"due_at": schedule.due_at(changed, now)})


def _told_of_opening(opened: RevisionRecord, row: Transition, step: Step, opening: Opening) -> Told:
    """The second entry: the new revision's first status. From nothing, unless a candidate was being admitted."""
    original = originally(opened, opening.payload) if opening.payload else {}
    return Told.of(
        opened, "opened", result=step.result, requester=step.requester, row=row,
        before=opening.admission.status if opening.admission else None, inputs=step.inputs | original,
    )  # fmt: skip


def _admitted(opening: Opening | None) -> Admission | None:
    if opening is None or opening.admission is None or opening.payload is None:
        return None
    return admitted(opening.admission, opening.record, opening.payload)


def _lane_after(lane: Lane | None, record: RevisionRecord, target: Status, opening: Opening | None) -> Lane | None:
    """The lane as it will be when ``record`` goes on to ``target``; None when it does not change.

    A revision that ends with all its approvals is what people are told the next one differs from, unless somebody
    refused it in the end.
    """
    if lane is None:
        return None
    if opening is not None:
        changed: dict[str, Any] = opening.lane | {"revision": opening.record.revision, "ended": None}
    elif target in FINAL:
        changed = {"ended": target}
    else:
        return None
    if record.approved_at is not None and target is not Status.DECLINED:
        changed["approved"] = record.manifest
    return lane.model_copy(update=changed | {"version": lane.version + 1})


def _slot_of(record: RevisionRecord) -> Slot | None:
    if record.queue_arn is None:
        return None
    return Slot(queue_arn=record.queue_arn, window=record.window, cutover=record.cutover, revision=record.revision)
