"""`cutover report`: the four questions, holds, waits and every cutover's way, from the ledger, on one page."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from cutover_cli.output import BadArgument, CommandError, Exit, Format, FormatOption, answer, answering
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, StackOption, StateDirOption, remote, site

BEGINNING = 2_048
"""So far into a file it is looked whether it is a report."""


class NotOurs(CommandError):
    """A file is there already, and it is no report."""

    exit_code = Exit.REFUSED
    reason = "NOT_A_REPORT"


def report(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    *,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the page is written.")] = None,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="The first day, in UTC.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="The last day, in UTC.  [default: today]")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=400, help="Or so many days up to the last one.  [default: 28]")
    ] = None,
    without_people: Annotated[
        bool, typer.Option("--without-people", help="Say roles and functions where the ledger names people.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is no report, too.")] = False,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Write what the ledger tells of a span of time as one page that needs nothing else; or its numbers as JSON.

    It counts and shows; it judges nothing. A report that is there already is replaced, another file is not (3).
    """
    from cutover_cli.reporting import page
    from cutover_cli.reporting.gathering import gather
    from cutover_cli.reporting.report import document, made
    from cutover_cli.reporting.span import span

    with answering(form), remote():
        if out is None and form is Format.TEXT:
            raise BadArgument("say where the page is to be written: --out report.html")
        if out is not None:
            _replaceable(out, page.GENERATOR, force=force)
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        now = where.clock.now()
        told = made(gather(where.records, where.documents, span(now, since=_day(since), until=_day(until), days=days)))
        if out is not None:
            _write(out, page.render(told, audience=where.audience, made_at=now, people=not without_people))
        answer(document(told, audience=where.audience, made_at=now), form, lambda: _text(told, out))


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise BadArgument(f"{text} is no day, such as 2026-01-31") from error


def _replaceable(out: Path, generator: str, *, force: bool) -> None:
    """Raises NotOurs. What is no regular file, such as /dev/stdout, is written to as it is."""
    if force or not out.is_file():
        return
    with out.open("rb") as opened:
        if generator.encode() not in opened.read(BEGINNING):
            raise NotOurs(f"{out} is there and is no report; --force overwrites it")


def _write(out: Path, html: str) -> None:
    from cutover_cli import files

    files.write(out, html.encode("utf-8"))


def _text(told: Any, out: Path | None) -> str:
    from cutover_cli.reporting import words

    found = told.gathered
    lines = [f"{words.QUESTIONS[each.key].title}: {words.number(each)}" for each in told.questions]
    lines.append(
        f"{len(found.stories)} cutover(s), {found.entries} ledger entries, {found.span.first} to {found.span.last}"
    )
    return "\n".join([*lines, f"written to {out}"])
