"""The protocol's table (DESIGN §5) written down a second time, on purpose: not what the code says, what it should.

Each event names its row's number, who may write it from which statuses, and where it leads.
"""

from collections.abc import Mapping
from dataclasses import dataclass

LIVE = frozenset(
    "collecting verifying held bound awaiting_approval deferred approved awaiting_window".split()  # noqa: SIM905
)
FINAL = frozenset(
    "refused handed_off uncertain declined superseded expired withdrawn rehearsed".split()  # noqa: SIM905
)
ASKED = frozenset({"awaiting_approval", "deferred", "approved", "awaiting_window"})
AGREED = frozenset({"approved", "awaiting_window"})
KEEPS_SLOT = frozenset({"handed_off", "uncertain"})
SLOTTED = frozenset({"bound", *ASKED, "handing_off", *KEEPS_SLOT})
"""Statuses in which a revision's slot is its own."""
NOT_HANDED_OFF = frozenset({"declined", "superseded", "expired", "withdrawn", "rehearsed"})
"""Ends before which the tombstone must stand in the store."""
NOTHING = frozenset({""})
"""The status of what is not there yet."""


@dataclass(frozen=True)
class Row:
    """``target`` empty: the status stays."""

    number: int
    writers: Mapping[str, frozenset[str]]
    target: str = ""


def _row(number: int, target: str, **writers: frozenset[str] | set[str]) -> Row:
    return Row(number, {name.replace("_", "-"): frozenset(statuses) for name, statuses in writers.items()}, target)


ROWS: Mapping[str, Row] = {
    "announced": _row(1, "admitting", intake=NOTHING),
    "refused": _row(2, "refused", admit={"admitting"}),
    "admitted": _row(3, "collecting", admit={"admitting"}),
    "superseded": _row(4, "superseded", admit=LIVE),
    "waits": _row(5, "", admit={"admitting"}),
    "assembled": _row(6, "verifying", assemble={"collecting"}),
    "held": _row(7, "held", bind={"verifying"}),
    "resolution-recorded": _row(8, "", resolutions={"held"}),
    "resolved": _row(9, "superseded", resolutions={"held"}),
    "bound": _row(10, "bound", bind={"verifying"}),
    "approval-requested": _row(11, "awaiting_approval", request_approval={"bound"}),
    "approval-given": _row(12, "", approvals={"awaiting_approval"}),
    "approved": _row(13, "approved", approvals={"awaiting_approval"}),
    "deferred": _row(14, "deferred", approvals={"awaiting_approval"}),
    "taken-up": _row(14, "awaiting_approval", approvals={"deferred"}, clock={"deferred"}),
    "declined": _row(15, "declined", bind={"verifying"}, approvals=ASKED),
    "awaiting-window": _row(16, "awaiting_window", await_token={"approved"}),
    "approval-lapsed": _row(17, "awaiting_approval", clock=AGREED, hand_off=AGREED),
    "handing-off": _row(18, "handing_off", hand_off={"awaiting_window"}),
    "handing-off-again": _row(19, "", hand_off={"handing_off"}),
    "handed-off": _row(20, "handed_off", hand_off={"handing_off"}, receipts={"handing_off", "uncertain"}),
    "uncertain": _row(21, "uncertain", clock={"handing_off"}),
    "drifted": _row(22, "superseded", clock=ASKED, hand_off=ASKED),
    "expired": _row(23, "expired", clock=LIVE),
    "withdrawn": _row(24, "withdrawn", withdrawals=LIVE, clock=LIVE),
    "adopted": _row(25, "", clock=LIVE | {"handing_off"}),
    "rehearsed": _row(26, "rehearsed", bind={"verifying"}),
}
OF_REHEARSALS = frozenset(
    "announced refused admitted superseded waits assembled expired withdrawn adopted rehearsed opened".split()  # noqa: SIM905
)
"""The rows that a rehearsal takes."""
WAYS_OF_REHEARSALS = frozenset("collecting verifying rehearsed superseded expired withdrawn".split())  # noqa: SIM905
"""The statuses that it comes to."""
OPENING = {4: ("admit", "admitting"), 9: ("resolutions", ""), 22: ("clock hand-off", "")}
"""Rows whose transaction opens the next revision too: by whom, and from which status its first entry tells."""


def is_rehearsal(cutover: str) -> bool:
    """By its name, as everybody reads it."""
    return ".rehearsal." in cutover


def role_of(function: str) -> str:
    """The ledger's name of a function: ``stages.hand_off`` is ``hand-off``."""
    return function.partition(".")[2].replace("_", "-")
