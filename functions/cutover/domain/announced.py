"""What an announcement holds: a candidate in an envelope, or an older document with its signature beside it. Pure."""

from pydantic import ValidationError

from cutover.contracts.legacy import DetachedCandidate
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.errors import Refused

_BEGINNING = b'{"contract":'
"""In canonical bytes keys are sorted: this one of an older announcement is the first, and no envelope has it."""


def detached(content: bytes) -> DetachedCandidate | None:
    """The older announcement in exactly its canonical bytes; None where they are no such thing, an envelope perhaps.

    Raises ``Refused`` (``NOT_CANONICAL``), and pydantic's ``ValidationError`` where it says that it is one.
    """
    if not content.startswith(_BEGINNING):
        return None
    canonical.decode(content)
    return DetachedCandidate.model_validate_json(content)


def document_of(announced: DetachedCandidate) -> bytes:
    """The bytes that were signed. Raises ``Refused`` (``BAD_BASE64``)."""
    return dsse.decode_base64(announced.document)


def signers(content: bytes) -> tuple[str, ...]:
    """The key id that such an announcement names; none of anything else."""
    try:
        announced = detached(content)
    except (Refused, ValidationError):
        return ()
    return (announced.keyid,) if announced else ()
