"""How every command of `cutover` answers: exit codes, text or JSON, and refusals without a stack trace."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum, StrEnum
from typing import Annotated, Any, TextIO

import typer

from cutover.domain.legible import legible
from cutover.errors import CutoverError, IntegrityError, Refused


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

    def document(self) -> dict[str, Any]:
        """What a JSON answer says of it, beside reason and message."""
        return {}


class BadArgument(CommandError):
    """An argument cannot be used as it is."""

    exit_code = Exit.USAGE
    reason = "BAD_ARGUMENT"


class UnusableFile(CommandError):
    """A file that was named cannot be read or written, or is no text."""

    exit_code = Exit.USAGE
    reason = "UNUSABLE_FILE"


class Damaged(CommandError):
    """What is stored is not what was stored."""

    exit_code = Exit.REFUSED
    reason = "STORED_DATA_DAMAGED"


class Rejected(CommandError):
    """What Cutover itself refuses; `reason` is its code."""

    exit_code = Exit.REFUSED

    def __init__(self, refused: Refused) -> None:
        super().__init__("; ".join(filter(None, (refused.detail, refused.mend))))
        self.reason = refused.code


def answer(document: Mapping[str, Any], form: Format, text: Callable[[], str]) -> None:
    """Prints `document` as JSON, or what `text` makes of it; `text` is not called when JSON is wanted.

    JSON is written in ASCII, and of a text only line breaks reach the terminal: others wrote parts of both.
    """
    if form is Format.JSON:
        print(json.dumps(document, sort_keys=True))
    else:
        print(showable(text(), sys.stdout))


def showable(text: str, to: TextIO) -> str:
    """Text for a terminal: what would drive it or lie to the eye is named, what it cannot show is escaped."""
    encoding = to.encoding or "ascii"
    return legible(text).encode(encoding, "backslashreplace").decode(encoding)


def oneline(text: str) -> str:
    """Text that others wrote, on one line of ours: a line break in it must not look like the end of it."""
    return legible(text.replace("\n", "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}").replace("\t", " "))


@contextmanager
def answering(form: Format) -> Iterator[None]:
    """Turns a CommandError into its exit code; its message goes to stderr, or as JSON to stdout.

    A refusal of the domain is one, and so is a file that cannot be used. Other exceptions pass: they are bugs.
    """
    try:
        with _as_commands_say_it():
            yield
    except CommandError as error:
        said = {"result": "failed", "reason": error.reason, "message": str(error)}
        if form is Format.JSON:
            print(json.dumps(error.document() | said, sort_keys=True))
        else:
            print(showable(f"cutover: {error}", sys.stderr), file=sys.stderr)
        raise typer.Exit(error.exit_code) from error


@contextmanager
def _as_commands_say_it() -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        raise Rejected(refused) from refused
    except IntegrityError as error:
        raise Damaged(oneline(str(error))[:1000]) from error
    except UnicodeDecodeError as error:
        raise UnusableFile(f"not a text in UTF-8: {error.reason}") from error
    except OSError as error:
        if error.filename is None:  # no file: a socket, perhaps
            raise
        raise UnusableFile(f"{error.filename}: {error.strerror}") from error


def unexpected(error: Exception) -> str:
    """A bug, or a service that broke a promise, on one line: its place is for those who set CUTOVER_TRACE."""
    kind = "failed" if isinstance(error, CutoverError) else "this is a bug in cutover"
    return oneline(f"{kind}: {type(error).__name__}: {error}")[:1000]
