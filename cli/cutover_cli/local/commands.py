"""`cutover local`: the commands."""

import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cutover_cli import files
from cutover_cli.output import Exit, Format, FormatOption, answer, answering, oneline

if TYPE_CHECKING:
    from cutover_cli.local.lifecycle import Status

app = typer.Typer(help="The whole stack on this machine: no account, no container.", no_args_is_help=True)

_MOST = 256 << 20
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


@app.command()
def env(state_dir: StateDir = None, form: FormatOption = Format.TEXT) -> None:
    """Print what makes `aws` talk to the local stack: eval "$(cutover local env)"."""
    from cutover_cli.local import lifecycle
    from cutover_cli.local.surroundings import ACCOUNT, REGION

    with answering(form):
        said = {
            "AWS_ENDPOINT_URL": lifecycle.attach(state_dir=state_dir).clients.endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": ACCOUNT, "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }  # fmt: skip
        answer(said, form, lambda: "\n".join(f"export {name}={shlex.quote(value)}" for name, value in said.items()))


@app.command()
def put(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A record, or an artifact.")],
    *,
    key: Annotated[str, typer.Option("--key", metavar="KEY", help="Its key, as the candidate names it.")],
    state_dir: StateDir = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Put a record into the bucket of sources of the local stack, and print the version that it got."""
    from cutover_cli.local import lifecycle

    with answering(form):
        content = files.content(file, _MOST)
        stack = lifecycle.attach(state_dir=state_dir)
        bucket = stack.outputs["SourcesBucket"]
        version = stack.clients.s3.put_object(Bucket=bucket, Key=key, Body=content)["VersionId"]
        answer({"bucket": bucket, "key": key, "version": version}, form, lambda: version)


@app.command()
def mails(state_dir: StateDir = None, form: FormatOption = Format.TEXT) -> None:
    """Show the mails that the local stack sent, oldest first, with the links in them: whoever has one can decide."""
    from cutover.contracts.base import format_instant
    from cutover_cli.local import lifecycle

    with answering(form):
        found = [
            {
                "to": list(each.to),
                "subject": each.subject,
                "sent_at": format_instant(each.sent_at.replace(microsecond=0)),
                "links": _links(each.text),
            }
            for each in lifecycle.attach(state_dir=state_dir).mail()
        ]
        answer({"mails": found}, form, lambda: "\n".join(map(_mail, found)) or "no mail was sent")


def _links(text: str) -> list[str]:
    """In their order, but for the calendar's file."""
    found = dict.fromkeys(re.findall(r"https?://[^\s<>\"]+", text))
    return [each for each in found if not each.endswith(".ics")]


def _mail(said: dict[str, Any]) -> str:
    first = f"{said['sent_at']}  {oneline(', '.join(said['to']))}"
    return "\n".join([first, *(f"  {oneline(each)}" for each in (said["subject"], *said["links"]))])


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
