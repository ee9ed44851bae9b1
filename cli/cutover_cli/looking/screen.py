"""What commands that look print: one JSON document, or text that fits the terminal; colour only where it matters.

Others wrote much of what is shown. Each value goes through ``cell``: it stays on its line and drives no terminal.
"""

import os
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cutover.contracts.base import format_instant
from cutover_cli.output import Format, answer, oneline, showable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.text import Text

PIPED_WIDTH = 240
"""Where no terminal says how wide it is, a line is not broken in the middle of a name."""
NARROW = 80
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
BAD, WAITS, GOOD = "red", "yellow", "green"
STYLES: Mapping[str, str] = {
    "held": WAITS, "deferred": WAITS, "awaiting_approval": WAITS, "handed_off": GOOD, "rehearsed": GOOD,
    "refused": BAD, "declined": BAD, "uncertain": BAD, "expired": BAD, "withdrawn": BAD,
}  # fmt: skip
"""Of a status: somebody must act, it is well, or it has ended otherwise. What passes by itself has no colour."""


def show(document: Mapping[str, Any], form: Format, made: Callable[[], "Iterable[RenderableType]"]) -> None:
    """Prints the document as JSON, or what ``made`` makes of it, one below the other."""
    if form is Format.JSON:
        answer(document, form, str)
        return
    from rich.text import Text

    console = console_of()
    for each in made():
        console.print(each, soft_wrap=isinstance(each, Text), crop=False)  # what is copied must not be broken by us


def console_of() -> "Console":
    """Standard output: without colour, and wide, where it is no terminal."""
    from rich.console import Console

    free = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(highlight=False, markup=False, emoji=False, width=PIPED_WIDTH if free else None)


def cell(text: object, style: str = "") -> "Text":
    """One value that others may have written."""
    from rich.text import Text

    return Text(showable(oneline(str(text)), sys.stdout), style=style, overflow="fold")


def line(*parts: "str | Text") -> "Text":
    """Several values in one line of text."""
    from rich.text import Text

    made = Text(overflow="fold")
    for each in parts:
        made.append_text(cell(each) if isinstance(each, str) else each)
    return made


def status(said: str, reason: str | None = None) -> "Text":
    """A status in its colour, with the reason behind it."""
    return cell(f"{said} ({reason})" if reason and reason.lower() != said else said, STYLES.get(said, ""))


def table(
    titles: Sequence[str], rows: Iterable[Sequence["str | Text"]], *, spare: Sequence[str] = ()
) -> "RenderableType":
    """Columns without lines between them; empty ones are left out. In a narrow terminal, a block for each row.

    Columns that are ``spare`` are left out one by one where others would be broken within a word.
    """
    made = [[cell(each) if isinstance(each, str) else each for each in row] for row in rows]
    return _Fitting(tuple(titles), made, tuple(spare))


@dataclass(frozen=True, slots=True)
class _Fitting:
    titles: tuple[str, ...]
    rows: "list[list[Text]]"
    spare: tuple[str, ...] = ()

    def __rich_console__(self, _console: "Console", options: "ConsoleOptions") -> "RenderResult":
        kept = [number for number, _ in enumerate(self.titles) if any(row[number].plain for row in self.rows)]
        widths = [max(len(row[number].plain) for row in self.rows) for number in kept]
        if options.max_width < NARROW and sum(widths) + 2 * len(widths) > options.max_width:
            for number, row in enumerate(self.rows):
                yield from [""] if number else []
                yield pairs((self.titles[each].lower(), row[each]) for each in kept)
        else:
            for title in self.spare:
                if sum(self._least(each) + 2 for each in kept) > options.max_width:
                    kept = [each for each in kept if self.titles[each] != title]
            yield self._columns(kept, options.max_width)

    def _least(self, number: int) -> int:
        """How long the longest word of a column is."""
        texts = (self.titles[number], *(row[number].plain for row in self.rows))
        return max(len(word) for text in texts for word in text.split() or [""])

    def _columns(self, kept: list[int], room: int) -> "RenderableType":
        from rich.table import Table

        made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
        for number, width in zip(kept, self._widths(kept, room), strict=True):
            made.add_column(self.titles[number], overflow="fold", width=width)
        for row in self.rows:
            made.add_row(*(row[number] for number in kept))
        return made

    def _widths(self, kept: list[int], room: int) -> "Sequence[int | None]":
        """No column is narrower than its longest word, where there is room for that; who wants least gets it first."""
        most = [max(len(self.titles[each]), *(len(row[each].plain) for row in self.rows)) for each in kept]
        given = [self._least(each) for each in kept]
        left = room - sum(given) - 2 * len(kept)
        if left < 0:
            return [None] * len(kept)
        for number in sorted(range(len(kept)), key=lambda each: most[each] - given[each]):
            more = min(left, most[number] - given[number])
            given[number], left = given[number] + more, left - more
        return given


def pairs(rows: Iterable[tuple[str, "str | Text | None"]]) -> "RenderableType":
    """Names with their values; what has no value is left out."""
    return _Pairs([(cell(name, "dim"), cell(each) if isinstance(each, str) else each) for name, each in rows if each])


@dataclass(frozen=True, slots=True)
class _Pairs:
    """A value is broken between words, never within one: a digest or an ARN is there to be copied."""

    rows: "list[tuple[Text, Text]]"

    def __rich_console__(self, _console: "Console", options: "ConsoleOptions") -> "RenderResult":
        from rich.text import Text

        label = max((len(name.plain) for name, _ in self.rows), default=0) + 2
        for name, value in self.rows:
            for number, part in enumerate(_broken(value, max(options.max_width - label, 1))):
                before = Text(" " * label) if number else name.copy().append(" " * (label - len(name.plain)))
                whole = Text(no_wrap=True, overflow="ignore")
                yield whole.append_text(before).append_text(part)


def _broken(value: "Text", room: int) -> "list[Text]":
    from rich.text import Text

    if len(value.plain) <= room:
        return [value]
    parts = textwrap.wrap(value.plain, room, break_long_words=False, break_on_hyphens=False)
    return [Text(part, style=value.style) for part in parts]


def command(text: str) -> "Text":
    """A command to copy."""
    return line("  ", cell(text, "bold"))


def instant(at: datetime | None) -> str | None:
    """As documents write it."""
    return None if at is None else format_instant(at)


def duration(seconds: float) -> str:
    """``41 s``, ``3 min 20 s``, ``2 h``, ``3 d 4 h``: the largest unit that is there, and the one below it."""
    left, counts = int(seconds), []
    for size, unit in UNITS:
        count, left = divmod(left, size)
        counts.append((count, unit))
    first = next((number for number, (count, _) in enumerate(counts) if count), len(counts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in counts[first : first + 2] if count) or "0 s"


def bar(share: float, width: int = 16) -> str:
    """A share of 1 as a bar; whatever is more than nothing is seen."""
    full = showable("\N{FULL BLOCK}", sys.stdout)
    mark = full if len(full) == 1 else "#"
    return mark * (0 if share <= 0 else max(1, round(share * width)))
