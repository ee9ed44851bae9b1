"""The protocol of a revision as data (DESIGN §5): which status may follow which, and who may write it.

Nothing else may change a status. ``recorder`` turns one row into one conditional transaction.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cutover.domain.record import FINAL, LIVE, Admission, RevisionRecord, Signal, Status
from cutover.errors import Refused

REPAIR_AFTER = timedelta(seconds=60)
"""How long a signal may wait for the relay before the clock repeats it."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One row. ``target`` None keeps the status. ``sources`` empty means that there is no record yet."""

    number: int
    event: str
    sources: frozenset[Status]
    target: Status | None
    writers: frozenset[str]
    signal: Signal | None = None


def _row(
    number: int,
    event: str,
    sources: set[Status],
    target: Status | None,
    *writers: str,
    signal: Signal | None = None,
) -> Transition:
    return Transition(number, event, frozenset(sources), target, frozenset(writers), signal)


_S = Status
_DECIDING = {_S.AWAITING_APPROVAL, _S.APPROVED, _S.AWAITING_WINDOW}
TABLE: dict[int, Transition] = {
    row.number: row
    for row in (
        _row(1, "announced", set(), _S.ADMITTING, "intake", signal=Signal.START),
        _row(2, "refused", {_S.ADMITTING}, _S.REFUSED, "admit"),
        _row(3, "admitted", {_S.ADMITTING}, _S.COLLECTING, "admit"),
        _row(6, "assembled", {_S.COLLECTING}, _S.VERIFYING, "assemble"),
        _row(7, "held", {_S.VERIFYING}, _S.HELD, "bind"),
        _row(10, "bound", {_S.VERIFYING}, _S.BOUND, "bind"),
        _row(11, "approval-requested", {_S.BOUND}, _S.AWAITING_APPROVAL, "request-approval"),
        _row(12, "approval-given", {_S.AWAITING_APPROVAL}, None, "approvals"),
        _row(13, "approved", {_S.AWAITING_APPROVAL}, _S.APPROVED, "approvals", signal=Signal.WAKE),
        _row(15, "declined", {_S.VERIFYING} | _DECIDING, _S.DECLINED, "bind", "approvals", signal=Signal.WAKE),
        _row(16, "awaiting-window", {_S.APPROVED}, _S.AWAITING_WINDOW, "await-token"),
        _row(18, "handing-off", {_S.AWAITING_WINDOW}, _S.HANDING_OFF, "hand-off"),
        _row(19, "handing-off-again", {_S.HANDING_OFF}, None, "hand-off"),
        _row(20, "handed-off", {_S.HANDING_OFF}, _S.HANDED_OFF, "hand-off"),
        _row(23, "expired", set(LIVE), _S.EXPIRED, "clock", signal=Signal.WAKE),
    )
}
_BIND_DECLINES_FROM = frozenset({_S.VERIFYING})


def permitted(number: int, status: Status, writer: str) -> Transition:
    """The row, if ``writer`` may take it from ``status``; ``Refused`` (``ILLEGAL_TRANSITION``) otherwise."""
    row = TABLE.get(number)
    if row is None or status not in row.sources or writer not in row.writers:
        raise Refused("ILLEGAL_TRANSITION", f"{writer} may not take transition {number} from {status}")
    if number == 15 and (writer == "bind") != (status in _BIND_DECLINES_FROM):
        raise Refused("ILLEGAL_TRANSITION", f"{writer} may not decline what is {status}")
    return row


def due_at(record: RevisionRecord, now: datetime) -> datetime | None:
    """When the clock must look at this record next; None when nothing will ever be due."""
    if record.signal is not None:
        return now + REPAIR_AFTER
    if record.status in FINAL:
        return None
    if record.status is Status.HANDING_OFF:
        return record.lease_until
    if record.status is Status.AWAITING_WINDOW and record.wake_at is not None:
        return min(record.expires_at, max(record.wake_at, now + REPAIR_AFTER))
    return record.expires_at


def admission_due_at(admission: Admission, now: datetime) -> datetime | None:
    """An admission is due as long as its execution may not have been started."""
    return now + REPAIR_AFTER if admission.signal is not None else None
