"""The page of a report: one file, that fetches nothing and runs nothing."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

import cutover
from cutover.contracts.base import Audience, format_instant
from cutover.domain.times import moment as told
from cutover.pages import rendering
from cutover.pages.rendering import Pages
from cutover_cli.output import oneline
from cutover_cli.reporting import words
from cutover_cli.reporting.charts import HEIGHT, Chart, chart
from cutover_cli.reporting.gathering import Gathered
from cutover_cli.reporting.moments import Moment
from cutover_cli.reporting.questions import Question
from cutover_cli.reporting.report import Report
from cutover_cli.reporting.timeline import Row, Timeline, look_of

TEMPLATES = Path(__file__).parent / "templates"
GENERATOR = '<meta name="generator" content="cutover report">'
"""How a report is known again."""
MOST_LINES = 60
"""So many lines the table of one cutover has, the newest."""
LINE, BAR = 18, 22
"""Pixels: of a line of marks, and of the bar below them."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question as the page shows it."""

    question: Question
    words: words.Asked
    number: str
    chart: Chart


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a cutover's table."""

    at: str
    revision: int
    what: str
    result: str
    by: str
    detail: str


@dataclass(frozen=True, slots=True)
class Telling:
    """How moments are told: with the people that the ledger names, or without."""

    gathered: Gathered
    people: bool

    @staticmethod
    def plain(text: str) -> str:
        """For attributes, where no character can be shown by an element of its own."""
        return oneline(text)

    def by(self, moment: Moment) -> str:
        role = self.gathered.roles.get(moment.envelope or "")
        if not self.people:
            return oneline(role or moment.function)
        return f"{oneline(moment.requester)} as {role}" if role else oneline(moment.requester)

    def what(self, moment: Moment) -> str:
        look = look_of(moment)
        return words.MARKS[look] if look else words.status((moment.after or moment.event).replace("-", " "))

    def mark(self, moment: Moment) -> str:
        """What a mark's name says."""
        return f"{self.what(moment)}, {told(moment.at)}, {self.by(moment)}"

    def lines(self, timeline: Timeline) -> list[Line]:
        moments = sorted((each for row in timeline.rows for each in row.moments), key=lambda each: each.sequence)
        shown = [each for each in moments if look_of(each) or each.after][-MOST_LINES:]
        return [self._line(each) for each in shown]

    def _line(self, moment: Moment) -> Line:
        detail = oneline(moment.detail) if moment.detail and self.people else ""
        result = "" if moment.result == "DONE" else moment.result
        return Line(format_instant(moment.at), moment.revision, self.what(moment), result, self.by(moment), detail)


def render(report: Report, *, audience: Audience, made_at: datetime, people: bool) -> str:
    """The whole page. What others wrote is made legible and escaped."""
    span = report.gathered.span
    return Pages(TEMPLATES).render(
        "report.html",
        report=report, gathered=report.gathered, span=span, audience=audience, people=people,
        made_at=format_instant(made_at), since=format_instant(span.since), until=format_instant(span.horizon),
        engine=cutover.__version__, questions=[_asking(each, report) for each in report.questions],
        telling=Telling(report.gathered, people), series=words.series, status=words.status, lasting=words.lasting,
        told=told, marks=_marks(report), looks=_looks(report), mark_names=words.MARKS, look_names=words.LOOKS,
        plot=HEIGHT, line=LINE, bar=BAR, summary=summary, rows_of=_described, **_style(),
    )  # fmt: skip


def summary(row: Row) -> str:
    return words.status(row.status) or "nothing yet"


def _described(row: Row) -> str:
    """The bars of a revision in words, for who does not see them."""
    said = (f"{words.status(bar.status)} {words.lasting(bar.lasted)}" for bar in row.bars)
    return "; ".join([*said, f"now {summary(row)}" if row.bars and row.bars[-1].open else f"then {summary(row)}"])


def _asking(question: Question, report: Report) -> Asking:
    return Asking(
        question, words.QUESTIONS[question.key], words.number(question), chart(question, report.gathered.span.periods)
    )


def _marks(report: Report) -> list[str]:
    used = {mark.look for each in report.timelines for row in each.rows for mark in row.marks}
    return [look for look in words.MARKS if look in used]


def _looks(report: Report) -> list[str]:
    used = {bar.look for each in report.timelines for row in each.rows for bar in row.bars}
    return [look for look in words.LOOKS if look in used]


def _style() -> dict[str, Any]:
    """The pages' common style and the report's own, and the hash by which the page allows them (CSP Level 3)."""
    common = (Path(rendering.__file__).parent / "templates" / "page.css").read_text("utf-8")
    style = common + (TEMPLATES / "report.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return {"css": Markup(style), "css_hash": digest, "generator": Markup(GENERATOR)}  # noqa: S704 - our own files
