"""`cutover list`, `show`, `trace`, `explain` and `pending`: they look, and change nothing."""

from typing import Annotated

import typer

from cutover_cli.output import BadArgument, Exit, Format, FormatOption, answering
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, StackOption, StateDirOption, remote, site

CutoverArgument = Annotated[str, typer.Argument(metavar="CUTOVER", help="Such as service@production.1.")]
NameArgument = Annotated[
    str,
    typer.Argument(metavar="NAME", help="A cutover, or the id of an event, message, hand-off or announcement of it."),
]
RevisionOption = Annotated[
    int | None, typer.Option("--revision", metavar="N", min=1, help="Only this revision.  [default: the newest]")
]
SinceOption = Annotated[str | None, typer.Option("--since", metavar="WHEN", help="A day or an instant, in UTC.")]
WatchOption = Annotated[bool, typer.Option("--watch", help="Wait until it has ended; what it does is told meanwhile.")]
PatienceOption = Annotated[float, typer.Option("--timeout", metavar="SECONDS", min=0, help="How long to watch.")]
DaysOption = Annotated[
    int, typer.Option("--days", metavar="N", min=1, max=366, help="So many days of the ledger are looked through.")
]


def list_(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    *,
    since: SinceOption = None,
    until: Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Before this day or instant.")] = None,
    product: Annotated[str | None, typer.Option("--product", help="Only of this product.")] = None,
    target: Annotated[str | None, typer.Option("--target", help="Only to this target.")] = None,
    status: Annotated[list[str] | None, typer.Option("--status", help="Only in this status; may be repeated.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=2_000, help="At most so many.")] = 50,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """List what is live, and whatever else moved in the last seven days or in those that are given."""
    from cutover_cli.looking import finding, listing, screen

    with answering(form), remote():
        wanted = listing.Wanted(product, target, _statuses(status or []))
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        now = where.clock.now()
        span = finding.Span.of(since, until, now=now, days=7)
        found, more = finding.everything(where, span, wanted.keep, limit)
        document = {"cutovers": [listing.document_of(each) for each in found], "more": more}
        screen.show(document, form, lambda: listing.text_of(found, more=more, now=now))


def _statuses(given: list[str]) -> frozenset[str]:
    from cutover.domain.record import Status

    known = {each.value for each in Status}
    if odd := sorted(set(given) - known):
        raise BadArgument(f"{', '.join(odd)} is no status; there are {', '.join(sorted(known))}")
    return frozenset(given)


def show(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    cutover: CutoverArgument,
    *,
    revision: RevisionOption = None,
    watch: WatchOption = False,
    timeout: PatienceOption = 3_600,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show where a release stands: window, digest, who approved, who is missing, holds, messages, what comes next.

    With --watch it waits until the release has ended: 0 where it was handed off or rehearsed, 3 where it ended
    otherwise, 5 where nobody knows whether its message arrived, 4 where it has not ended in time.
    """
    from cutover_cli.looking import finding, following, screen, showing
    from cutover_cli.looking.standing import look

    code = Exit.DONE
    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        record = finding.revision_of(where, cutover, revision)
        if watch:
            record = following.watched(where, record, seconds=timeout, stay=revision is not None)
            code = following.exit_of(record)
        found = look(where, record)
        screen.show(showing.document_of(found), form, lambda: showing.text_of(found))
    if code is not Exit.DONE:
        raise typer.Exit(code)


def trace(
    ctx: typer.Context,
    name: NameArgument,
    *,
    revision: RevisionOption = None,
    days: DaysOption = 14,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Trace one release from its event to its message: every entry of the ledger, and where its logs and traces are.

    Without --revision: everything of the newest revision's correlation id.
    """
    from cutover_cli.looking import finding, screen, tracing

    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        found = tracing.trace(where, finding.named(where, name, revision, days=days), revision=revision)
        screen.show(tracing.document_of(found), form, lambda: tracing.text_of(found))


def explain(
    ctx: typer.Context,
    name: NameArgument,
    *,
    revision: RevisionOption = None,
    days: DaysOption = 14,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Explain why a release waits or was refused: which field, what mends it by which command, who must act."""
    from cutover_cli.holds_text import place_of
    from cutover_cli.looking import explained, explaining, finding, screen

    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        found, place = (
            finding.named(where, name, revision, days=days),
            place_of(stack, profile, region, local, state_dir),
        )
        said = explaining.of(where, found, place)
        screen.show(said.document(), form, lambda: explained.text_of(said))


def pending(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    *,
    person: Annotated[str | None, typer.Option("--person", help="Only for this person of the facts.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="Only for this role.")] = None,
    team: Annotated[str | None, typer.Option("--team", help="Only for this team, and its people.")] = None,
    days: DaysOption = 14,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Say what waits for whom now: approvals, holds, deferrals, after-action records, uncertain hand-offs.

    Of what has ended, only what moved in the last days is looked through. Exits 5 where something could not be read.
    """
    from cutover_cli.holds_text import place_of
    from cutover_cli.looking import finding, screen
    from cutover_cli.looking import pending as waiting

    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        now = where.clock.now()
        whom = waiting.Whom(person, role, team)
        found = waiting.look_up(where, finding.Span.of(None, None, now=now, days=days), whom)
        place = place_of(stack, profile, region, local, state_dir)
        document = {"pending": [each.document(now) for each in found.items], "unread": list(found.unread)}
        screen.show(document, form, lambda: waiting.text_of(found, now, place))
    if found.unread:
        raise typer.Exit(Exit.PARTLY)
