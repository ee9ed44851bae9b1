"""`cutover withdraw`: take a release back before it is handed off."""

from typing import Annotated

import typer

from cutover.contracts.handoff import Withdrawal
from cutover.contracts.ledger import LedgerEntry
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
from cutover_cli.output import Exit, Format, FormatOption, answer, answering
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, StackOption, StateDirOption, remote, site

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

    After a hand-off has begun nothing more is sent (5). What was handed off stays handed off.
    """
    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        document = made(Withdrawal, where, cutover=cutover, revision=revision, reason=reason, requester=requester)
        following = Ordering(where, document, key=key, chains=[cutover]).send()
        if not wait:
            answer(following.document(), form, lambda: f"sent: event {following.sent.event}")
            return
        entry = following.entry(seconds=timeout)
        if entry.result not in EXITS:
            raise OrderRefused(entry)
        answer(document_of(entry), form, lambda: _text(cutover, entry))
    if EXITS[entry.result] is not Exit.DONE:
        raise typer.Exit(EXITS[entry.result])


def _text(cutover: str, entry: LedgerEntry) -> str:
    return f"{cutover} revision {entry.revision} {TEXTS[entry.result]}\n{said(entry)}"
