"""``python -m bench``: measures, prints a table of ratios, writes ``build/bench.json``. It judges nothing."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.measuring import Row
from cutover_cli.output import CommandError

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "build" / "bench.json"


def measured(*, stack: bool) -> Iterator[Row]:
    """All rows, in the order of the table."""
    from bench import admitting, handing, importing, packaging

    yield from admitting.rows()
    yield from packaging.rows()
    yield from importing.rows()
    if stack:
        yield from handing.rows(ROOT)


def ratio(row: Row, rows: Iterable[Row]) -> float | None:
    """How many times as long as the row that it is compared with, by the medians."""
    for other in rows:
        if other.group == row.group and other.name == row.against:
            return row.timing.median / other.timing.median
    return None


def table(rows: list[Row]) -> Table:
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("", "ms", "times", "of", "what"):
        shown.add_column(heading, justify="right" if heading in {"ms", "times"} else "left")
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            shown.add_row(f"[bold]{group}[/bold]")
        found = ratio(row, rows)
        times = f"{found:.2f}" if found is not None else ""
        shown.add_row(f"  {row.name}", f"{row.timing.median:,.2f}", times, row.against or "", row.note, style="")
    return shown


def document(rows: list[Row]) -> dict[str, object]:
    """The same as plain JSON, with what is known of the machine."""
    return {
        "schema": "cutover/bench/v1",
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "rows": [
            {
                "group": row.group,
                "name": row.name,
                "median_ms": round(row.timing.median, 3),
                "fastest_ms": round(row.timing.fastest, 3),
                "rounds": row.timing.rounds,
                "against": row.against,
                "ratio": round(found, 3) if (found := ratio(row, rows)) is not None else None,
                "note": row.note,
            }
            for row in rows
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure Cutover against floors and naive ways.")
    parser.add_argument("--without-stack", action="store_true", help="leave the local stack alone")
    console = Console(width=None if sys.stdout.isatty() else 140)
    found: list[Row] = []
    failed = ""
    try:
        for row in measured(stack=not parser.parse_args().without_stack):
            if not found or found[-1].group != row.group:
                console.print(f"[dim]{row.group} ...[/dim]")
            found.append(row)
    except CommandError as error:  # the local stack; what was measured before it is kept
        failed = str(error)
    console.print(table(found))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(document(found), indent=2, ensure_ascii=False) + "\n", "utf-8")
    console.print(f"Written to {RESULT.relative_to(ROOT)}")
    if failed:
        sys.exit(f"bench: the local stack was not measured: {failed}")


if __name__ == "__main__":
    main()
