"""`cutover holds`: what keeps releases from going on, whose it is, and how it is answered."""

from pathlib import Path
from typing import Annotated

import typer

from cutover_cli import answers, held, holds_text
from cutover_cli.orders import DryRunOption, KeyOption, OrderRefused, TimeoutOption, WaitOption, document_of, said
from cutover_cli.output import Exit, Format, FormatOption, answer, answering
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, StackOption, StateDirOption, remote, site

app = typer.Typer(help="What keeps releases from going on, and how it is answered.", no_args_is_help=True)
CutoverArgument = Annotated[str, typer.Argument(help="Such as service@production.1.")]
ANSWERED = {
    "RESOLUTION_RECORDED": "the answer is recorded; other holds are still open",
    "HOLDS_RESOLVED": "the last hold is answered: the next revision looks at everything again",
}


@app.command("list")
def list_(
    ctx: typer.Context,
    cutover: Annotated[str | None, typer.Argument(help="Only this one's, such as service@production.1.")] = None,
    *,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """List open holds: of all releases that are held now, or of the newest revision of one."""
    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        found = held.everywhere(where) if cutover is None else held.of(where, held.current(where, cutover))
        listed = list(found)
        answer({"holds": [holds_text.document_of(each) for each in listed]}, form, lambda: holds_text.listing(listed))


@app.command()
def show(
    ctx: typer.Context,
    cutover: CutoverArgument,
    hold: Annotated[str | None, typer.Argument(help="The first digits of its fingerprint, or its code.")] = None,
    *,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show one hold: what, why, whose, until when, what would answer it, and the command that does."""
    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        found, policy = held.one(where, held.current(where, cutover), hold), where.policy()
        ways, team = held.ways(where, found, policy), held.owner(found, policy)
        place = holds_text.place_of(stack, profile, region, local, state_dir)
        commands = holds_text.commands_of(found, ways, place)
        document = holds_text.document_of(found) | {
            "why": found.hold.rule, "team": team.model_dump(mode="json") if team else None,
            "answer": ways.model_dump(mode="json") if ways else None, "commands": commands,
        }  # fmt: skip
        answer(document, form, lambda: holds_text.explanation(found, team, ways, commands))


@app.command()
def resolve(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    cutover: CutoverArgument,
    hold: Annotated[str, typer.Argument(help="The first digits of its fingerprint, or its code.")],
    *,
    key: KeyOption,
    person: Annotated[str, typer.Option("--as", metavar="PERSON", help="Who you are in the facts; it is your key.")],
    waiver: Annotated[Path | None, typer.Option(metavar="FILE", help="A waiver that `waiver sign` wrote.")] = None,
    evidence: Annotated[
        tuple[str, str, str] | None,
        typer.Option(metavar="SOURCE RECORD VERSION", help="The record's corrected version."),
    ] = None,
    mended: Annotated[str | None, typer.Option(metavar="NOTE", help="What was mended: look again.")] = None,
    dry_run: DryRunOption = False,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    wait: WaitOption = True,
    timeout: TimeoutOption = 120,
    form: FormatOption = Format.TEXT,
) -> None:
    """Answer a hold with a waiver, with a corrected record, or by saying that its cause is mended.

    What would be refused is refused here, and nothing is sent (3). A dry run of what would be taken exits 10.
    """
    with answering(form), remote():
        given = answers.answer_of(waiver, evidence, mended)
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        found = held.one(where, held.current(where, cutover), hold)
        planned = answers.plan(where, found, given, where.policy(), key=key, resolver=person)
        if dry_run:
            answer(planned.document(), form, lambda: holds_text.plan_text(planned))
        else:
            following = planned.ordering.send()
            if not wait:
                following.leave(form)
                return
            entry = following.entry(seconds=timeout)
            if entry.result not in ANSWERED:
                raise OrderRefused(entry)
            answer(document_of(entry), form, lambda: f"{ANSWERED[entry.result]}\n{said(entry)}")
    if dry_run:
        raise typer.Exit(Exit.CHANGES)
