"""`cutover demo`: the command."""

import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cutover_cli.output import CommandError, Exit, Format, FormatOption, answer, answering

if TYPE_CHECKING:
    from cutover_cli.demo.progress import Progress
    from cutover_cli.demo.workspace import Workspace
    from cutover_cli.local.place import Place

Folder = Annotated[
    Path | None,
    typer.Option(help="Where keys and results are kept.  [default: .demo of this checkout]"),
]


class Scenario(StrEnum):
    """Which way the release of the demo goes."""

    MAIN = "main"
    HELD = "held"


def demo(
    auto: Annotated[bool, typer.Option("--auto", help="Play the two approvers, over HTTP.")] = False,
    scenario: Annotated[
        Scenario, typer.Option(help="held: stop on an old drill and a waiver that ends too early, and mend both.")
    ] = Scenario.MAIN,
    down: Annotated[bool, typer.Option("--down", help="End the local stack afterwards.")] = False,
    folder: Folder = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Release this project through the local stack, from a signed candidate to a verified message."""
    from rich.console import Console

    from cutover_cli.demo.errors import DemoBusy
    from cutover_cli.demo.progress import Progress
    from cutover_cli.demo.run import STEPS, Demo, Options
    from cutover_cli.demo.workspace import DEFAULT, Workspace
    from cutover_cli.local.place import Place, repository

    held = scenario is Scenario.HELD
    console = Console(highlight=False, markup=False, emoji=False, stderr=form is Format.JSON)
    progress = Progress(console, STEPS + (2 if held else 0))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(Exit.FAILED))  # so that --down is kept then too
    with answering(form):
        root = repository()
        place = Workspace((folder or root / DEFAULT).resolve(), default=folder is None)
        state = Place.at(place.stack)
        try:
            report = Demo(Options(root, place, auto, down, held), progress).run()
        except KeyboardInterrupt:
            progress.plain("\nStopped. Nothing of this run is used again; the next one starts a new local stack.")
            raise typer.Exit(Exit.FAILED) from None
        except CommandError as error:
            if state.log.exists() and not isinstance(error, DemoBusy):
                progress.plain(f"What the local stack said: {_short(state.log)}")
            raise
        answer(
            _document(place, report, progress),
            form,
            lambda: _text(place, report, progress, state=None if down else state),
        )


def _document(place: "Workspace", report: dict[str, Any], progress: "Progress") -> dict[str, Any]:
    return {
        "result": "done",
        "seconds": int(progress.seconds),
        "folder": str(place.folder),
        "verification": report,
    }


def _text(place: "Workspace", report: dict[str, Any], progress: "Progress", *, state: "Place | None") -> str:
    folder, cutover = _short(place.folder), report["handoff"]["cutover"]
    lines = [
        "",
        f"Done in {progress.seconds:.1f} s: one approved bundle, one queue, one message, verified.",
        "",
        f"  {folder}/handoff.json   the message, byte for byte as received",
        f"  {folder}/trust.json     whose signatures count, written before the candidate was sent",
        f"  {folder}/documents/     what the message refers to, named by digest",
        f"  {folder}/mail/          what the approvers were sent; the links work while the stack is up",
        "",
        "Try next:",
        f"  .venv/bin/cutover verify {folder}/handoff.json",
        f"  sed 's/a/b/' {folder}/handoff.json > {folder}/changed.json",
        f"  .venv/bin/cutover verify {folder}/changed.json",
    ]
    if state is not None:
        where = "" if place.default else f" --state-dir {_short(state.folder)}"
        lines += [
            f"  .venv/bin/cutover trace {cutover} --local{where}",
            f"  .venv/bin/cutover replay {cutover} --local{where}",
            f"  .venv/bin/cutover report --local{where} --out {folder}/report.html",
            f"  .venv/bin/cutover brake engage --local{where} --reason Drill --key {folder}/keys/operator-brake.pem",
            f"  .venv/bin/cutover local status{where}",
            f"  .venv/bin/cutover local down{where}     the stack is still up: another run is quicker",
        ]
    return "\n".join(lines)


def _short(path: Path) -> str:
    """Relative to where the user is, where that is shorter."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
