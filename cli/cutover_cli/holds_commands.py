"""`cutover holds`: what keeps releases from going on, whose it is, and how it is answered."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from cutover.contracts.base import format_instant
from cutover.contracts.holds import HowToAnswer
from cutover.contracts.policy import Team
from cutover_cli import answers, held
from cutover_cli.held import Open
from cutover_cli.orders import KeyOption, OrderRefused, TimeoutOption, WaitOption, document_of, said
from cutover_cli.output import Exit, Format, FormatOption, answer, answering, oneline
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
        answer({"holds": [_document(each) for each in listed]}, form, lambda: _listed(listed))


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
        place = _place(stack, profile, region, local, state_dir)
        commands = _commands(found, ways, place)
        document = _document(found) | {
            "why": found.hold.rule, "team": team.model_dump(mode="json") if team else None,
            "answer": ways.model_dump(mode="json") if ways else None, "commands": commands,
        }  # fmt: skip
        answer(document, form, lambda: _shown(found, team, ways, commands))


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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge it, show the event, and send nothing.")] = False,
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
            answer(planned.document(), form, lambda: _planned(planned))
        else:
            following = planned.ordering.send()
            if not wait:
                answer(following.document(), form, lambda: f"sent: event {following.sent.event}")
                return
            entry = following.entry(seconds=timeout)
            if entry.result not in ANSWERED:
                raise OrderRefused(entry)
            answer(document_of(entry), form, lambda: f"{ANSWERED[entry.result]}\n{said(entry)}")
    if dry_run:
        raise typer.Exit(Exit.CHANGES)


def _document(found: Open) -> dict[str, Any]:
    hold = found.hold.model_dump(mode="json", exclude={"resolution", "evidence"})
    return {
        "cutover": found.record.cutover, "revision": found.record.revision, "status": found.record.status.value,
        "name": found.short, **hold, "answered_by": found.answer.resolver if found.answer else None,
    }  # fmt: skip


def _listed(found: list[Open]) -> str:
    if not found:
        return "no open hold"
    rows = []
    for each in found:
        hold, until = each.hold, format_instant(each.hold.expires_at)
        answered = f"  answered by {oneline(each.answer.resolver)}" if each.answer else ""
        rows.append(
            f"{each.record.cutover} revision {each.record.revision}  {each.short}  {hold.code} {oneline(hold.field)}"
            f"  {hold.owner}  until {until}{answered}"
        )
    return "\n".join(rows)


def _shown(found: Open, team: Team | None, ways: HowToAnswer | None, commands: list[str]) -> str:
    hold = found.hold
    lines = [
        f"{found.record.cutover} revision {found.record.revision} is {found.record.status}",
        f"hold         {hold.code} {oneline(hold.field)}",
        f"fingerprint  {hold.fingerprint}",
        f"found        {oneline(hold.found)}",
        f"wanted       {oneline(hold.wanted)}",
        f"to mend it   {oneline(hold.mend)}",
        f"why          the rule {hold.rule}; {'nothing answers it' if hold.severity == 'deny' else 'it holds'}",
        f"whose        {_whose(hold.owner, team)}",
        f"until        {format_instant(hold.expires_at)}",
    ]
    if found.answer:
        lines.append(
            f"answered     {found.answer.kind} by {oneline(found.answer.resolver)}; a later answer replaces it"
        )
    if ways is None:
        return "\n".join([*lines, "answer       none: announce a candidate that mends it"])
    if ways.waivable_by:
        lines.append(f"waivable by  {', '.join(ways.waivable_by)}, who asked neither for the release nor its change")
    lines += [f"record       {oneline(f'{each.source} {each.record} at {each.version}')}" for each in ways.records]
    return "\n".join([*lines, "answer it:", *(f"  {oneline(command)}" for command in commands)])


def _whose(owner: str, team: Team | None) -> str:
    if team is None:
        return f"{owner}, which is no team of the facts"
    reached = [
        f"reached at {team.channel}" if team.channel else "",
        f"then {team.escalation}" if team.escalation else "",
    ]
    return oneline(", ".join(filter(None, (f"{team.name} ({owner})", *reached))))


def _commands(found: Open, ways: HowToAnswer | None, place: list[str]) -> list[str]:
    """The very commands, but for the key, the person and what is new. Others named the records: they are quoted."""
    if ways is None:
        return []
    begin = ["cutover", "holds", "resolve", found.record.cutover, found.short]
    end = ["--key", "KEY.pem", "--as", "PERSON", *place]
    made = []
    if "waiver" in ways.kinds:
        made.append(shlex.join([*begin, "--waiver", "WAIVER.json", *end]))
    if "evidence" in ways.kinds:
        made += [
            shlex.join([*begin, "--evidence", each.source, each.record, "NEW-VERSION", *end]) for each in ways.records
        ]
    if "mended" in ways.kinds:
        made.append(shlex.join([*begin, "--mended", "WHAT WAS MENDED", *end]))
    return made


def _place(
    stack: str | None, profile: str | None, region: str | None, local: bool, state_dir: Path | None
) -> list[str]:
    options = {"--stack": stack, "--profile": profile, "--region": region, "--state-dir": state_dir}
    named = [word for name, value in options.items() if value is not None for word in (name, str(value))]
    return [*(["--local"] if local else []), *named]


def _planned(planned: answers.Planned) -> str:
    said = planned.resolution
    left = (
        f"still open then: {', '.join(planned.left)}" if planned.left else f"revision {said.revision + 1} would follow"
    )
    return f"it would be taken as the answer to {said.fingerprint}; {left}\n{planned.ordering.detail()}"
