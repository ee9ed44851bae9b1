"""Evidence that is made of other evidence, so that a JSON pointer can walk into it: pure, and done again to prove it.

================  ==========================================================================================
``candidate``     the payload of its DSSE envelope; or what an older document was translated into, which names it
``attestations``  the payload of a DSSE envelope, or of the one in a Sigstore bundle; its own bytes, as signed
``waivers``       the payload of a DSSE envelope
``dependencies``  a ``DependencySummary`` of the manifest, read as a stream: the manifest itself may be large
``catalog``       canonical JSON of an entity that came as YAML
================  ==========================================================================================
"""

from typing import Any

from pydantic import ValidationError

from cutover.contracts.base import Digest
from cutover.contracts.candidate import Candidate
from cutover.contracts.evidence import Section
from cutover.domain import announced, canonical
from cutover.domain import envelope as dsse
from cutover.domain.reading import parse_strictly, parse_yaml
from cutover.errors import Refused

SIGNED: frozenset[Section] = frozenset({"candidate", "attestations", "waivers"})
"""Sections whose records are signed: what is made of them is what was signed."""
BUNDLE_MEDIA_TYPES = "application/vnd.dev.sigstore.bundle"
"""How the media type of every version of a Sigstore bundle begins (sigstore protobuf-specs)."""


def unwrap(section: Section, content: bytes) -> bytes | None:
    """What is made of a record of this section, None where nothing is.

    Raises ``Refused`` (``EVIDENCE_NOT_UNWRAPPED``, ``EVIDENCE_UNREADABLE``) when nothing can be made of it.
    """
    if section in SIGNED:
        return payload_of(content)
    if section == "dependencies":
        from cutover.domain.dependencies import summarize

        return canonical.encode_model(summarize(content))
    if section == "catalog" and not content.lstrip().startswith(b"{"):
        return canonical.encode(parse_yaml(content))
    return None


def payload_of(content: bytes) -> bytes:
    """The payload inside a DSSE envelope or a Sigstore bundle, as received: its own bytes need not be canonical."""
    document = parse_strictly(content)
    payload = _envelope(document).get("payload")
    if not isinstance(payload, str):
        raise Refused("EVIDENCE_NOT_UNWRAPPED", "what it names is not an envelope")
    return dsse.decode_base64(payload)


def demand_unwrapped(section: Section, original: bytes, made: bytes) -> None:
    """Raises ``Refused`` (``EVIDENCE_NOT_UNWRAPPED``) unless ``made`` is what is made of ``original``.

    A translation takes more than its original: here it has to name it, and ``domain.verification.translated`` makes
    it again.
    """
    older = _older(original) if section == "candidate" else None
    if (unwrap(section, original) != made) if older is None else (older not in translated_from(made)):
        raise Refused("EVIDENCE_NOT_UNWRAPPED", "it is not what is made of the evidence that it names")


def translated_from(candidate: bytes) -> tuple[Digest, ...]:
    """The document that a candidate says it was translated from; none where it says nothing like it."""
    try:
        found = Candidate.model_validate_json(candidate).translated
    except ValidationError:
        return ()
    return (found.original,) if found else ()


def _older(original: bytes) -> Digest | None:
    """The digest of the document in an older announcement; None where it is an envelope."""
    try:
        announcement = announced.detached(original)
    except ValidationError as error:
        raise Refused("EVIDENCE_NOT_UNWRAPPED", "what it names is neither an envelope nor an older document") from error
    return canonical.digest(announced.document_of(announcement)) if announcement else None


def is_bundle(document: Any) -> bool:
    """Whether a JSON value says of itself that it is a Sigstore bundle."""
    media_type = document.get("mediaType") if isinstance(document, dict) else None
    return isinstance(media_type, str) and media_type.startswith(BUNDLE_MEDIA_TYPES)


def _envelope(document: Any) -> dict[str, Any]:
    inner = document.get("dsseEnvelope") if is_bundle(document) else document
    return inner if isinstance(inner, dict) else {}
