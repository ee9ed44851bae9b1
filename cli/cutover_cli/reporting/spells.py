"""How long a revision stood in each status."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cutover.domain.record import FINAL
from cutover_cli.reporting.moments import Moment


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of time in one status. ``end`` None: it still lasted when the report ended."""

    status: str
    start: datetime
    end: datetime | None
    opened: Moment
    closed: Moment | None

    def lasted(self, horizon: datetime) -> timedelta:
        """How long, until the report's end where it lasted still. Never negative."""
        return max((self.end or horizon) - self.start, timedelta())


def spells(moments: Iterable[Moment]) -> tuple[Spell, ...]:
    """The statuses of one revision in their order, the last one too when it is an end.

    Clocks of functions differ a little: where an entry says that it was written before the one that it follows, it
    counts as written at the same time, so that no stretch is shorter than nothing.
    """
    found: list[Spell] = []
    for moment in moments:
        if moment.after is None or (found and found[-1].status == moment.after):
            continue
        at = moment.at
        if found:
            last = found.pop()
            at = max(at, last.start)
            found.append(Spell(last.status, last.start, at, last.opened, moment))
        found.append(Spell(moment.after, at, None, moment, None))
    return tuple(found)


def is_end(status: str) -> bool:
    return status in FINAL
