"""The four questions over time. Each is a count of what happened; none of them says whether that is good."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cutover.contracts.ledger import LedgerEntry
from cutover.domain.tallies import CAUSES, UNSTATED, Tally, superseded_handed_off
from cutover_cli.reporting.moments import Moment, Story
from cutover_cli.reporting.span import Span

Dimensions = tuple[tuple[str, str], ...]
SUPERSEDING = ("newer-candidate", "resolved", "drift")


@dataclass(frozen=True, slots=True)
class Series:
    """One count over the periods of the span."""

    name: str
    values: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.values)


@dataclass(frozen=True, slots=True)
class Question:
    """``part`` of ``whole`` is its number; ``whole`` None where the number stands by itself. ``said`` names it."""

    key: str
    part: int
    whole: int | None
    series: tuple[Series, ...]
    besides: tuple[tuple[str, int], ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing happened that the question is about."""
        return self.whole == 0 or (self.whole is None and not any(each.total for each in self.series))

    def document(self) -> dict[str, Any]:
        return {
            "number": None if self.empty else self.part, "of": self.whole,
            "over_time": {each.name: list(each.values) for each in self.series}, "besides": dict(self.besides),
        }  # fmt: skip


@dataclass(slots=True)
class Counts:
    """Tallies of a span by period, name and dimensions. What they are folded from may come in any order."""

    span: Span
    found: Counter[tuple[datetime, str, Dimensions]] = field(default_factory=Counter)

    def add(self, at: datetime, tallies: Iterable[Tally]) -> None:
        if not self.span.since <= at < self.span.end:
            return
        for each in tallies:
            self.found[self.span.start_of(at), each.name, tuple(sorted(each.dimensions.items()))] += each.value

    def over_time(self, name: str, **dimensions: str) -> tuple[int, ...]:
        """In each period; of every value of the dimensions that are not given."""
        wanted = set(dimensions.items())
        totals: Counter[datetime] = Counter()
        for (start, told, dims), value in self.found.items():
            if told == name and wanted <= set(dims):
                totals[start] += value
        return tuple(totals[period.start] for period in self.span.periods)

    def total(self, name: str, **dimensions: str) -> int:
        return sum(self.over_time(name, **dimensions))

    def by(self, name: str, dimension: str) -> tuple[tuple[str, int], ...]:
        """The values of a dimension with their counts, the most frequent first."""
        totals: Counter[str] = Counter()
        for (_, told, dims), value in self.found.items():
            if told == name and dimension in dict(dims):
                totals[dict(dims)[dimension]] += value
        return tuple(sorted(totals.items(), key=lambda each: (-each[1], each[0])))


def questions(
    counts: Counts, found: Iterable[Story], decisive: Iterable[Sequence[LedgerEntry]]
) -> tuple[Question, ...]:
    """``decisive``: of each chain the entries that end a revision for another one or hand one off, in order."""
    return (_accepted(counts, found), _corrections(counts), _binding(counts), _supersession(counts, decisive))


def _accepted(counts: Counts, found: Iterable[Story]) -> Question:
    ended: Counter[tuple[str, datetime]] = Counter()
    span = counts.span
    for story in found:
        for moments in story.revisions.values():
            for at in _handed_off(moments, span):
                ended[_what_came(moments), span.start_of(at)] += 1
    names = ("accepted", "reopened", "no-receipt")
    series = tuple(Series(name, tuple(ended[name, each.start] for each in span.periods)) for name in names)
    besides = tuple((f"receipts-{name}", value) for name, value in counts.by("Receipts", "outcome"))
    return Question("accepted", series[0].total, sum(each.total for each in series), series, besides)


def _handed_off(moments: Iterable[Moment], span: Span) -> Iterator[datetime]:
    for moment in moments:
        if span.since <= moment.at < span.end and any(each.name == "HandedOff" for each in moment.tallies):
            yield moment.at


def _what_came(moments: Sequence[Moment]) -> str:
    """Of a hand-off, until the report's end."""
    reopened = ("Rejections", "Corrections", "WithdrawnTooLate")
    if any(each.name in reopened for moment in moments for each in moment.tallies):
        return "reopened"
    return "accepted" if any(each.counts("Receipts", outcome="accepted") for each in moments) else "no-receipt"


def _corrections(counts: Counts) -> Question:
    causes = tuple(Series(cause, counts.over_time("Corrections", cause=cause)) for cause in (*CAUSES, UNSTATED))
    besides = tuple((f"rejected-{cause}", value) for cause, value in counts.by("Rejections", "cause"))
    return Question("corrections", counts.total("Corrections"), None, causes, besides)


def _binding(counts: Counts) -> Question:
    series = (
        Series("bound", counts.over_time("Bound")),
        Series("held", counts.over_time("Held")),
        Series("declined-by-rule", counts.over_time("Declined", cause="rule")),
    )
    besides = (
        ("drifted", counts.total("Superseded", cause="drift")),
        ("approvals-lapsed", counts.total("ApprovalsLapsed")),
        ("declined-by-person", counts.total("Declined", cause="person")),
        *((f"expired-{cause}", value) for cause, value in counts.by("Expired", "cause")),
        *((f"refused-{cause}", value) for cause, value in counts.by("Refused", "cause")),
        *((f"held-{family}", value) for family, value in counts.by("Held", "family")),
    )
    return Question("binding", series[0].total, sum(each.total for each in series), series, besides)


def _supersession(counts: Counts, decisive: Iterable[Sequence[LedgerEntry]]) -> Question:
    series = tuple(Series(cause, counts.over_time("Superseded", cause=cause)) for cause in SUPERSEDING)
    span = counts.span
    after = sum(span.since <= each.at < span.end for chain in decisive for each in superseded_handed_off(chain))
    whole = sum(each.total for each in series)
    besides = (
        ("handed-off-after", after), ("uncertain", counts.total("Uncertain")),
        *((f"withdrawn-{cause}", value) for cause, value in counts.by("Withdrawn", "cause")),
        ("withdrawn-too-late", counts.total("WithdrawnTooLate")),
    )  # fmt: skip
    return Question("supersession", whole - min(after, whole), whole, series, besides)
