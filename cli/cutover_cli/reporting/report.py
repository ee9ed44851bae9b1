"""Everything that a report says, as values: the page and the JSON answer are both made from it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cutover.contracts.base import Audience, format_instant
from cutover_cli.reporting.asked import UNKNOWN_ROLE, WaitRow, Windows, waits, windows
from cutover_cli.reporting.gathering import Gathered
from cutover_cli.reporting.held import UNKNOWN_OWNER, HoldRow, holds
from cutover_cli.reporting.questions import Question, questions
from cutover_cli.reporting.timeline import Row, Timeline, timeline

MOST_TIMELINES = 200


@dataclass(frozen=True, slots=True)
class Report:
    gathered: Gathered
    questions: tuple[Question, ...]
    holds: tuple[HoldRow, ...]
    waits: tuple[WaitRow, ...]
    windows: Windows
    timelines: tuple[Timeline, ...]
    """The newest."""

    @property
    def left_out(self) -> int:
        return len(self.gathered.stories) - len(self.timelines)


def made(found: Gathered) -> Report:
    since, horizon = found.span.since, found.span.horizon
    newest = sorted(found.stories, key=lambda each: (each.latest, each.cutover), reverse=True)[:MOST_TIMELINES]
    return Report(
        gathered=found,
        questions=questions(found.counts, found.stories, found.chains),
        holds=holds(found.stories, found.registers, since=since, horizon=horizon),
        waits=waits(found.stories, found.roles, found.required, since=since, horizon=horizon),
        windows=windows(found.stories, since=since),
        timelines=tuple(timeline(each, horizon=horizon) for each in newest),
    )


def document(report: Report, *, audience: Audience, made_at: datetime) -> dict[str, Any]:
    """The same numbers as plain JSON; durations in seconds. It names no person."""
    found = report.gathered
    return {
        "audience": audience, "since": format_instant(found.span.since), "until": format_instant(found.span.horizon),
        "made_at": format_instant(made_at), "period": found.span.unit,
        "periods": [each.name for each in found.span.periods], "engines": sorted(found.engines),
        "questions": {each.key: each.document() for each in report.questions},
        "holds": [_hold(each) for each in report.holds], "approvals": [_wait(each) for each in report.waits],
        "windows": {
            "hit": report.windows.hit, "missed": report.windows.missed, "uncertain": report.windows.uncertain,
            "given_up": report.windows.given_up,
        },
        "cutovers": [_cutover(each) for each in report.timelines], "cutovers_left_out": report.left_out,
        "entries": found.entries, "documents_not_read": found.unread,
        "ledger": [head.model_dump(mode="json") for head in found.heads],
    }  # fmt: skip


def _hold(row: HoldRow) -> dict[str, Any]:
    owner = None if row.kind.owner == UNKNOWN_OWNER else row.kind.owner
    return {"code": row.kind.code, "owner": owner, "open": row.open.document(), "closed": row.closed.document()}


def _wait(row: WaitRow) -> dict[str, Any]:
    role = None if row.role == UNKNOWN_ROLE else row.role
    return {"role": role, "answered": row.answered.document(), "open": row.open.document()}


def _cutover(told: Timeline) -> dict[str, Any]:
    return {"cutover": told.cutover, "open": told.open, "revisions": [_revision(row) for row in told.rows]}


def _revision(row: Row) -> dict[str, Any]:
    return {
        "revision": row.revision, "status": row.status,
        "stood": [
            {"status": bar.status, "since": format_instant(bar.start), "seconds": int(bar.lasted.total_seconds())}
            for bar in row.bars
        ],
        "marks": [{"what": mark.look, "at": format_instant(mark.moment.at)} for mark in row.marks],
    }  # fmt: skip
