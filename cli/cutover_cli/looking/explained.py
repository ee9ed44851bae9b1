"""What `cutover explain` says to people."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cutover.domain import times
from cutover_cli.looking import screen
from cutover_cli.looking.causes import Cause, Explanation

if TYPE_CHECKING:
    from rich.console import RenderableType


def text_of(of: Explanation) -> "Iterator[RenderableType]":
    """Why, then each cause by itself."""
    yield screen.line(screen.cell(of.subject, "bold"), "  ", screen.status(of.status.value, of.reason))
    yield screen.line(of.summary)
    if _alike(of.causes):
        yield screen.line("")
        yield screen.table(("FAULT", "FIELD", "FOUND"), ((each.code, each.field, each.found) for each in of.causes))
        yield screen.line("")
        yield from _answer(of.causes[0])
    else:
        for each in of.causes:
            yield screen.line("")
            yield from _cause(each)
    for missing in of.unread:
        yield screen.line(screen.cell("could not be read  ", screen.BAD), missing)


def _alike(causes: tuple[Cause, ...]) -> bool:
    """Whether one thing mends them all, so that it is said once."""
    mended = {(each.mend, each.who, each.commands, each.fingerprint) for each in causes}
    return len(causes) > 1 and len(mended) == 1


def _cause(each: Cause) -> "Iterator[RenderableType]":
    style = screen.GOOD if each.answered_by else screen.WAITS
    yield screen.line(screen.cell(each.code, f"bold {style}"), f"  {each.field}" if each.field else "")
    yield from _answer(each, ("found", each.found), ("wanted", each.wanted))


def _answer(each: Cause, *before: tuple[str, str]) -> "Iterator[RenderableType]":
    yield screen.pairs(
        [
            *before,
            ("to mend it", each.mend),
            ("who acts", _who(each)),
            ("until", times.moment(each.until) if each.until else None),
            ("answered", f"by {each.answered_by}" if each.answered_by else None),
            ("fingerprint", each.fingerprint),
        ]
    )
    for command in each.commands:
        yield screen.command(command)


def _who(each: Cause) -> str:
    said = f"{each.team.name} ({each.who})" if each.team else each.who
    if each.people:
        return f"{said}: {', '.join(each.people)}"
    reached = [f"reached at {each.team.channel}"] if each.team and each.team.channel else []
    reached += [f"then {each.team.escalation}"] if each.team and each.team.escalation else []
    return ", ".join([said, *reached])
