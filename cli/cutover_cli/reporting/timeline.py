"""A cutover's way as a picture: what stands where, in hundredths of its own span of time. No drawing here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cutover_cli.reporting.axis import Tick, ticks
from cutover_cli.reporting.moments import Moment, Story
from cutover_cli.reporting.spells import Spell, is_end, spells

LOOKS = {
    "collecting": "work", "verifying": "work", "bound": "work", "approved": "work", "held": "held",
    "awaiting_approval": "asked", "deferred": "deferred", "awaiting_window": "window", "handing_off": "sending",
}  # fmt: skip
"""Statuses that pass by themselves within moments share one look; each says its name."""
MARKS = {
    "approval-given": "approve", "approved": "approve", "deferred": "defer", "taken-up": "resume",
    "approval-lapsed": "lapse", "drifted": "drift", "superseded": "supersede", "resolved": "resolve",
    "resolution-recorded": "answer", "handed-off": "hand-off", "uncertain": "uncertain", "declined": "decline",
    "withdrawn": "withdraw", "withdrawal-during-hand-off": "withdraw", "withdrawn-too-late": "withdraw",
    "expired": "expire", "hand-off-blocked": "block", "after-action-recorded": "after-action",
}  # fmt: skip
RECEIPTS = {"RECEIPT_ACCEPTED": "accepted", "RECEIPT_REJECTED": "rejected", "RECEIPT_CORRECTED": "corrected"}
NEAR = 4.5
"""Marks that are nearer than so many hundredths stand on another line."""
LINES = 4
WIDE, NARROW = 7.6, 2.3
"""So many pixels a hundredth of a row has on a desk and on a phone, at the least."""
LETTER = 6.4


@dataclass(frozen=True, slots=True)
class Bar:
    look: str
    status: str
    left: float
    width: float
    start: datetime
    lasted: timedelta
    open: bool
    fits: str
    """Where its name fits into it: ``always``, ``wide`` (not on a phone) or ``never``."""


@dataclass(frozen=True, slots=True)
class Mark:
    look: str
    left: float
    line: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class Row:
    """One revision. ``lines``: how many lines of marks stand above its bar."""

    revision: int
    status: str
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    lines: int
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    cutover: str
    start: datetime
    end: datetime
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    open: bool
    latest: datetime


@dataclass(frozen=True, slots=True)
class _Scale:
    start: datetime
    end: datetime

    def at(self, instant: datetime) -> float:
        """Between 0 and 100."""
        share = (instant - self.start) / (self.end - self.start)
        return round(100 * min(max(share, 0.0), 1.0), 3)


def timeline(story: Story, *, horizon: datetime) -> Timeline:
    """``horizon``: the end of the report, where whatever lasts still is cut off."""
    stretches = {revision: spells(moments) for revision, moments in story.revisions.items()}
    is_open = any(found and not is_end(found[-1].status) for found in stretches.values())
    start = min(moment.at for moment in story.moments)
    latest = max(story.latest, *(found[-1].start for found in stretches.values() if found), start)
    end = max(latest, horizon) if is_open else latest
    scale = _Scale(start, max(end, start + timedelta(minutes=1)))
    rows = tuple(_row(revision, moments, stretches[revision], scale) for revision, moments in story.revisions.items())
    return Timeline(
        cutover=story.cutover, start=scale.start, end=scale.end, rows=rows, ticks=ticks(scale.start, scale.end),
        open=is_open, latest=latest,
    )  # fmt: skip


def _row(revision: int, moments: tuple[Moment, ...], found: tuple[Spell, ...], scale: _Scale) -> Row:
    marks = tuple(_marks(moments, scale))
    return Row(
        revision=revision, status=found[-1].status if found else "", marks=marks, moments=moments,
        bars=tuple(_bar(spell, scale) for spell in found if not is_end(spell.status)),
        lines=1 + max((mark.line for mark in marks), default=-1),
    )  # fmt: skip


def _bar(spell: Spell, scale: _Scale) -> Bar:
    left = scale.at(spell.start)
    width = round(max(scale.at(spell.end or scale.end) - left, 0.0), 3)
    needed = LETTER * len(spell.status) + 12
    fits = "always" if width * NARROW >= needed else "wide" if width * WIDE >= needed else "never"
    return Bar(
        look=LOOKS.get(spell.status, "work"), status=spell.status, left=left, width=width, start=spell.start,
        lasted=spell.lasted(scale.end), open=spell.end is None, fits=fits,
    )  # fmt: skip


def _marks(moments: Iterable[Moment], scale: _Scale) -> Iterable[Mark]:
    """Each on the first line where there is room for it; on the last one where there is none."""
    ends = [-NEAR] * LINES
    for moment in sorted(moments, key=lambda each: (each.at, each.sequence)):
        look = look_of(moment)
        if look is None:
            continue
        left = scale.at(moment.at)
        line = next((number for number, end in enumerate(ends) if left - end >= NEAR), LINES - 1)
        ends[line] = left
        yield Mark(look, left, line, moment)


def look_of(moment: Moment) -> str | None:
    """What a moment is drawn as; None where it is not."""
    return RECEIPTS.get(moment.result) or MARKS.get(moment.event)
