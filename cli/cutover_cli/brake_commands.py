"""`cutover brake`: stop every hand-off, see who would be freed, release."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cutover.contracts.base import format_instant
from cutover.contracts.brake import BrakeOrder, ReleasePlan
from cutover.contracts.ledger import LedgerEntry
from cutover.domain import brake as braking
from cutover.domain import canonical
from cutover.domain.ledger import BRAKE_CHAIN
from cutover.domain.record import STOPPED_BY_BRAKE, Brake
from cutover.doors.brake_orders.planning import release_plan
from cutover.errors import Refused
from cutover.ports import Records
from cutover_cli.orders import (
    KeyOption,
    Ordering,
    OrderRefused,
    ReasonOption,
    RequesterOption,
    TimeoutOption,
    WaitOption,
    document_of,
    made,
    said,
)
from cutover_cli.output import BadArgument, CommandError, Exit, Format, FormatOption, answer, answering
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, Site, StackOption, StateDirOption, remote, site

app = typer.Typer(help="The emergency brake: no hand-off begins while it is engaged.", no_args_is_help=True)
MOST = 1_000
RECENT = 100
"""So many of the last entries are looked through for the order that set the brake."""
ENGAGED = frozenset({"ENGAGED", "ENGAGED_AGAIN"})


class NotReleasable(CommandError):
    """There is no plan that could be released."""

    exit_code = Exit.REFUSED

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.detail)
        self.reason = refused.code


@app.command()
def engage(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    *,
    reason: ReasonOption,
    key: KeyOption,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Judge it, show whom it would stop, and send nothing.")
    ] = False,
    requester: RequesterOption = None,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    wait: WaitOption = True,
    timeout: TimeoutOption = 120,
    form: FormatOption = Format.TEXT,
) -> None:
    """Stop every hand-off that has not been sent. Works at any time, also when the brake is engaged already.

    A dry run exits 10.
    """
    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        order = made(BrakeOrder, where, action="engage", reason=reason, requester=requester)
        if dry_run:
            _plan_engaging(where, Ordering(where, order, key=key, chains=[BRAKE_CHAIN]), order, form)
            raise typer.Exit(Exit.CHANGES)
        _order(where, order, key, timeout if wait else None, form)


@app.command()
def status(
    ctx: typer.Context,
    *,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Say whether the brake is engaged, since when, by whom and why."""
    with answering(form), remote():
        records = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir).records
        brake = records.brake()
        entry = _entry_of(brake, records)
        answer(_document(brake, entry), form, lambda: _text(brake, entry))


@app.command()
def release(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show who would be freed, and change nothing.")] = False,
    plan: Annotated[str | None, typer.Option(metavar="DIGEST", help="The plan that the dry run showed.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why it can be released.")] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="Your private key.")] = None,
    requester: RequesterOption = None,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    wait: WaitOption = True,
    timeout: TimeoutOption = 120,
    form: FormatOption = Format.TEXT,
) -> None:
    """Release the brake, for the plan that a dry run showed. The dry run exits 10 when there is a brake to release.

    First `cutover brake release --dry-run`; then the same with --plan, --reason and --key, within 15 minutes.
    """
    planned: ReleasePlan | None = None
    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        if dry_run:
            planned = _planned(where.records)
            answer(_document_of(planned), form, lambda: _text_of(planned))
        elif plan is None or reason is None or key is None:
            raise BadArgument("give --plan, --reason and --key; `cutover brake release --dry-run` shows the plan")
        else:
            order = made(BrakeOrder, where, action="release", reason=reason, requester=requester, plan=plan)
            _order(where, order, key, timeout if wait else None, form)
    if planned is not None:
        raise typer.Exit(Exit.CHANGES)


def _order(where: Site, order: BrakeOrder, key: Path, seconds: float | None, form: Format) -> None:
    """Sends the order, and answers with what came of it; with what was sent where nobody waits."""
    following = Ordering(where, order, key=key, chains=[BRAKE_CHAIN]).send()
    if seconds is None:
        following.leave(form)
        return
    entry = following.entry(seconds=seconds)
    if entry.result not in ENGAGED | {"RELEASED"}:
        raise OrderRefused(entry)
    state = "engaged" if entry.result in ENGAGED else "released; whoever was stopped looks again within minutes"
    answer(document_of(entry), form, lambda: f"the brake is {state}\n{said(entry)}")


def _plan_engaging(where: Site, ordering: Ordering, order: BrakeOrder, form: Format) -> None:
    """Whom it would stop, judged as its door does. Raises ``Refused`` where it would not count."""
    from cutover.doors.brake_orders.braking import KIND
    from cutover_cli.planned import event_of, opened

    payload = opened(where, ordering, KIND, order).speaking_for_all().payload
    before = where.records.brake()
    braking.engaged(before, order, payload, now=where.clock.now())
    stopped = sorted(where.records.waiting(STOPPED_BY_BRAKE, limit=MOST), key=lambda each: each.cutover)
    said = [{"cutover": each.cutover, "revision": each.revision, "status": each.status.value} for each in stopped]
    planned = {"result": "planned", "state": _state(before), "stops": said, "event": event_of(ordering)}
    rows = [f"  {each['cutover']} revision {each['revision']}  {each['status']}" for each in said]
    first = f"the brake is {_state(before)}; it would stop {len(rows)} revision(s)" + (":" if rows else "")
    answer(planned, form, lambda: "\n".join([first, *rows]))


def _planned(records: Records) -> ReleasePlan | None:
    """What a release would do now; None when the brake is not engaged. Made by the code that releases."""
    brake = records.brake()
    if brake is None or not brake.engaged:
        return None
    try:
        return release_plan(brake, records)
    except Refused as refused:
        raise NotReleasable(refused) from refused


def _entry_of(brake: Brake | None, records: Records) -> LedgerEntry | None:
    """The entry of the order that set the brake."""
    if brake is None or brake.order is None:
        return None
    after = max(0, records.chain(BRAKE_CHAIN).sequence - RECENT)
    found = [entry for entry in records.ledger(BRAKE_CHAIN, after=after) if entry.inputs.get("order") == brake.order]
    return found[-1] if found else None


def _state(brake: Brake | None) -> str:
    """Unknown stops hand-offs, too."""
    if brake is None:
        return "unknown"
    return "engaged" if brake.engaged else "off"


def _document(brake: Brake | None, entry: LedgerEntry | None) -> dict[str, Any]:
    return {
        "state": _state(brake),
        "since": format_instant(brake.since) if brake and brake.since else None,
        "order": brake.order if brake else None,
        "entry": document_of(entry) if entry else None,
    }


def _text(brake: Brake | None, entry: LedgerEntry | None) -> str:
    since = f" since {format_instant(brake.since)}" if brake and brake.since else ""
    unknown = "; nothing is handed off until it is set" if brake is None else ""
    lines = [f"the brake is {_state(brake)}{since}{unknown}"]
    if entry is not None:
        lines.append(f"by {entry.actor.requester}, {said(entry)}")
    return "\n".join(lines)


def _document_of(planned: ReleasePlan | None) -> dict[str, Any]:
    if planned is None:
        return {"plan": None, "frees": []}
    said: dict[str, Any] = json.loads(canonical.encode_model(planned))
    return {"plan": braking.digest_of(planned), "engaged_by": said["engaged_by"], "frees": said["frees"]}


def _text_of(planned: ReleasePlan | None) -> str:
    if planned is None:
        return "the brake is not engaged: there is nothing to release"
    rows = [
        f"  {each.cutover} revision {each.revision}  {each.status}  {_span(each.opens_at, each.closes_at)}"
        for each in planned.frees
    ]
    return "\n".join(
        [
            f"a release would free {len(rows)} revision(s)" + (":" if rows else ""),
            *rows,
            f"plan  {braking.digest_of(planned)}",
        ]
    )


def _span(opens_at: Any, closes_at: Any) -> str:
    return " to ".join(format_instant(each) if each else "?" for each in (opens_at, closes_at))
