"""What lies beside a hand-off message: documents, trust, and what the ledger and its notices say of it."""

from collections.abc import Sequence
from pathlib import Path

from cutover_cli import files

MAX_DOCUMENTS = 2_000
MAX_DOCUMENT_BYTES = 64 * 1_048_576
MAX_ALL_BYTES = 512 * 1_048_576
MAX_NOTICES = 1_000


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


def message_limit() -> int:
    from cutover.domain.verification import MAX_MESSAGE_BYTES

    return MAX_MESSAGE_BYTES


def trust_for(message: bytes, named: Path | None, beside: Path) -> bytes | None:
    """Whose signatures count: as said, as imported for the message's audience, or as a file beside it says.

    Which audience a message names proves nothing; the verifier compares it with that of the root. None where there is
    no trust file: the report says ``UNANCHORED``.
    """
    from cutover.domain.verification.anchor import MAX_TRUST_BYTES

    if named is None and (found := imported_for(message)) is not None:
        return found
    file = named or beside
    return files.content(file, MAX_TRUST_BYTES) if file.exists() else None


def imported_for(message: bytes) -> bytes | None:
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


def ledger_of(named: Path | None, beside: Path) -> bytes | None:
    """The export that was named, or the one that lies beside the message; None where there is none."""
    from cutover.domain.verification.sealed import MAX_LEDGER_BYTES

    if named is None and not beside.exists():
        return None
    return files.content(named or beside, MAX_LEDGER_BYTES)


def envelopes_of(named: Sequence[Path]) -> tuple[bytes, ...]:
    """Signed envelopes: files, and all files of folders. Raises ``Refused`` (``UNREADABLE``)."""
    return tuple(each for path in named for each in (_inside(path) if path.is_dir() else [files.content(path)]))


def notices_beside(folder: Path) -> tuple[bytes, ...]:
    """The notices of a folder that may be missing."""
    return tuple(_inside(folder)) if folder.is_dir() else ()


def _inside(folder: Path) -> list[bytes]:
    from cutover.errors import Refused

    found = sorted(each for each in folder.iterdir() if each.suffix == ".json")
    if len(found) > MAX_NOTICES:
        raise Refused("DOCUMENT_TOO_LARGE", f"{folder}: more than {MAX_NOTICES} files")
    return [files.content(each) for each in found]
