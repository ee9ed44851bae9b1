"""Change windows: occurrences of a target's calendar, half-open in UTC, and how long a package stays valid."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cutover.contracts.manifest import Window
from cutover.contracts.policy import Calendar, Facts, Rules
from cutover.errors import Refused


class Phase(StrEnum):
    BEFORE = "before"
    OPEN = "open"
    FROZEN = "frozen"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Margins:
    """Room for clock skew at both ends."""

    opening: timedelta
    closing: timedelta

    @classmethod
    def of(cls, rules: Rules) -> "Margins":
        return cls(timedelta(seconds=rules.open_margin), timedelta(seconds=rules.close_margin))


def occurrence(facts: Facts, target: str, window_id: str) -> Window:
    """The occurrence of that id; ``Refused`` (``WINDOW_UNKNOWN``) when the calendar has none, or two."""
    found = [window for window in calendar(facts, target).windows if window.id == window_id]
    if len(found) != 1:
        raise Refused(
            "WINDOW_UNKNOWN",
            f"the calendar of {target} has no single window {window_id}",
            "name one that it has",
        )
    return found[0]


def following(facts: Facts, target: str, now: datetime, *, margins: Margins) -> Window:
    """The next occurrence that is not over: the one that closes first; ``Refused`` (``WINDOW_UNKNOWN``) for none."""
    still = (each for each in calendar(facts, target).windows if now < each.closes_at - margins.closing)
    found = min(still, key=lambda each: (each.closes_at, each.opens_at, each.id), default=None)
    if found is None:
        raise Refused(
            "WINDOW_UNKNOWN", f"the calendar of {target} has no window that is still to come", "add one to the facts"
        )
    return found


def calendar(facts: Facts, target: str) -> Calendar:
    found = facts.calendars.get(target)
    if found is None:
        raise Refused("WINDOW_UNKNOWN", f"{target} has no change calendar", "add a calendar to the facts")
    return found


def phase(window: Window, now: datetime, *, margins: Margins, facts: Facts, target: str) -> Phase:
    """Where ``now`` stands: ``opens_at + margin <= now < closes_at - margin`` is open, unless a freeze holds."""
    if now >= window.closes_at - margins.closing:
        return Phase.CLOSED
    if now < window.opens_at + margins.opening:
        return Phase.BEFORE
    if any(freeze.starts_at <= now < freeze.ends_at for freeze in calendar(facts, target).freezes):
        return Phase.FROZEN
    return Phase.OPEN


def opens_again(window: Window, now: datetime, *, margins: Margins, facts: Facts, target: str) -> datetime | None:
    """The first instant from ``now`` on at which it is open; None when a freeze or the end comes before that."""
    instant = max(now, window.opens_at + margins.opening)
    for freeze in sorted(calendar(facts, target).freezes, key=lambda each: each.starts_at):
        if freeze.starts_at <= instant < freeze.ends_at:
            instant = freeze.ends_at
    return instant if instant < window.closes_at - margins.closing else None


def valid_until(window: Window, ends: Iterable[datetime]) -> datetime:
    """The earliest of the window's end and whatever else ends."""
    return min([window.closes_at, *ends])
