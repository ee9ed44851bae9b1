"""The time that a deferral asks for: typed in the window's own time zone, kept and judged in UTC.

A browser's ``datetime-local`` field names no zone (HTML, local dates and times), so the page says which one it
means, and the form says it back. Around a change of the clocks a local time can be skipped, or come twice; such
a time is refused, not guessed.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cutover.contracts.policy import Facts, Rules
from cutover.domain import times
from cutover.domain.record import RevisionRecord
from cutover.errors import Refused
from cutover.packages import Package

_MINUTE = timedelta(minutes=1)
_TYPED = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?", re.ASCII)
_FIELD = "%Y-%m-%dT%H:%M"
_AGAIN = "open the page again and use its own form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """When a deferred question may come back: after ``now``, and before ``latest``, with a window still to meet."""

    now: datetime
    latest: datetime
    zone: str
    """As the form says it: the window's own zone, or UTC where this runtime does not know that one."""

    @property
    def none(self) -> bool:
        """Whether not even one whole minute is left to choose."""
        return self._first > self._last

    @property
    def min(self) -> str:
        return self._field(self._first)

    @property
    def max(self) -> str:
        return self._field(self._last)

    @property
    def now_here(self) -> str:
        return times.moment(self.now, times.zone(self.zone))

    @property
    def latest_here(self) -> str:
        return times.moment(self._last, times.zone(self.zone))

    @property
    def _first(self) -> datetime:
        return self.now.replace(second=0, microsecond=0) + _MINUTE

    @property
    def _last(self) -> datetime:
        return (self.latest - timedelta(seconds=1)).replace(second=0, microsecond=0)

    def _field(self, instant: datetime) -> str:
        return instant.astimezone(times.zone(self.zone) or UTC).strftime(_FIELD)


def room(package: Package, rules: Rules, now: datetime) -> Room:
    """``rules``: those that the revision pinned. Its hand-off needs their margin before the package ends."""
    return Room(
        now=now,
        latest=package.manifest.predicate.valid_until - timedelta(seconds=rules.close_margin),
        zone=zone_of(package),
    )


def zone_of(package: Package) -> str:
    named = package.manifest.predicate.window.time_zone
    return named if times.zone(named) else "UTC"


def instant(typed: str, zone: str, package: Package) -> datetime:
    """What was typed, in UTC. Raises ``Refused``: ``TIME_MISSING``, ``TIME_UNREADABLE``, ``TIME_AMBIGUOUS``."""
    if not typed:
        raise Refused("TIME_MISSING", "a deferral needs a time", "say when you want to be asked again")
    wanted = zone_of(package)
    if zone != wanted:
        raise Refused("TIME_UNREADABLE", "the form does not say in which time zone its time is", _AGAIN)
    unreadable = Refused("TIME_UNREADABLE", "that is no date and time", "write it as 2026-01-31T09:00")
    if not _TYPED.fullmatch(typed):
        raise unreadable
    try:
        found = _meant(datetime.fromisoformat(typed).replace(second=0, microsecond=0), ZoneInfo(wanted))
    except (ValueError, OverflowError) as error:
        raise unreadable from error
    if len(found) != 1:
        what = "comes twice" if found else "does not exist"
        raise Refused("TIME_AMBIGUOUS", f"the clocks change in {wanted}, and that time {what}", "choose another time")
    return found.pop()


def _meant(local: datetime, zone: ZoneInfo) -> set[datetime]:
    """Every instant that clocks in ``zone`` show as ``local``: none, one or two."""
    candidates = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return {each for each in candidates if each.astimezone(zone).replace(tzinfo=None) == local}


def check(until: datetime | None, *, latest: datetime, now: datetime) -> None:
    """Raises ``Refused``: ``NO_TIME_LEFT``, and of a time that was given ``TIME_PAST`` or ``TIME_TOO_LATE``."""
    left = Room(now=now, latest=latest, zone="UTC")
    if until is None:
        if left.none:
            raise Refused("NO_TIME_LEFT", "there is no time left to defer it", "approve it, or refuse with a reason")
        return
    if until <= now:
        raise Refused("TIME_PAST", "that time is over", "choose a later one")
    if until >= latest:
        raise Refused("TIME_TOO_LATE", "at that time this package is about to end, or has", "choose an earlier one")


def when(instant: datetime, package: Package) -> str:
    """In the window's zone and in UTC."""
    zone = times.zone(package.manifest.predicate.window.time_zone)
    here, there = times.moment(instant, zone), times.moment(instant)
    date, _, hour = there.rpartition(", ")
    if here == there:
        return there
    return f"{here} ({hour})" if here.startswith(date) else f"{here} ({there})"


def standing(record: RevisionRecord, package: Package, facts: Facts, *, now: datetime) -> Refused:
    """Why a deferred revision takes no approval, nor another deferral."""
    said, until = record.deferral, record.deferred_until
    if said is None or until is None:  # nobody writes this status without both
        return Refused("DEFERRED", "this revision is deferred", "it comes back by itself")
    known = facts.people.get(said.person)
    name, role = known.name if known else said.person, said.role.replace("-", " ")
    if now >= until:
        return Refused("DEFERRED", "it was deferred, and its time has come", "it is asked again within minutes")
    return Refused(
        "DEFERRED",
        f"{name}, as {role}, has deferred this release until {when(until, package)}",
        "nobody can approve it before it is taken up again; it comes back by itself at that time",
    )
