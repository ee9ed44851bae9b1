"""Columns of counts over periods: where each part stands, in hundredths of the width and pixels of the height."""

from collections.abc import Sequence
from dataclasses import dataclass

from cutover_cli.reporting import words
from cutover_cli.reporting.questions import Question
from cutover_cli.reporting.span import Period

HEIGHT = 96
"""Pixels, on every screen: only the width is stretched."""
GAP = 0.22
WIDEST = 7.0


@dataclass(frozen=True, slots=True)
class Part:
    look: int
    """Which of the patterns of the page's style: the place of the series in its question."""
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    left: float
    width: float
    parts: tuple[Part, ...]
    told: str


@dataclass(frozen=True, slots=True)
class Chart:
    """``most``: what the highest column counts, at the top of the chart."""

    most: int
    columns: tuple[Column, ...]
    legend: tuple[tuple[int, str, int], ...]
    """Of each series its look, its name and its total."""


def chart(question: Question, periods: Sequence[Period]) -> Chart:
    """Nothing is drawn of a period in which nothing happened."""
    heights = [sum(each.values[number] for each in question.series) for number in range(len(periods))]
    most = max([*heights, 1])
    columns = tuple(_column(question, periods, number, most) for number in range(len(periods)) if heights[number])
    legend = tuple((look, words.series(each.name), each.total) for look, each in enumerate(question.series))
    return Chart(most, columns, legend)


def _column(question: Question, periods: Sequence[Period], number: int, most: int) -> Column:
    room = 100 / len(periods)
    width = min(room * (1 - GAP), WIDEST)
    parts, top = [], float(HEIGHT)
    for look, each in enumerate(question.series):
        height = HEIGHT * each.values[number] / most
        if height:
            top -= height
            parts.append(Part(look, round(top, 2), round(height, 2)))
    said = [f"{words.series(each.name)} {each.values[number]}" for each in question.series if each.values[number]]
    name = periods[number].name
    return Column(
        name, round(room * number + (room - width) / 2, 3), round(width, 3), tuple(parts), f"{name}: {', '.join(said)}"
    )
