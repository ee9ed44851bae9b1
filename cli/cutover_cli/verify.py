"""`cutover verify`: prove a hand-off message offline, from its bytes, its documents and a trust file."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cutover_cli import files, verify_reading
from cutover_cli.arguments import NO_DIGEST, is_digest
from cutover_cli.output import Exit, Format, FormatOption, answer, oneline, showable

if TYPE_CHECKING:
    from cutover.domain.verification import Report

_STYLES = {"ok": "green", "failed": "bold red", "skipped": "dim", "not given": "yellow"}

HandoffFile = Annotated[Path, typer.Argument(metavar="HANDOFF", help="The message's body as it was received.")]
TrustOption = Annotated[
    Path | None,
    typer.Option(
        "--trust",
        metavar="FILE",
        help="Root and trust bundle.  [default: what was imported for its audience, or trust.json beside it]",
    ),
]
DocumentsOption = Annotated[
    Path | None,
    typer.Option(
        "--documents",
        metavar="DIR",
        help="Files named by the 64 hexadecimal digits of their SHA-256.  [default: documents/ beside it]",
    ),
]
AtOption = Annotated[
    str | None, typer.Option("--at", metavar="INSTANT", help="Must it count at this instant? 2026-01-31T12:00:00Z")
]
QueueOption = Annotated[str | None, typer.Option("--queue", metavar="ARN", help="Your queue; another one is refused.")]
RootOption = Annotated[
    str | None, typer.Option("--root", metavar="DIGEST", help="The pinned root: sha256: and 64 hex digits.")
]
LedgerOption = Annotated[
    Path | None,
    typer.Option("--ledger", metavar="FILE", help="An export of its ledger.  [default: ledger.json beside it]"),
]
HeadsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--head", metavar="FILE", help="A signed head of the ledger that was kept elsewhere; or a folder of heads."
    ),
]
NoticesOption = Annotated[
    list[Path] | None,
    typer.Option("--notice", metavar="FILE", help="A signed notice of it, besides those in notices/ beside it."),
]


def verify(
    handoff: HandoffFile,
    *,
    trust: TrustOption = None,
    documents: DocumentsOption = None,
    at: AtOption = None,
    queue: QueueOption = None,
    root: RootOption = None,
    ledger: LedgerOption = None,
    head: HeadsOption = None,
    notice: NoticesOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Verify a hand-off message offline, in ten steps. Exits 0 when verified, 3 when not.

    Whose signatures count comes from the trust file: get it from the owners, never from who sent the message. A ledger
    and notices are judged where they are given; the report says where they are not.
    """
    from cutover.domain.verification import Notices, verify_handoff
    from cutover.errors import Refused

    moment = instant_of(at)
    _check_digest(root)
    try:
        message = files.content(handoff, verify_reading.message_limit())
        report = verify_handoff(
            message,
            trust=verify_reading.trust_for(message, trust, handoff.parent / "trust.json"),
            documents=verify_reading.read_documents(
                documents or handoff.parent / "documents", named=documents is not None
            ),
            now=moment or datetime.now(UTC),
            at=moment,
            queue_arn=queue,
            fingerprint=root,
            ledger=verify_reading.ledger_of(ledger, handoff.parent / "ledger.json"),
            heads=verify_reading.heads_of(head or (), message),
            notices=Notices(
                given=verify_reading.envelopes_of(notice or ()),
                beside=verify_reading.notices_beside(handoff.parent / "notices"),
            ),
        )
    except Refused as refused:
        said = f"REFUSED  {refused.code}: {_printable(refused.detail)}"
        answer(_unread(refused), form, lambda: said)
        raise typer.Exit(Exit.REFUSED) from refused
    if form is Format.JSON:
        answer(report.document(), form, str)
    else:
        _print(report)
    if not report.verified:
        raise typer.Exit(Exit.REFUSED)


def instant_of(text: str | None) -> datetime | None:
    from cutover.contracts.base import parse_instant

    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--at") from error


def _check_digest(text: str | None) -> None:
    if text is not None and not is_digest(text):
        raise typer.BadParameter(NO_DIGEST, param_hint="--root")


def _unread(refused: Any) -> dict[str, Any]:
    return {
        "verified": False,
        "code": refused.code,
        "detail": refused.detail,
        "root": None,
        "steps": [],
        "handoff": None,
    }


def _print(report: "Report") -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    for step in report.steps:
        code = f"{step.code}: " if step.outcome == "failed" else ""
        console.print(
            Text(
                f"{step.number:<2} {step.name:<10} {step.outcome:<9} {code}{_printable(step.detail)}",
                style=_STYLES[step.outcome],
            )
        )
    if report.verified and report.handoff is not None:
        said = report.handoff
        console.print(Text("VERIFIED", style="bold green"), f"hand-off {said.handoff_id}", sep="  ")
        console.print(f"          {said.cutover} revision {said.revision} for {said.queue_arn}")
        for each in report.decided():
            how = f"{each['decision']} by {each['person']} as {each['role']}, with a {each['assurance']}"
            console.print(f"          {how}, at {each['decided_at']}")
    elif not report.anchored and report.code == "UNANCHORED":
        console.print(Text("UNANCHORED  no trust file: nothing says whose signatures count", style="bold red"))
    else:
        console.print(Text(f"REFUSED  {report.code}", style="bold red"))


def _printable(text: str) -> str:
    """Bytes from outside do not drive the terminal, and what it cannot show does not stop us."""
    return showable(oneline(text), sys.stdout)
