"""What `cutover report` counts: the same as the tallies of the entries, in whatever order they are read."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutover.contracts.ledger import LedgerEntry
from cutover.domain.record import RevisionRecord
from cutover.domain.tallies import tallies
from cutover_cli.output import BadArgument
from cutover_cli.reporting.asked import UNKNOWN_ROLE, waits, windows
from cutover_cli.reporting.axis import MOST, ticks
from cutover_cli.reporting.gathering import Gathered, gather
from cutover_cli.reporting.held import Kind, holds
from cutover_cli.reporting.measures import durations
from cutover_cli.reporting.moments import Story, moment_of, of_release, stories
from cutover_cli.reporting.report import document, made
from cutover_cli.reporting.span import Span, span
from cutover_cli.reporting.spells import spells
from tests.building.policy import instant
from tests.building.reported import DIGEST, START, ledgers, told
from tests.fakes.records import InMemoryRecords
from tests.fakes.store import InMemoryStore

NOW = instant("2026-04-20T12:00")


class Ledger(InMemoryRecords):
    """A table that holds these entries and nothing else, and gives each day's in any order."""

    def __init__(self, entries: Sequence[LedgerEntry]) -> None:
        super().__init__()
        self.entries = list(entries)

    def ledger(self, chain: str, *, after: int = 0) -> Iterator[LedgerEntry]:
        return iter(sorted((e for e in self.entries if e.chain == chain and e.sequence > after), key=_sequence))

    def written_on(self, day: date) -> Iterator[LedgerEntry]:
        return iter([entry for entry in self.entries if entry.at.date() == day])

    def waiting(self, *_: Any, **__: Any) -> Iterator[RevisionRecord]:
        return iter(())


def _sequence(entry: LedgerEntry) -> int:
    return entry.sequence


def found_in(entries: Sequence[LedgerEntry], **asked: Any) -> Gathered:
    within = span(NOW, **{"since": date(2026, 3, 1), "until": None, "days": None} | asked)
    return gather(Ledger(entries), InMemoryStore(), within)


def only(found: dict[str, Story]) -> Story:
    (story,) = found.values()
    return story


def story_of(entries: Sequence[LedgerEntry]) -> Story:
    return only(stories(map(moment_of, entries)))


@given(ledgers())
def test_sums_agree_with_the_tallies(entries: list[LedgerEntry]) -> None:
    wanted: Counter[str] = Counter()
    for each in entries:
        for tally in tallies(each):
            wanted[tally.name] += tally.value
    report = made(found_in(entries))
    accepted, corrections, binding, supersession = report.questions
    assert accepted.whole == wanted["HandedOff"]
    assert sum(each.total for each in corrections.series) == corrections.part == wanted["Corrections"]
    assert (binding.part, binding.whole) == (
        wanted["Bound"], wanted["Bound"] + wanted["Held"] + sum(each.total for each in binding.series[2:])
    )  # fmt: skip
    assert supersession.whole == wanted["Superseded"]
    for question in report.questions:
        assert 0 <= question.part <= (question.part if question.whole is None else question.whole)


@given(ledgers(), st.randoms())
def test_the_order_of_reading_changes_nothing(entries: list[LedgerEntry], source: random.Random) -> None:
    said = document(made(found_in(entries)), audience="a", made_at=NOW)
    mixed = list(entries)
    source.shuffle(mixed)
    assert document(made(found_in(mixed)), audience="a", made_at=NOW) == said


@given(ledgers())
def test_no_stretch_of_time_is_negative_and_none_overlaps(entries: list[LedgerEntry]) -> None:
    for story in found_in(entries).stories:
        for moments in story.revisions.values():
            at: datetime | None = None
            for spell in spells(moments):
                assert spell.lasted(START) >= timedelta()
                assert at is None or spell.start == at
                assert spell.end is None or spell.end >= spell.start
                at = spell.end


@given(ledgers())
def test_everything_is_drawn_inside_the_picture(entries: list[LedgerEntry]) -> None:
    for timeline in made(found_in(entries)).timelines:
        assert timeline.end > timeline.start
        for row in timeline.rows:
            assert all(0 <= bar.left <= bar.left + bar.width <= 100.001 for bar in row.bars)
            assert all(0 <= mark.left <= 100 and 0 <= mark.line < row.lines for mark in row.marks)


@given(ledgers(), st.integers(0, 40))
def test_two_spans_count_what_one_counts(entries: list[LedgerEntry], days: int) -> None:
    """The hand-offs, bindings and supersessions of a time are those of its parts."""
    parting = date(2026, 3, 1) + timedelta(days=days)
    whole = made(found_in(entries)).questions
    parts = [
        made(found_in(entries, until=parting)).questions,
        made(found_in(entries, since=parting + timedelta(days=1))).questions,
    ]
    for number, question in enumerate(whole):
        assert question.whole == (None if question.whole is None else sum(part[number].whole or 0 for part in parts)), (
            question.key
        )


def test_a_rehearsal_is_no_release() -> None:
    (entry,) = told(("admitted", "collecting", 0), chain="service@production.rehearsal.1")
    assert not of_release(entry)
    assert found_in([entry]).stories == ()


def test_whoever_corrects_after_accepting_reopens() -> None:
    entries = told(("handed-off", "handed_off", 1), ("receipt", None, 2), ("receipt", None, 3))
    entries[1] = entries[1].model_copy(update={"result": "RECEIPT_ACCEPTED"})
    assert made(found_in(entries)).questions[0].part == 1
    entries[2] = entries[2].model_copy(update={"result": "RECEIPT_CORRECTED", "detail": "hidden-hold: late"})
    accepted, corrections, *_ = made(found_in(entries)).questions
    assert (accepted.part, accepted.whole, [each.total for each in accepted.series]) == (0, 1, [0, 1, 0])
    assert {each.name: each.total for each in corrections.series if each.total} == {"hidden-hold": 1}


def test_what_was_handed_off_after_its_end_counts_against_it() -> None:
    entries = told(("superseded", "superseded", 1), ("handed-off", "handed_off", 2))
    question = made(found_in(entries)).questions[3]
    assert (question.part, question.whole, dict(question.besides)["handed-off-after"]) == (0, 1, 1)


def test_where_nothing_happened_there_is_no_data() -> None:
    said = document(made(found_in([])), audience="a", made_at=NOW)
    assert [each["number"] for each in said["questions"].values()] == [None] * 4
    assert said["holds"] == said["approvals"] == said["cutovers"] == []


# --- holds --------------------------------------------------------------------------------------


def held(*steps: tuple[str, str | None, float], registers: Any = None) -> Any:
    entries = told(("admitted", "collecting", 0), *steps)
    entries[1] = entries[1].model_copy(update={"result": "SCOPE_CONFLICT", "inputs": {"hold-register": DIGEST}})
    (*rows,) = holds([story_of(entries)], registers or {}, since=START, horizon=START + timedelta(hours=10))
    return rows


def test_an_open_hold_is_as_old_as_the_end_of_the_report() -> None:
    (row,) = held(("held", "held", 4))
    assert (row.kind, row.open.longest, row.closed.count) == (Kind("SCOPE_CONFLICT", ""), timedelta(hours=6), 0)


def test_each_hold_of_the_register_counts_with_its_owner() -> None:
    kinds = (Kind("SCOPE_CONFLICT", "operations"), Kind("FLAG_OWNER_MISSING", "operations"))
    rows = held(("held", "held", 4), ("resolved", "superseded", 6), registers={DIGEST: kinds})
    assert {row.kind: (row.open.count, row.closed.median) for row in rows} == dict.fromkeys(
        kinds, (0, timedelta(hours=2))
    )


def test_what_closed_before_the_span_is_none_of_its_holds() -> None:
    entries = told(("held", "held", 1), ("resolved", "superseded", 2))
    assert holds([story_of(entries)], {}, since=START + timedelta(hours=3), horizon=NOW) == ()


# --- approvals and windows ----------------------------------------------------------------------


def asked(*steps: tuple[str, str | None, float, dict[str, str]]) -> Story:
    plain = told(("bound", "bound", 0), *((event, to, at) for event, to, at, _ in steps))
    return story_of([plain[0], *(e.model_copy(update={"inputs": s[3]}) for e, s in zip(plain[1:], steps, strict=True))])


def digest(number: int) -> str:
    return "sha256:" + f"{number:064}"


def said(number: int) -> dict[str, str]:
    return {"decision": digest(number), "envelope": digest(100 + number)}


ROLES = {digest(101): "operations", digest(102): "release-engineering", digest(103): "operations"}


def test_each_role_is_waited_for_from_the_question() -> None:
    story = asked(
        ("approval-requested", "awaiting_approval", 1, {}), ("approval-given", "awaiting_approval", 3, said(1)),
        ("approved", "approved", 8, said(2)),
    )  # fmt: skip
    rows = waits([story], ROLES, {}, since=START, horizon=NOW)
    assert [(row.role, row.answered.longest, row.open.count) for row in rows] == [
        ("operations", timedelta(hours=2), 0), ("release-engineering", timedelta(hours=7), 0),
    ]  # fmt: skip


def test_after_a_lapse_a_role_is_waited_for_anew() -> None:
    story = asked(
        ("approval-requested", "awaiting_approval", 1, {}), ("approved", "approved", 3, said(1)),
        ("approval-lapsed", "awaiting_approval", 10, {"lapsed/1": digest(1)}), ("approved", "approved", 11, said(3)),
    )  # fmt: skip
    (row,) = waits([story], ROLES, {}, since=START, horizon=NOW)
    assert (row.answered.count, row.answered.median, row.answered.longest) == (
        2, timedelta(hours=1.5), timedelta(hours=2)
    )  # fmt: skip


def test_roles_without_an_answer_are_open() -> None:
    story = asked(
        ("approval-requested", "awaiting_approval", 1, {}), ("approval-given", "awaiting_approval", 3, said(1))
    )
    horizon = START + timedelta(hours=21)
    required = {("service@production.1", 1): ("operations", "release-engineering")}
    rows = waits([story], ROLES, required, since=START, horizon=horizon)
    assert {row.role: row.open.longest for row in rows} == {
        "operations": None, "release-engineering": timedelta(hours=20)
    }  # fmt: skip
    assert UNKNOWN_ROLE in {row.role for row in waits([story], ROLES, {}, since=START, horizon=horizon)}


def test_windows_are_hit_missed_or_given_up() -> None:
    bound = ("bound", "bound", 0.0)
    ends = {"handed-off": "handed_off", "expired": "expired", "withdrawn": "withdrawn", "uncertain": "uncertain"}
    found = [
        story_of(told(bound, (event, status, 1), chain=f"service@production.{number}"))
        for number, (event, status) in enumerate(ends.items(), start=1)
    ]
    held_only = story_of(told(("held", "held", 0), ("expired", "expired", 1), chain="other@production.1"))
    counted = windows([*found, held_only], since=START)
    assert (counted.hit, counted.missed, counted.given_up, counted.uncertain) == (1, 1, 1, 1)
    assert windows(found, since=START + timedelta(hours=2)).hit == 0


# --- numbers, spans, axes -----------------------------------------------------------------------


@given(st.lists(st.timedeltas(timedelta(), timedelta(days=90)), min_size=1))
def test_durations_are_in_order(found: list[timedelta]) -> None:
    said = durations(found)
    assert said.median is not None
    assert said.p90 is not None
    assert said.p90 in found
    assert min(found) <= said.median <= max(found) == said.longest
    assert sum(each <= said.p90 for each in found) >= 0.9 * len(found)


@given(st.integers(1, 400))
def test_periods_cover_the_span_once(days: int) -> None:
    whole = span(NOW, since=None, until=None, days=days)
    assert whole.periods[0].start == whole.since
    assert all(one.end == two.start for one, two in pairwise(whole.periods))
    assert whole.periods[-1].end - whole.since == timedelta(days=days)
    assert len(whole.periods) <= 59


@pytest.mark.parametrize(
    "asked",
    [
        {"since": date(2026, 3, 2), "until": date(2026, 3, 1)},
        {"since": date(2026, 5, 1)},
        {"since": date(2020, 1, 1)},
        {"since": date(2026, 3, 2), "days": 3},
    ],
)
def test_what_is_no_span_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        span(NOW, **{"since": None, "until": None, "days": None} | asked)


def test_a_span_ends_now_at_the_latest() -> None:
    assert Span(date(2026, 4, 20), date(2026, 4, 20), NOW).horizon == NOW
    assert not Span(date(2026, 4, 1), date(2026, 4, 2), NOW).present


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.integers(60, 10 * 366 * 86_400))  # noqa: DTZ001
def test_names_of_instants_have_room(naive: datetime, seconds: int) -> None:
    start = naive.replace(tzinfo=START.tzinfo)
    found = ticks(start, start + timedelta(seconds=seconds))
    assert len(found) <= MOST
    assert all(0 <= tick.left <= 100 for tick in found)
    assert all(two.left - one.left >= 100 / 3.7 for one, two in pairwise(found))
