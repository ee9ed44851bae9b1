"""``python -m tests.drills [NAME …]``: plays drills on a stack of their own, compares, writes ``build/drills.json``.

Exits 0 when each ended as expected, 3 when one did not, 1 when one could not be played to its end, 2 where the
expectations are not complete or the names are none.
"""

import argparse
import json
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cutover.errors import CutoverError
from cutover_cli.demo.progress import Progress
from cutover_cli.output import CommandError, Exit
from tests.drills.ending import EXPECTED, Difference, Drill, Expectations, read
from tests.drills.playing import Playing, Result, playing

RESULT = Path(__file__).resolve().parents[2] / "build" / "drills.json"


def main(arguments: list[str] | None = None) -> int:
    """The exit code. Progress and the table go to stderr, a document of ``--format json`` to stdout."""
    console = Console(stderr=True, highlight=False)
    asked = _asked(arguments)
    try:
        expected = read(asked.expected)
        chosen = [expected.of(name) for name in asked.names] or list(expected.drill)
    except (ValueError, OSError, StopIteration) as error:
        console.print(Text(f"{asked.expected}: {str(error) or 'no such drill'}", style="red"))
        return Exit.USAGE
    try:
        with tempfile.TemporaryDirectory(prefix="cutover-drills-") as folder:
            results = _played(Path(folder), expected, chosen, Progress(console, len(chosen) + 1), console)
    except (AssertionError, CommandError, CutoverError) as error:
        console.print(Text(f"not played to its end: {error}", style="bold red"))
        return Exit.FAILED
    return conclude(results, console, form=asked.format)


def conclude(results: list[Result], console: Console, *, form: str = "text", file: Path = RESULT) -> int:
    """Writes the results to the file, shows what came of them, and gives the exit code."""
    document = _document(results)
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if form == "json":
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    console.print(table(results))
    for result in results:
        for difference in result.differences:
            console.print(told(result, difference))
    return Exit.REFUSED if any(each.differences for each in results) else Exit.DONE


def _asked(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make drill", description="Play drills on a local stack of their own.")
    parser.add_argument("names", nargs="*", help="which ones; all of them by default")
    parser.add_argument("--expected", type=Path, default=EXPECTED, help="how they have to end")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    return parser.parse_args(arguments)


def _played(
    folder: Path, expected: Expectations, chosen: list[Drill], progress: Progress, console: Console
) -> list[Result]:  # fmt: skip
    with console.status("bringing up a local stack"), playing(folder / "stack", expected) as stage:
        for drill in chosen:
            with progress.step(drill.title), console.status("playing"):
                _play(stage, drill, progress)
        with progress.step("Once more: nothing has come to any of them since"):
            return stage.again()


def _play(stage: Playing, drill: Drill, progress: Progress) -> None:
    result = stage.play(drill, progress.say)
    found = result.found.ending
    for what, lines in (("refused", found.refused), ("verify", found.verify), ("ended", found.revisions)):
        for line in lines:
            progress.say(f"{what:<9} {line}")
    if result.differences:
        progress.plain("        it did not end as expected: " + ", ".join(e.field for e in result.differences), "red")


def table(results: list[Result]) -> Table:
    """What came of each: for whoever asks what Cutover does when something goes wrong."""
    shown = Table(title="Drills", title_style="bold", header_style="bold", box=None, pad_edge=False)
    for heading in ("", "cutover.revision and its end", "in the queue", "seconds", "as expected"):
        shown.add_column(heading, justify="right" if heading in {"in the queue", "seconds"} else "left")
    for each in results:
        found = each.found.ending
        right = Text("no", style="bold red") if each.differences else Text("yes", style="green")
        ends = Text("\n".join(found.revisions))
        shown.add_row(Text(each.title, style="bold"), ends, str(found.messages), f"{each.seconds:.1f}", right)
    return shown


def told(result: Result, difference: Difference) -> Text:
    """Expected beside found, line by line."""
    text = Text(f"\n{result.title}: {difference.field}\n", style="bold red")
    for name, said in (("expected", difference.expected), ("found", difference.found)):
        lines = said if isinstance(said, (tuple, list)) else [str(said)]
        other = difference.found if name == "expected" else difference.expected
        others = other if isinstance(other, (tuple, list)) else [str(other)]
        text.append(f"  {name}\n", style="bold")
        for line in lines or ["nothing"]:
            text.append(f"    {line}\n", style="" if line in others else "red")
    return text


def _document(results: list[Result]) -> dict[str, object]:
    return {
        "schema": "cutover/drills/v1",
        "played_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "as_expected": not any(each.differences for each in results),
        "drills": [each.model_dump(mode="json") for each in results],
    }


if __name__ == "__main__":
    sys.exit(main())
