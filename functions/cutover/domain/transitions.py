"""The protocol of a revision as data (DESIGN §5): which status may follow which, and who may write it.

Nothing else may change a status. ``recorder`` turns one row into one conditional transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cutover.domain.record import FINAL, LIVE, Admission, RevisionRecord, Signal, Status
from cutover.errors import Refused

REPAIR_AFTER = timedelta(seconds=60)
"""How long a signal may wait for the relay before the clock repeats it."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One row. ``writers`` maps each function that may take it to the statuses that it may take it from.

    ``target`` None keeps the status. No statuses at all means that there is no record yet.
    """

    number: int
    event: str
    writers: Mapping[str, frozenset[Status]]
    target: Status | None
    signal: Signal | None = None


def _row(
    number: int, event: str, writers: dict[str, set[Status]], target: Status | None, signal: Signal | None = None
) -> Transition:
    return Transition(number, event, {name: frozenset(status) for name, status in writers.items()}, target, signal)


_S = Status
TABLE: dict[int, Transition] = {
    row.number: row
    for row in (
        _row(1, "announced", {"intake": set()}, _S.ADMITTING, Signal.START),
        _row(2, "refused", {"admit": {_S.ADMITTING}}, _S.REFUSED),
        _row(3, "admitted", {"admit": {_S.ADMITTING}}, _S.COLLECTING),
        _row(6, "assembled", {"assemble": {_S.COLLECTING}}, _S.VERIFYING),
        _row(7, "held", {"bind": {_S.VERIFYING}}, _S.HELD),
        _row(10, "bound", {"bind": {_S.VERIFYING}}, _S.BOUND),
        _row(11, "approval-requested", {"request-approval": {_S.BOUND}}, _S.AWAITING_APPROVAL),
        _row(12, "approval-given", {"approvals": {_S.AWAITING_APPROVAL}}, None),
        _row(13, "approved", {"approvals": {_S.AWAITING_APPROVAL}}, _S.APPROVED, Signal.WAKE),
        _row(
            15, "declined",
            {"bind": {_S.VERIFYING}, "approvals": {_S.AWAITING_APPROVAL, _S.APPROVED, _S.AWAITING_WINDOW}},
            _S.DECLINED, Signal.WAKE,
        ),
        _row(16, "awaiting-window", {"await-token": {_S.APPROVED}}, _S.AWAITING_WINDOW),
        _row(18, "handing-off", {"hand-off": {_S.AWAITING_WINDOW}}, _S.HANDING_OFF),
        _row(19, "handing-off-again", {"hand-off": {_S.HANDING_OFF}}, None),
        _row(20, "handed-off", {"hand-off": {_S.HANDING_OFF}}, _S.HANDED_OFF),
        _row(21, "uncertain", {"clock": {_S.HANDING_OFF}}, _S.UNCERTAIN),
        _row(23, "expired", {"clock": set(LIVE)}, _S.EXPIRED, Signal.WAKE),
    )
}  # fmt: skip


def permitted(number: int, status: Status, writer: str) -> Transition:
    """The row, if ``writer`` may take it from ``status``; ``Refused`` (``ILLEGAL_TRANSITION``) otherwise."""
    row = TABLE.get(number)
    if row is None or status not in row.writers.get(writer, frozenset()):
        raise Refused("ILLEGAL_TRANSITION", f"{writer} may not take transition {number} from {status}")
    return row


def due_at(record: RevisionRecord, now: datetime) -> datetime | None:
    """When the clock must look at this record next; None when nothing will ever be due."""
    if record.signal is not None:
        return now + REPAIR_AFTER
    if record.status in FINAL:
        return None
    if record.status is Status.HANDING_OFF:
        return record.expires_at if record.lease_until is None else max(record.lease_until, record.expires_at)
    if record.status is Status.AWAITING_WINDOW and record.wake_at is not None:
        return min(record.expires_at, max(record.wake_at, now + REPAIR_AFTER))
    return record.expires_at


def admission_due_at(admission: Admission, now: datetime) -> datetime | None:
    """An admission is due as long as its execution may not have been started."""
    return now + REPAIR_AFTER if admission.signal is not None else None
