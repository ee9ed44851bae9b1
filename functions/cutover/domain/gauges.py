"""How things stand at one moment, from the records that wait: pure. Clock says it every minute.

- ``OldestHoldSeconds``, ``OldestApprovalSeconds``: how long the oldest revision waits for whoever answers its holds, or
  for its approvals, deferred ones included; 0 where none waits.
- ``Waiting``, by status: how many revisions stand in it.
- ``UncertainOpen``: hand-offs of which nobody knows whether they arrived.
- ``BrakeEngaged``: 1 while nothing is handed off, which is so too while the brake's state is unknown; ``BrakeUnknown``.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cutover.domain.record import LIVE, Brake, RevisionRecord, Status

COUNTED = frozenset({*LIVE, Status.HANDING_OFF, Status.UNCERTAIN})
"""What is read for the gauges, rehearsals included: nobody waits for those, and they are left out here."""
_ASKED = frozenset({Status.AWAITING_APPROVAL, Status.DEFERRED})
_BY_STATUS = tuple(sorted(COUNTED - {Status.UNCERTAIN}))


@dataclass(frozen=True, slots=True)
class Gauge:
    """``value`` is a number of things, or of ``seconds``. ``dimensions``: a status or none."""

    name: str
    value: int
    dimensions: Mapping[str, str] = field(default_factory=dict)
    seconds: bool = False


def gauges(records: Iterable[RevisionRecord], brake: Brake | None, now: datetime) -> tuple[Gauge, ...]:
    """Each gauge once, zeros included. ``records``: those in ``COUNTED``; ``brake`` None: not recorded."""
    found = [record for record in records if not record.rehearsal]
    standing = Counter(record.status for record in found)
    return (
        Gauge("OldestHoldSeconds", _oldest(found, {Status.HELD}, now), seconds=True),
        Gauge("OldestApprovalSeconds", _oldest(found, _ASKED, now), seconds=True),
        *(Gauge("Waiting", standing[status], {"status": status.value}) for status in _BY_STATUS),
        Gauge("UncertainOpen", standing[Status.UNCERTAIN]),
        *of_brake(brake),
    )


def of_brake(brake: Brake | None) -> tuple[Gauge, Gauge]:
    engaged = brake is None or brake.engaged
    return Gauge("BrakeEngaged", int(engaged)), Gauge("BrakeUnknown", int(brake is None))


def _oldest(records: Iterable[RevisionRecord], statuses: Collection[Status], now: datetime) -> int:
    """Whole seconds. A record from before ``waits_since`` was written down counts from its last change."""
    since = (record.waits_since or record.moved_at for record in records if record.status in statuses)
    return max((max(0, int((now - each).total_seconds())) for each in since), default=0)
