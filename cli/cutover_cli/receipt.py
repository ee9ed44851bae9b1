"""`cutover receipt`: answer a hand-off's message without writing a consumer for it."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from cutover.contracts.handoff import HANDOFF_TYPE, RECEIPT_TYPE, Handoff, Receipt
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.errors import Refused
from cutover_cli import files, signing
from cutover_cli.orders import (
    KINDS,
    DryRunOption,
    KeyOption,
    OrderRefused,
    Sending,
    TimeoutOption,
    WaitOption,
    document_of,
    said,
)
from cutover_cli.output import BadArgument, Exit, Format, FormatOption, answer, answering
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, Site, StackOption, StateDirOption, remote, site

Outcome = Literal["accepted", "rejected", "corrected"]
Cause = Literal["version-drift", "hidden-hold", "incomplete-lineage", "other"]


def receipt(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    message: Annotated[Path, typer.Argument(metavar="MESSAGE", help="The message, as it came from the queue.")],
    *,
    outcome: Annotated[Outcome, typer.Option(help="What came of it.")],
    key: KeyOption,
    cause: Annotated[Cause | None, typer.Option(help="Why it was rejected, or corrected.")] = None,
    detail: Annotated[str | None, typer.Option(metavar="TEXT", help="In words, for those who read the ledger.")] = None,
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
    """Answer a hand-off's message with a signed receipt. Prove the message first: `cutover verify`.

    What was corrected or rejected needs a cause. A dry run of what would be taken exits 10.
    """
    with answering(form), remote():
        if (cause is None) is not (outcome == "accepted"):
            raise BadArgument("give --cause for what was rejected or corrected, and none for what was accepted")
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        handoff = _handoff(message, where)
        document = Receipt(
            audience=where.audience, handoff_id=handoff.handoff_id, outcome=outcome, cause=cause, detail=detail,
            received_at=where.clock.now(),
        )  # fmt: skip
        sealed = signing.seal(RECEIPT_TYPE, canonical.encode_model(document), signing.load(key))
        sending = Sending(where, KINDS[Receipt][0], sealed, chains=[handoff.cutover])
        if dry_run:
            keys, now = where.policy().facts.keys, where.clock.now()
            dsse.open_envelope(sealed, payload_type=RECEIPT_TYPE, purpose="receipt", keys=keys, at=now)
            event = {"detail-type": sending.detail_type, "detail": json.loads(sending.detail())}
            answer({"result": "planned", "event": event}, form, lambda: f"would answer {handoff.cutover}: {outcome}")
        else:
            following = sending.send()
            if not wait:
                following.leave(form)
                return
            entry = following.entry(seconds=timeout)
            if not entry.result.startswith("RECEIPT_"):
                raise OrderRefused(entry)
            answer(document_of(entry), form, lambda: f"{handoff.cutover}: {outcome}\n{said(entry)}")
    if dry_run:
        raise typer.Exit(Exit.CHANGES)


def _handoff(message: Path, where: Site) -> Handoff:
    """What the message says that it is; nobody has proved it here. Raises ``Refused``."""
    sealed = files.envelope(message)
    if sealed.payload_type != HANDOFF_TYPE:
        raise BadArgument(f"{message} holds {sealed.payload_type}, no hand-off")
    handoff = files.parsed(Handoff, json.loads(dsse.decode_base64(sealed.payload)), str(message))
    if handoff.audience != where.audience:
        raise Refused("WRONG_AUDIENCE", f"it is meant for {handoff.audience}; this is {where.audience}")
    if not where.documents.has_handoff(handoff.handoff_id):
        raise Refused("UNKNOWN_HANDOFF", f"nothing was handed off as {handoff.handoff_id}")
    return handoff
