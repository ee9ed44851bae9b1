"""Instants as people read them: in the window's own time zone, and in UTC beside it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY = 86_400
_TO = "\N{EN DASH}"


def zone(name: str) -> ZoneInfo | None:
    """The named zone (IANA); None when this runtime's data does not have it, and then only UTC is shown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def moment(instant: datetime, where: ZoneInfo | None = None) -> str:
    """``Sat 21 Nov 2026, 22:00 CET``. Names of days and months stay English whatever the locale."""
    local = instant.astimezone(where or UTC)
    return f"{_date(local)}, {local:%H:%M} {local.tzname()}"


def span(start: datetime, end: datetime, where: ZoneInfo | None = None) -> str:
    """A half-open span: the date once when both ends are on one day, the offset's name once when it is one."""
    first, last = start.astimezone(where or UTC), end.astimezone(where or UTC)
    if first.tzname() != last.tzname():
        return f"{moment(start, where)} {_TO} {moment(end, where)}"
    if first.date() == last.date():
        return f"{_date(first)}, {first:%H:%M}{_TO}{last:%H:%M} {last.tzname()}"
    return f"{_date(first)}, {first:%H:%M} {_TO} {_date(last)}, {last:%H:%M} {last.tzname()}"


def day(instant: datetime) -> str:
    """``21 Nov 2026`` in UTC."""
    return f"{instant.astimezone(UTC).day} {_MONTHS[instant.astimezone(UTC).month - 1]} {instant.astimezone(UTC).year}"


def distance(instant: datetime, now: datetime) -> str:
    """How far away: ``9 days ago``, ``in 35 hours``. Days are 24 hours, whatever the calendar says."""
    seconds = int((instant - now).total_seconds())
    for size, unit in ((_DAY, "day"), (3_600, "hour"), (60, "minute")):
        count = abs(seconds) // size
        if count > (1 if size == _DAY else 0):  # "in 35 hours" says more than "in 1 day"
            words = f"{count} {unit}{'s' if count > 1 else ''}"
            return f"in {words}" if seconds > 0 else f"{words} ago"
    return "now"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _date(local: datetime) -> str:
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"
