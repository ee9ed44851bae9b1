"""`cutover verify`: prove a hand-off message offline, from its bytes, its documents and a trust file."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cutover_cli import files
from cutover_cli.output import Exit, Format, FormatOption, answer, oneline, showable

if TYPE_CHECKING:
    from cutover.domain.verification import Report

MAX_DOCUMENTS = 2_000
MAX_DOCUMENT_BYTES = 64 * 1_048_576
MAX_ALL_BYTES = 512 * 1_048_576
_STYLES = {"ok": "green", "failed": "bold red", "skipped": "dim"}

HandoffFile = Annotated[Path, typer.Argument(metavar="HANDOFF", help="The message's body as it was received.")]
TrustOption = Annotated[
    Path | None, typer.Option("--trust", metavar="FILE", help="Root and trust bundle.  [default: trust.json beside it]")
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


def verify(
    handoff: HandoffFile,
    *,
    trust: TrustOption = None,
    documents: DocumentsOption = None,
    at: AtOption = None,
    queue: QueueOption = None,
    root: RootOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Verify a hand-off message offline, in eight steps. Exits 0 when verified, 3 when not.

    Whose signatures count comes from the trust file: get it from the owners, never from who sent the message.
    """
    from cutover.domain.verification import verify_handoff
    from cutover.errors import Refused

    moment = _instant(at)
    _check_digest(root)
    try:
        message = files.content(handoff, _message_limit())
        report = verify_handoff(
            message,
            trust=_trust(message, trust, handoff.parent / "trust.json"),
            documents=read_documents(documents or handoff.parent / "documents", named=documents is not None),
            now=moment or datetime.now(UTC),
            at=moment,
            queue_arn=queue,
            fingerprint=root,
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


def read_documents(folder: Path, *, named: bool = True) -> dict[str, bytes]:
    """The documents of a folder by digest; a folder that nobody named may be missing.

    Raises ``Refused``: ``UNREADABLE``, ``DOCUMENT_MISNAMED`` (name or content), ``DOCUMENT_TOO_LARGE``.
    """
    from cutover.domain import canonical
    from cutover.errors import Refused

    if not named and not folder.exists():
        return {}
    try:
        listed = sorted(folder.iterdir())
    except OSError as error:
        raise Refused("UNREADABLE", f"{folder}: {error.strerror}") from error
    if len(listed) > MAX_DOCUMENTS:
        raise Refused("DOCUMENT_TOO_LARGE", f"{folder}: more than {MAX_DOCUMENTS} documents")
    found: dict[str, bytes] = {}
    room = MAX_ALL_BYTES
    for file in listed:
        content = files.content(file, min(MAX_DOCUMENT_BYTES, room))
        room -= len(content)
        digest = canonical.digest(content)
        if file.name.partition(".")[0] != digest.removeprefix("sha256:"):
            raise Refused("DOCUMENT_MISNAMED", f"{file}: its content is {digest}")
        found[digest] = content
    return found


def _message_limit() -> int:
    from cutover.domain.verification import MAX_MESSAGE_BYTES

    return MAX_MESSAGE_BYTES


def _trust(message: bytes, named: Path | None, beside: Path) -> bytes | None:
    """Whose signatures count: as said, as imported for the message's audience, or as a file beside it says.

    Which audience a message names proves nothing; the verifier compares it with that of the root. None where there is
    no trust file: the report says ``UNANCHORED``.
    """
    from cutover.domain.verification.anchor import MAX_TRUST_BYTES

    if named is None and (found := _imported(message)) is not None:
        return found
    file = named or beside
    return files.content(file, MAX_TRUST_BYTES) if file.exists() else None


def _imported(message: bytes) -> bytes | None:
    """The imported trust file of the audience that the message names. Raises ``Refused`` where it was damaged."""
    from cutover_cli.trust_store import TrustStore, folder

    store = TrustStore(folder())
    audience = _audience(message) if store.folder.is_dir() else None
    found = store.read(audience) if audience and audience in store.audiences() else None
    return found.content if found else None


def _audience(message: bytes) -> str:
    """What the message says; empty where it says nothing that could be read."""
    from cutover.contracts.envelope import Envelope
    from cutover.domain.envelope import decode_base64
    from cutover.domain.reading import parse_strictly
    from cutover.errors import Refused

    try:
        said = parse_strictly(decode_base64(Envelope.model_validate_json(message).payload))
    except (Refused, ValueError):  # pydantic's ValidationError is one
        return ""
    return str(said.get("audience")) if isinstance(said, dict) else ""


def _instant(text: str | None) -> datetime | None:
    from cutover.contracts.base import parse_instant

    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--at") from error


def _check_digest(text: str | None) -> None:
    digits = "" if text is None else text.removeprefix("sha256:")
    if text is not None and (len(text) != len("sha256:") + 64 or set(digits) - set("0123456789abcdef")):
        raise typer.BadParameter("expected sha256: and 64 lower-case hexadecimal digits", param_hint="--root")


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
                f"{step.number}  {step.name:<10} {step.outcome:<8} {code}{_printable(step.detail)}",
                style=_STYLES[step.outcome],
            )
        )
    if report.verified and report.handoff is not None:
        said = report.handoff
        console.print(Text("VERIFIED", style="bold green"), f"hand-off {said.handoff_id}", sep="  ")
        console.print(f"          {said.cutover} revision {said.revision} for {said.queue_arn}")
    elif not report.anchored and report.code == "UNANCHORED":
        console.print(Text("UNANCHORED  no trust file: nothing says whose signatures count", style="bold red"))
    else:
        console.print(Text(f"REFUSED  {report.code}", style="bold red"))


def _printable(text: str) -> str:
    """Bytes from outside do not drive the terminal, and what it cannot show does not stop us."""
    return showable(oneline(text), sys.stdout)
