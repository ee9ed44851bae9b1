"""Which versions of the candidate contract are published, since when, and until when each is taken: pure (row 20).

An end is published a long time ahead, and does nothing by itself: the rules say what is accepted, and they are pinned
into revisions. Until that end no rules may drop the version; from then on `policy lint` asks for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cutover.contracts.legacy import V0

V1 = "cutover/candidate/v1"
SOON = timedelta(days=90)
"""So long before its end whoever still announces by a version should be told."""


@dataclass(frozen=True, slots=True)
class Published:
    """``until`` is the first instant at which rules may drop the version; None where no end is published."""

    since: datetime
    until: datetime | None = None

    def ended(self, now: datetime) -> bool:
        return self.until is not None and now >= self.until

    def ends_soon(self, now: datetime) -> bool:
        return self.until is not None and now >= self.until - SOON


PUBLISHED: Mapping[str, Published] = {
    V0: Published(since=datetime(2026, 11, 21, tzinfo=UTC), until=datetime(2027, 12, 1, tzinfo=UTC)),
    V1: Published(since=datetime(2026, 11, 21, tzinfo=UTC)),
}


def still_published(dropped: Iterable[str], now: datetime) -> tuple[str, ...]:
    """Those of some versions that may not be dropped yet. What was never published, nobody can miss."""
    known = ((name, PUBLISHED.get(name)) for name in sorted(dropped))
    return tuple(name for name, each in known if each is not None and not each.ended(now))
