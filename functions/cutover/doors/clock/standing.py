"""How things stand, for the gauges: one reading of the brake, and one of what waits."""

from collections.abc import Callable

from cutover.domain.gauges import COUNTED, Gauge, gauges, of_brake
from cutover.domain.record import Brake
from cutover.errors import CutoverError, Refused
from cutover.ports import Clock, Records

MOST = 5_000
"""Revisions that are counted: a deployment with more that wait has alarms enough."""
Report = Callable[[str, Exception], None]


def standing(records: Records, clock: Clock, report: Report) -> tuple[Gauge, ...]:
    """Every gauge. What cannot be read is reported: a brake that cannot be read is unknown, and counts as engaged;
    of what waits nothing is said then, and nothing that is wrong. Where more waits than is counted, that is reported.
    """
    brake = _brake(records, report)
    try:
        found = list(records.waiting(COUNTED, limit=MOST + 1))
    except CutoverError as error:
        report("waiting", error)
        return of_brake(brake)
    if len(found) > MOST:
        report("waiting", Refused("TOO_MANY_WAIT", f"more than {MOST}: the oldest may be one of those not read"))
    return gauges(found[:MOST], brake, clock.now())


def _brake(records: Records, report: Report) -> Brake | None:
    try:
        return records.brake()
    except CutoverError as error:
        report("brake", error)
        return None
