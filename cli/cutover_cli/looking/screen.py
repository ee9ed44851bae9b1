"""What commands that look print: one JSON document, or text that fits the terminal; colour only where it matters.

Others wrote much of what is shown. Each value goes through ``cell``: it stays on its line and drives no terminal.
"""

import os
import sys
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
    console = console_of()
    for each in made():
        console.print(each)


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


def table(titles: Sequence[str], rows: Iterable[Sequence["str | Text"]]) -> "RenderableType":
    """Columns without lines between them; empty ones are left out. In a narrow terminal, a block for each row."""
    return _Fitting(tuple(titles), [[cell(each) if isinstance(each, str) else each for each in row] for row in rows])


@dataclass(frozen=True, slots=True)
class _Fitting:
    titles: tuple[str, ...]
    rows: "list[list[Text]]"

    def __rich_console__(self, _console: "Console", options: "ConsoleOptions") -> "RenderResult":
        kept = [number for number, _ in enumerate(self.titles) if any(row[number].plain for row in self.rows)]
        widths = [max(len(row[number].plain) for row in self.rows) for number in kept]
        if options.max_width < NARROW and sum(widths) + 2 * len(widths) > options.max_width:
            for number, row in enumerate(self.rows):
                yield from [""] if number else []
                yield pairs((self.titles[each].lower(), row[each]) for each in kept)
        else:
            yield self._columns(kept)

    def _columns(self, kept: list[int]) -> "RenderableType":
        from rich.table import Table

        made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
        for number in kept:
            made.add_column(self.titles[number], overflow="fold")
        for row in self.rows:
            made.add_row(*(row[number] for number in kept))
        return made


def pairs(rows: Iterable[tuple[str, "str | Text | None"]]) -> "RenderableType":
    """Names with their values; what has no value is left out."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False, show_edge=False)
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        if value:
            made.add_row(cell(name, "dim"), cell(value) if isinstance(value, str) else value)
    return made


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
