"""The protocol of a revision as data (DESIGN §5): which status may follow which, and who may write it.

Nothing else may change a status. ``recorder`` turns one row into one conditional transaction. A row of the
design that leads to two statuses stands here as two, under the same number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cutover.domain.record import LIVE, Signal, Status
from cutover.errors import Refused

Kind = Literal["release", "rehearsal", "either"]


@dataclass(frozen=True, slots=True)
class Transition:
    """One row. ``writers`` maps each function that may take it to the statuses that it may take it from.

    ``target`` None keeps the status. No statuses at all means that there is no record yet. ``opens``: the same
    transaction opens the next revision. ``current`` False: it may be taken when the lane has gone on. ``of``: which
    revisions may take it; a row that does not say so is none of a rehearsal's.
    """

    number: int
    event: str
    writers: Mapping[str, frozenset[Status]]
    target: Status | None
    signal: Signal | None = None
    opens: bool = False
    current: bool = True
    of: Kind = "release"


_S = Status
ASKED = frozenset({_S.AWAITING_APPROVAL, _S.DEFERRED, _S.APPROVED, _S.AWAITING_WINDOW})
"""A package is bound and people are, or were, asked about it."""
AGREED = frozenset({_S.APPROVED, _S.AWAITING_WINDOW})


def _rows() -> tuple[Transition, ...]:
    def only(*status: Status) -> frozenset[Status]:
        return frozenset(status)

    wake, start = Signal.WAKE, Signal.START
    return (
        Transition(1, "announced", {"intake": only()}, _S.ADMITTING, start, of="either"),
        Transition(2, "refused", {"admit": only(_S.ADMITTING)}, _S.REFUSED, of="either"),
        Transition(3, "admitted", {"admit": only(_S.ADMITTING)}, _S.COLLECTING, of="either"),
        Transition(4, "superseded", {"admit": LIVE}, _S.SUPERSEDED, wake, opens=True, of="either"),
        Transition(5, "waits", {"admit": only(_S.ADMITTING)}, None, of="either"),
        Transition(6, "assembled", {"assemble": only(_S.COLLECTING)}, _S.VERIFYING, of="either"),
        Transition(7, "held", {"bind": only(_S.VERIFYING)}, _S.HELD),
        Transition(8, "resolution-recorded", {"resolutions": only(_S.HELD)}, None),
        Transition(9, "resolved", {"resolutions": only(_S.HELD)}, _S.SUPERSEDED, wake, opens=True),
        Transition(10, "bound", {"bind": only(_S.VERIFYING)}, _S.BOUND),
        Transition(11, "approval-requested", {"request-approval": only(_S.BOUND)}, _S.AWAITING_APPROVAL),
        Transition(12, "approval-given", {"approvals": only(_S.AWAITING_APPROVAL)}, None),
        Transition(13, "approved", {"approvals": only(_S.AWAITING_APPROVAL)}, _S.APPROVED, wake),
        Transition(14, "deferred", {"approvals": only(_S.AWAITING_APPROVAL)}, _S.DEFERRED),
        Transition(
            14, "taken-up", {"approvals": only(_S.DEFERRED), "clock": only(_S.DEFERRED)}, _S.AWAITING_APPROVAL, wake
        ),
        Transition(15, "declined", {"bind": only(_S.VERIFYING), "approvals": ASKED}, _S.DECLINED, wake),
        Transition(16, "awaiting-window", {"await-token": only(_S.APPROVED)}, _S.AWAITING_WINDOW),
        Transition(17, "approval-lapsed", {"clock": AGREED, "hand-off": AGREED}, _S.AWAITING_APPROVAL, wake),
        Transition(18, "handing-off", {"hand-off": only(_S.AWAITING_WINDOW)}, _S.HANDING_OFF),
        Transition(19, "handing-off-again", {"hand-off": only(_S.HANDING_OFF)}, None),
        Transition(
            20, "handed-off",
            {"hand-off": only(_S.HANDING_OFF), "receipts": only(_S.HANDING_OFF, _S.UNCERTAIN)},
            _S.HANDED_OFF, current=False,
        ),
        Transition(21, "uncertain", {"clock": only(_S.HANDING_OFF)}, _S.UNCERTAIN),
        Transition(22, "drifted", {"clock": ASKED, "hand-off": ASKED}, _S.SUPERSEDED, wake, opens=True),
        Transition(23, "expired", {"clock": LIVE}, _S.EXPIRED, wake, of="either"),
        Transition(24, "withdrawn", {"withdrawals": LIVE, "clock": LIVE}, _S.WITHDRAWN, wake, of="either"),
        Transition(25, "adopted", {"clock": LIVE | {_S.HANDING_OFF}}, None, start, of="either"),
        Transition(26, "rehearsed", {"bind": only(_S.VERIFYING)}, _S.REHEARSED, of="rehearsal"),
    )  # fmt: skip


TABLE: dict[str, Transition] = {row.event: row for row in _rows()}
"""Every row by its event."""


def permitted(event: str, status: Status, writer: str, *, rehearsal: bool = False) -> Transition:
    """The row, if ``writer`` may take it from ``status``; ``Refused`` (``ILLEGAL_TRANSITION``) otherwise.

    Of a ``rehearsal``, only if rehearsals may (``NOT_FOR_A_REHEARSAL``).
    """
    row = TABLE.get(event)
    if row is None or status not in row.writers.get(writer, frozenset()):
        raise Refused("ILLEGAL_TRANSITION", f"{writer} may not write {event!r} from {status}")
    if rehearsal and row.of == "release":
        raise not_for_a_rehearsal(event)
    if row.of == "rehearsal" and not rehearsal:
        raise Refused("ILLEGAL_TRANSITION", f"{event!r} is written of rehearsals only")
    return row


def not_for_a_rehearsal(what: str) -> Refused:
    return Refused("NOT_FOR_A_REHEARSAL", f"{what}: a rehearsal only reports", "announce the candidate as a release")


NOTICES = frozenset(
    {"superseded", "resolved", "drifted", "uncertain", "withdrawn", "withdrawn-too-late", "withdrawal-during-hand-off"}
)
"""Events that are told to the outside in a signed notice (``doors.seal``)."""
