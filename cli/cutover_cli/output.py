"""How every command of `cutover` answers: exit codes, text or JSON, and refusals without a stack trace."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum, StrEnum
from typing import Annotated, Any

import typer


class Exit(IntEnum):
    """What the command's exit code means, the same for every command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    REMOTE = 4
    PARTLY = 5
    CHANGES = 10


class Format(StrEnum):
    """How an answer is written: for a person, or one JSON document on standard output."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="Answer as text, or as one JSON document.")]


class CommandError(Exception):
    """A command could not do what it was told. `exit_code` and `reason` are stable."""

    exit_code: Exit = Exit.FAILED
    reason: str = "FAILED"


class BadArgument(CommandError):
    """An argument cannot be used as it is."""

    exit_code = Exit.USAGE
    reason = "BAD_ARGUMENT"


def answer(document: Mapping[str, Any], form: Format, text: Callable[[], str]) -> None:
    """Prints `document` as JSON, or what `text` makes of it; `text` is not called when JSON is wanted."""
    if form is Format.JSON:
        print(json.dumps(document, ensure_ascii=False, sort_keys=True))
    else:
        print(text())


@contextmanager
def answering(form: Format) -> Iterator[None]:
    """Turns a CommandError into its exit code; its message goes to stderr, or as JSON to stdout.

    Other exceptions pass: they are bugs and keep their stack trace.
    """
    try:
        yield
    except CommandError as error:
        if form is Format.JSON:
            print(json.dumps({"result": "failed", "reason": error.reason, "message": str(error)}, sort_keys=True))
        else:
            print(f"cutover: {error}", file=sys.stderr)
        raise typer.Exit(error.exit_code) from error
