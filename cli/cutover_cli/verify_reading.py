"""What lies beside a hand-off message: documents, trust, and what the ledger and its notices say of it."""

from collections.abc import Sequence
from pathlib import Path

from cutover.errors import Refused
from cutover_cli import files

MAX_DOCUMENTS = 2_000
MAX_DOCUMENT_BYTES = 64 * 1_048_576
MAX_ALL_BYTES = 512 * 1_048_576
MAX_ENVELOPES = 100_000
"""Heads are kept for years, of every chain, in one folder."""


def read_documents(folder: Path, *, named: bool = True) -> dict[str, bytes]:
    """The documents of a folder by digest; a folder that nobody named may be missing.

    Raises ``Refused``: ``UNREADABLE``, ``DOCUMENT_MISNAMED`` (name or content), ``DOCUMENT_TOO_LARGE``.
    """
    from cutover.domain import canonical

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
    audience = _said(message, "audience") if store.folder.is_dir() else None
    found = store.read(audience) if audience and audience in store.audiences() else None
    return found.content if found else None


def _said(message: bytes, field: str) -> str:
    """What the message says there, which proves nothing; empty where it says nothing that could be read."""
    from cutover.contracts.envelope import Envelope
    from cutover.domain.envelope import decode_base64
    from cutover.domain.reading import parse_strictly

    try:
        said = parse_strictly(decode_base64(Envelope.model_validate_json(message).payload))
    except (Refused, ValueError):  # pydantic's ValidationError is one
        return ""
    return str(said.get(field)) if isinstance(said, dict) else ""


def ledger_of(named: Path | None, beside: Path) -> bytes | None:
    """The export that was named, or the one that lies beside the message; None where there is none."""
    from cutover.domain.verification.sealed import MAX_LEDGER_BYTES

    if named is None and not beside.exists():
        return None
    return files.content(named or beside, MAX_LEDGER_BYTES)


def heads_of(named: Sequence[Path], message: bytes) -> tuple[bytes, ...]:
    """Heads that were kept elsewhere: files, and of folders, which have those of every chain, the message's own.

    Raises ``Refused``: ``UNREADABLE``, ``HEAD_OF_ANOTHER_CHAIN`` where a folder has none of it.
    """
    from cutover_cli.ledger_chains import said

    chain, found = _said(message, "cutover"), list[bytes]()
    for path in named:
        inside = envelopes_of([path])
        mine = [each for each in inside if said(each).chain == chain] if chain and path.is_dir() else inside
        if not mine:
            raise Refused("HEAD_OF_ANOTHER_CHAIN", f"{path}: none of the heads is one of {chain}")
        found += mine
    return tuple(found)


def envelopes_of(named: Sequence[Path]) -> tuple[bytes, ...]:
    """Signed envelopes: files, and all files of folders. Raises ``Refused`` (``UNREADABLE``), for an empty one too."""
    found: list[bytes] = []
    for path in named:
        inside = _inside(path) if path.is_dir() else [files.content(path)]
        if not inside:
            raise Refused("UNREADABLE", f"{path}: nothing lies in it")
        found += inside
    return tuple(found)


def notices_beside(folder: Path) -> tuple[bytes, ...]:
    """The notices of a folder that may be missing."""
    return tuple(_inside(folder)) if folder.exists() else ()


def _inside(folder: Path) -> list[bytes]:
    """Every file, whatever its name: what was given is judged. What is hidden is not meant."""
    try:
        listed = sorted(each for each in folder.iterdir() if not each.name.startswith("."))
    except OSError as error:
        raise Refused("UNREADABLE", f"{folder}: {error.strerror}") from error
    if len(listed) > MAX_ENVELOPES:
        raise Refused("DOCUMENT_TOO_LARGE", f"{folder}: more than {MAX_ENVELOPES} files")
    found: list[bytes] = []
    room = MAX_ALL_BYTES
    for file in listed:
        found.append(files.content(file, min(files.MAX_BYTES, room)))
        room -= len(found[-1])
    return found
