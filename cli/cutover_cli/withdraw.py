"""`cutover withdraw`: take a release back before it is handed off."""

from typing import Annotated

import typer

from cutover.contracts.handoff import Withdrawal
from cutover.contracts.ledger import LedgerEngine, LedgerEntry
from cutover.domain import canonical
from cutover.errors import Refused
from cutover_cli.orders import (
    DryRunOption,
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
from cutover_cli.output import Exit, Format, FormatOption, answer, answering
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, Site, StackOption, StateDirOption, remote, site

TEXTS = {
    "WITHDRAWN": "withdrawn: it will not be handed off",
    "WITHDRAWN_DURING_HAND_OFF": "its hand-off had begun: nothing more is sent, but a message may have arrived",
}
EXITS = {"WITHDRAWN": Exit.DONE, "WITHDRAWN_DURING_HAND_OFF": Exit.PARTLY}
"""Whatever else comes of a withdrawal changes nothing."""


def withdraw(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    cutover: Annotated[str, typer.Argument(help="Such as service@production.1.")],
    *,
    reason: ReasonOption,
    key: KeyOption,
    dry_run: DryRunOption = False,
    revision: Annotated[int | None, typer.Option(help="Only this revision.  [default: the current one]")] = None,
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
    """Withdraw a release that has not been handed off. Exits 0 when withdrawn, 3 when it was too late.

    After a hand-off has begun nothing more is sent (5). What was handed off stays handed off. A dry run of what would
    be taken exits 10.
    """
    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        document = made(Withdrawal, where, cutover=cutover, revision=revision, reason=reason, requester=requester)
        ordering = Ordering(where, document, key=key, chains=[cutover])
        if dry_run:
            _plan(where, ordering, document, form)
            raise typer.Exit(Exit.CHANGES)
        following = ordering.send()
        if not wait:
            following.leave(form)
            return
        entry = following.entry(seconds=timeout)
        if entry.result not in EXITS:
            raise OrderRefused(entry)
        answer(document_of(entry), form, lambda: _text(cutover, entry))
    if EXITS[entry.result] is not Exit.DONE:
        raise typer.Exit(EXITS[entry.result])


def _plan(where: Site, ordering: Ordering, document: Withdrawal, form: Format) -> None:
    """What would come of it, by the door's own judgement. Raises ``Refused`` where it would change nothing."""
    from cutover.doors.withdrawals.withdrawing import KIND, Withdrawing
    from cutover.recorder import Recorder
    from cutover_cli.planned import event_of, opened

    opened(where, ordering, KIND, document).speaking_for(document.cutover)
    nobody = LedgerEngine(version="planned", lock=canonical.digest(b""))  # nothing is written in its name
    recorder = Recorder(records=where.records, clock=where.clock, role="withdrawals", engine=nobody)
    record, outcome = Withdrawing(recorder=recorder, store=where.documents, clock=where.clock).plan(document)
    if outcome not in EXITS:
        raise Refused(outcome, f"{record.cutover} revision {record.revision} is {record.status}")
    planned = {
        "result": "planned", "cutover": record.cutover, "revision": record.revision, "outcome": outcome,
        "status": record.status.value, "event": event_of(ordering),
    }  # fmt: skip
    said = f"{record.cutover} revision {record.revision}, which is {record.status}, would be"
    answer(planned, form, lambda: f"{said} {TEXTS[outcome]}")


def _text(cutover: str, entry: LedgerEntry) -> str:
    return f"{cutover} revision {entry.revision} {TEXTS[entry.result]}\n{said(entry)}"
