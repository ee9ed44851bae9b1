"""The span of time that a report is about, and the days or weeks that it is told in. All of it in UTC."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from cutover_cli.output import BadArgument

MOST_DAYS = 400
"""A year and a month: each day is a reading of its own."""
DAYS_TOLD = 31
"""A longer span is told by weeks."""
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Period:
    """A day, or a week from its Monday; half-open, and cut to the span."""

    start: datetime
    end: datetime

    @property
    def name(self) -> str:
        return self.start.date().isoformat()


@dataclass(frozen=True)
class Span:
    """``first`` to ``last``, both whole days. ``since`` to ``end``, half-open, is what counts.

    ``horizon``: until when ages are told, which is never after the moment of telling.
    """

    first: date
    last: date
    now: datetime

    @cached_property
    def since(self) -> datetime:
        return _midnight(self.first)

    @cached_property
    def end(self) -> datetime:
        return _midnight(self.last) + _DAY

    @property
    def horizon(self) -> datetime:
        return min(self.end, self.now)

    @property
    def present(self) -> bool:
        """Whether it lasts until now, so that what the table holds now belongs to it."""
        return self.horizon == self.now

    @cached_property
    def days(self) -> tuple[date, ...]:
        return tuple(self.first + n * _DAY for n in range((self.last - self.first).days + 1))

    @cached_property
    def unit(self) -> str:
        return "day" if len(self.days) <= DAYS_TOLD else "week"

    def start_of(self, instant: datetime) -> datetime:
        """The start of the period that an instant belongs to."""
        day = instant.astimezone(UTC).date()
        if self.unit == "week":
            day -= timedelta(days=day.weekday())
        return max(_midnight(day), self.since)

    @cached_property
    def periods(self) -> tuple[Period, ...]:
        starts = list(dict.fromkeys(self.start_of(_midnight(day)) for day in self.days))
        return tuple(Period(start, end) for start, end in zip(starts, [*starts[1:], self.end], strict=True))


def span(now: datetime, *, since: date | None, until: date | None, days: int | None) -> Span:
    """The last ``days`` days, today too, or ``since`` to ``until``, both inclusive. Raises BadArgument."""
    today = now.astimezone(UTC).date()
    last = until or today
    first = since or last - timedelta(days=(days or 28) - 1)
    if since and days:
        raise BadArgument("give either --since or --days")
    if first > last or first > today:
        raise BadArgument(f"{first} to {last} is no span of the past")
    if (last - first).days >= MOST_DAYS:
        raise BadArgument(f"more than {MOST_DAYS} days; make several reports")
    return Span(first, min(last, today), now)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
