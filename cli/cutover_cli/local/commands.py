"""`cutover local`: the commands."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cutover_cli.output import Exit, Format, FormatOption, answer, answering

if TYPE_CHECKING:
    from cutover_cli.local.lifecycle import Status

app = typer.Typer(help="The whole stack on this machine: no account, no container.", no_args_is_help=True)

StateDir = Annotated[
    Path | None,
    typer.Option(help="Where the stack keeps its state.  [default: .cutover/local of this checkout]"),
]


@app.command()
def up(
    root_fingerprint: Annotated[str, typer.Option(help="The policy's root: sha256: and 64 hex digits.")],
    state_dir: StateDir = None,
    replace: Annotated[bool, typer.Option("--replace", help="End another stack that is up; it is lost.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Build, synthesize, start the emulator, deploy. Does nothing where the same stack is up already."""
    from cutover_cli.local import lifecycle

    with answering(form):
        stack = lifecycle.up(root_fingerprint, state_dir=state_dir, replace=replace, say=_say)
        found = lifecycle.status(state_dir=state_dir)
        answer(_document(found) | {"reused": stack.reused}, form, lambda: _text(found))


@app.command()
def status(state_dir: StateDir = None, form: FormatOption = Format.TEXT) -> None:
    """Say what is up, and where it answers. Exits 1 when a stack died or is incomplete."""
    from cutover_cli.local import lifecycle

    with answering(form):
        found = lifecycle.status(state_dir=state_dir)
        answer(_document(found), form, lambda: _text(found))
    if found.state in ("dead", "incomplete"):
        raise typer.Exit(Exit.FAILED)


@app.command()
def down(state_dir: StateDir = None, form: FormatOption = Format.TEXT) -> None:
    """End the stack; what it held is lost, its log stays."""
    from cutover_cli.local import lifecycle

    with answering(form):
        ended = lifecycle.down(state_dir=state_dir)
        answer({"state": "down", "ended": ended}, form, lambda: "ended" if ended else "nothing was up")


def _say(text: str) -> None:
    print(f"{text} ...", file=sys.stderr)


def _document(found: "Status") -> dict[str, Any]:
    document: dict[str, Any] = {"state": found.state, "state_dir": str(found.folder)}
    if found.emulator:
        document |= {
            "endpoint": found.emulator.endpoint,
            "port": found.emulator.port,
            "pid": found.emulator.pid,
            "started_at": found.emulator.started_at,
        }
    if found.stack:
        document |= {
            "stack": found.stack.stack_name,
            "root_fingerprint": found.stack.root_fingerprint,
            "page": found.stack.outputs["PageUrl"],
            "outputs": dict(found.stack.outputs),
        }
    return document


def _text(found: "Status") -> str:
    document = _document(found)
    outputs = document.pop("outputs", {})
    rows = [*document.items(), *(("  " + key, value) for key, value in sorted(outputs.items()))]
    return "\n".join(f"{key:<24}{value}" for key, value in rows)
