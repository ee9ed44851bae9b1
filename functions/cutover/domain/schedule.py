"""When the clock must look at something again: pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cutover.domain.record import FINAL, Admission, RevisionRecord, Signal, Status

REPAIR_AFTER = timedelta(seconds=60)
"""How long a signal may wait for the relay before the clock repeats it."""
LOST_AFTER = timedelta(seconds=90)
"""So long an execution that seems lost is given: one whose wait failed pauses for a minute and reads the record."""
PATIENCE = timedelta(minutes=15)
"""So long a revision may stand in a status that passes by itself: more than all retries of a state take."""
MOST_PATIENCE = timedelta(hours=4)
UNSETTLED = timedelta(hours=1)
"""Nothing is done for an uncertain hand-off, but it is counted among what is open until a receipt settles it."""

_BUSY = frozenset({Status.COLLECTING, Status.VERIFYING, Status.BOUND, Status.APPROVED})
"""Statuses that an execution leaves by itself."""
WATCHED = frozenset({Status.HELD, Status.AWAITING_APPROVAL, Status.DEFERRED, Status.APPROVED, Status.AWAITING_WINDOW})
"""Statuses that wait for people or time: meanwhile the facts are looked at, and of what is bound the sources too."""


def patience(record: RevisionRecord) -> timedelta:
    """Twice as long for each execution that came to nothing before."""
    return min(PATIENCE * _doubled(record), MOST_PATIENCE)


def _doubled(record: RevisionRecord) -> int:
    return 1 << min(record.execution - 1, 10)


def adoptable_at(record: RevisionRecord) -> datetime:
    """When a revision whose execution is known to be lost gets another: later for each that came to nothing."""
    return record.moved_at + min(LOST_AFTER * _doubled(record), MOST_PATIENCE)


def stalled_at(record: RevisionRecord) -> datetime | None:
    """When its execution must be taken for lost; None while it rightly waits for people or time."""
    since = record.moved_at
    if record.status in FINAL:
        return None
    if record.status is Status.HANDING_OFF and record.lease_until is not None:
        return max(since, record.lease_until) + patience(record)
    if record.status is Status.AWAITING_WINDOW and record.wake_at is not None:
        return max(since, record.wake_at) + patience(record)
    if record.status in _BUSY or record.signal is not None or record.ask:
        return since + patience(record)
    return None


def due_at(record: RevisionRecord, now: datetime) -> datetime | None:
    """When the clock must look at this record next; None when nothing will ever be due."""
    if record.signal is Signal.ADOPT and record.status not in FINAL:
        return max(now, adoptable_at(record))
    if record.signal is not None:
        return now + REPAIR_AFTER
    if record.status is Status.UNCERTAIN:
        return now + UNSETTLED
    if record.status in FINAL:
        return None
    times = [_ends_at(record), stalled_at(record)]
    if record.status in WATCHED:
        times.extend(_probes(record, now))
    if record.status is Status.DEFERRED:
        times.append(record.deferred_until)
    if record.status is Status.AWAITING_WINDOW and record.wake_at is not None:
        times.append(max(record.wake_at, now + REPAIR_AFTER))
    return min(time for time in times if time is not None)


def _probes(record: RevisionRecord, now: datetime) -> Iterator[datetime]:
    if record.probe_every is not None:
        yield now + timedelta(seconds=record.probe_every)
    if record.probe_by is not None and record.probe_by > now:
        yield record.probe_by


def _ends_at(record: RevisionRecord) -> datetime:
    """A hand-off that has begun is looked at when its lease is over; anything else when it expires."""
    if record.status is Status.HANDING_OFF and record.lease_until is not None:
        return record.lease_until
    return record.expires_at


def admission_due_at(admission: Admission, now: datetime) -> datetime | None:
    """An admission is due as long as its execution may not have been started."""
    return now + REPAIR_AFTER if admission.signal is not None else None
