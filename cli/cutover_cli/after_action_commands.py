"""`cutover after-action`: say what an emergency was, once it has been handed off."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from cutover.contracts.base import format_instant
from cutover.contracts.emergency import AFTER_ACTION_TYPE, AfterAction
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.record import RevisionRecord
from cutover.doors.after_actions.recording import KIND, RECORDED, judge
from cutover.doors.signed_events import Order
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
from cutover_cli.output import Exit, Format, FormatOption, answer, answering
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, Site, StackOption, StateDirOption, remote, site

app = typer.Typer(help="What an emergency was, and what follows from it.", no_args_is_help=True)


@app.command()
def sign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The after-action record, in YAML or JSON.")],
    *,
    key: KeyOption,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the envelope is written.")],
    form: FormatOption = Format.TEXT,
) -> None:
    """Sign an after-action record with a key of your own. Nothing is sent; `after-action submit` does that.

    It says audience, cutover, revision, author, summary, follow_ups and written_at (cutover/after-action/v1).
    """
    with answering(form):
        record = files.model(AfterAction, file)
        sealed = signing.seal(AFTER_ACTION_TYPE, canonical.encode_model(record), signing.load(key))
        content = canonical.encode_model(sealed)
        files.write(out, content)
        signed = {
            "payload": canonical.digest_model(record), "envelope": canonical.digest(content), "file": str(out),
            "cutover": record.cutover, "revision": record.revision, "author": record.author,
        }  # fmt: skip
        answer(signed, form, lambda: f"signed: {record.author} on {record.cutover} revision {record.revision}")


@app.command()
def submit(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The envelope that `after-action sign` wrote.")],
    *,
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
    """Submit a signed after-action record. Exits 0 when it is recorded.

    What would be refused is refused here, and nothing is sent (3). A dry run of what would be taken exits 10.
    """
    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        planned = _plan(where, file)
        if dry_run:
            answer(planned.document(), form, planned.text)
        else:
            following = planned.sending.send()
            if not wait:
                following.leave(form)
                return
            entry = following.entry(seconds=timeout)
            if entry.result != RECORDED:
                raise OrderRefused(entry)
            answer(document_of(entry), form, lambda: f"{planned.subject}: recorded\n{said(entry)}")
    if dry_run:
        raise typer.Exit(Exit.CHANGES)


@dataclass(frozen=True, slots=True)
class _Planned:
    """A record that would be taken."""

    sending: Sending
    record: RevisionRecord
    said: AfterAction

    @property
    def subject(self) -> str:
        return f"{self.said.cutover} revision {self.said.revision}"

    def document(self) -> dict[str, Any]:
        """As plain JSON, with the event as it would be sent."""
        due = self.record.after_action_due
        return {
            "result": "planned", "cutover": self.said.cutover, "revision": self.said.revision,
            "author": self.said.author, "due_at": format_instant(due) if due else None,
            "event": {"detail-type": self.sending.detail_type, "detail": json.loads(self.sending.detail())},
        }  # fmt: skip

    def text(self) -> str:
        due = self.record.after_action_due
        return f"{self.subject}: would be recorded" + (f", due at {format_instant(due)}" if due else "")


def _plan(where: Site, file: Path) -> _Planned:
    """Judged as its door will judge it. Raises ``Refused`` with the door's reason."""
    sealed, policy = files.envelope(file), where.policy()
    opened = dsse.open_envelope(
        sealed, payload_type=KIND.payload_type, purpose=KIND.purpose, keys=policy.facts.keys, at=where.clock.now()
    )
    canonical.decode(opened.payload)
    document = files.parsed(AfterAction, json.loads(opened.payload), str(file))
    if document.audience != where.audience:
        raise Refused("WRONG_AUDIENCE", f"it is meant for {document.audience}; this is {where.audience}")
    order = Order(
        document=document, payload=opened.digest, envelope=canonical.digest_model(sealed), keys=opened.keys,
        correlation_id="planned", policy=policy,
    ).speaking_for(document.cutover)  # fmt: skip
    record = judge(where.records.revision(document.cutover, document.revision), order, now=where.clock.now())
    return _Planned(Sending(where, KINDS[AfterAction][0], sealed, chains=[document.cutover]), record, document)
