"""Files that are named on the command line: read whole and bounded, in one way or not at all; written whole or not."""

import os
import stat
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from cutover.contracts.base import Model
from cutover.contracts.envelope import Envelope
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.faults import faults_of
from cutover.domain.reading import parse_strictly
from cutover.domain.record import Fault
from cutover.errors import Refused
from cutover_cli import strict_yaml
from cutover_cli.output import CommandError, Exit

MAX_BYTES = 4 * 1_048_576
M = TypeVar("M", bound=Model)
_ENVELOPE = {"payloadType", "payload", "signatures"}


class DocumentRefused(CommandError):
    """A document has faults. All of them are told, each with a JSON pointer into it."""

    exit_code = Exit.REFUSED
    reason = "DOCUMENT_REFUSED"

    def __init__(self, where: str, faults: tuple[Fault, ...]) -> None:
        lines = [f"{fault.pointer}: {fault.message} ({fault.code})" for fault in faults]
        super().__init__("\n  ".join([f"{where}: {len(lines)} fault(s)", *lines]))
        self.faults = faults

    def document(self) -> dict[str, Any]:
        return {"faults": [fault.model_dump(mode="json") for fault in self.faults]}


class Unwritable(CommandError):
    """A result cannot be written where it was asked for."""

    exit_code = Exit.USAGE
    reason = "UNWRITABLE"


def content(file: Path, limit: int = MAX_BYTES) -> bytes:
    """A regular file's bytes, never more than ``limit``; a pipe or a device could keep us forever.

    Raises ``Refused``: ``UNREADABLE``, ``DOCUMENT_TOO_LARGE``.
    """
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise Refused("UNREADABLE", f"{file}: not a regular file")
        with file.open("rb") as opened:
            found = opened.read(limit + 1)
    except (OSError, ValueError) as error:
        raise Refused("UNREADABLE", f"{file}: {getattr(error, 'strerror', None) or 'not a file name'}") from error
    if len(found) > limit:
        raise Refused("DOCUMENT_TOO_LARGE", f"{file}: more than {limit} bytes")
    return found


def value(file: Path) -> dict[str, Any]:
    """The JSON object in a file of JSON or YAML, in UTF-8; of a signed document, the document.

    No signature is judged. Raises ``Refused`` (``UNREADABLE``, ``DOCUMENT_TOO_LARGE``, ``BAD_BASE64``) and YamlRefused.
    """
    found = content(file)
    parsed = _parsed(found, file)
    return _parsed(_payload(parsed, file), file) if parsed.keys() == _ENVELOPE else parsed


def sealed(file: Path) -> bool:
    """Whether a file holds an envelope, and not the document itself. Raises what ``value`` raises."""
    return _parsed(content(file), file).keys() == _ENVELOPE


def model(kind: type[M], file: Path) -> M:
    """A document of a contract, signed or not. Raises what ``value`` raises, and DocumentRefused."""
    return parsed(kind, value(file), str(file))


def envelope(file: Path) -> Envelope:
    """A signed document as it stands. Raises ``Refused`` and DocumentRefused."""
    return parsed(Envelope, _parsed(content(file), file), str(file))


def parsed(kind: type[M], said: object, where: str) -> M:
    """A JSON value as a document of a contract; ``where`` names it. Raises DocumentRefused with every fault."""
    try:
        return kind.model_validate_json(canonical.encode(said))
    except ValidationError as error:
        raise DocumentRefused(where, faults_of(error)) from error
    except Refused as refused:
        raise DocumentRefused(where, (Fault(pointer="/", code=refused.code, message=refused.detail),)) from refused


def write(file: Path, written: bytes) -> None:
    """The whole content or none: whoever reads the file meanwhile or after a crash finds what was there, or this.

    A device or a pipe, such as ``/dev/stdout``, is written to as it is.
    """
    if file.exists() and not file.is_file():
        file.write_bytes(written)
        return
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        with draft.open("xb") as opened:
            opened.write(written)
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(file)
    except OSError as error:
        raise Unwritable(f"{file}: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def _parsed(found: bytes, file: Path) -> dict[str, Any]:
    try:
        if found.lstrip()[:1] != b"{":
            return strict_yaml.read(found.decode(), str(file))
        said = parse_strictly(found)
    except UnicodeDecodeError as error:
        raise Refused("UNREADABLE", f"{file}: not a text in UTF-8") from error
    except Refused as refused:
        why = f": {refused.__cause__}" if isinstance(refused.__cause__, ValueError) else ""
        raise Refused("UNREADABLE", f"{file}: {refused.detail}{why}") from refused
    if not isinstance(said, dict):
        raise Refused("UNREADABLE", f"{file}: not a JSON object")
    return said


def _payload(sealed: dict[str, Any], file: Path) -> bytes:
    return dsse.decode_base64(parsed(Envelope, sealed, str(file)).payload)
