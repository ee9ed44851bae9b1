"""Round instants of a span of time, few enough that their names fit beside each other on a phone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

STEPS = 3.6
"""At most so many: what their ends leave over is room for the names of the first and the last."""
MOST = 4
NEAR_AN_END = 9
"""Hundredths: a name there would reach beyond the picture if it stood in the middle."""
_MINUTES = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    180,
    360,
    720,
    1_440,
    2_880,
    4_320,
    5_760,
    10_080,
    20_160,
    40_320,
    87_660,
    175_320,
    525_960,
)
_EPOCH = datetime(2001, 1, 1, tzinfo=UTC)
"""A Monday, so that weeks begin with one."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Tick:
    """``left``: between 0 and 100. ``anchor``: which end of the name stands there (SVG 2, text-anchor)."""

    left: float
    name: str
    anchor: str


def ticks(start: datetime, end: datetime) -> tuple[Tick, ...]:
    """At most four, in UTC; ``end`` is after ``start``."""
    whole = end - start
    step = next((each for each in map(_minutes, _MINUTES) if whole / each <= STEPS), _minutes(_MINUTES[-1]))
    if whole / step > STEPS:
        step *= int(whole / step / STEPS) + 1
    first = _EPOCH + -((_EPOCH - start) // step) * step
    found: list[Tick] = []
    instant = first if first >= start else first + step
    while instant <= end and len(found) < MOST:
        left = round(100 * ((instant - start) / whole), 3)
        found.append(Tick(left, _name(instant, step, first=not found), _anchor(left)))
        instant += step
    return tuple(found)


def _anchor(left: float) -> str:
    if left < NEAR_AN_END:
        return "start"
    return "end" if left > 100 - NEAR_AN_END else "middle"


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def _name(instant: datetime, step: timedelta, *, first: bool) -> str:
    """The day, or the hour, and of the first one both where hours are told: a midnight is the day that it begins."""
    day = f"{instant.day} {_MONTHS[instant.month - 1]}"
    if step >= timedelta(days=200):
        return f"{day} {instant.year}"
    if step >= timedelta(days=1) or instant.hour == instant.minute == 0:
        return day
    return f"{day} {instant:%H:%M}" if first else f"{instant:%H:%M}"
