"""Evidence by digest, read strictly enough that a pointer into it leads to one value and no other."""

import json
from collections.abc import Mapping
from typing import Any

from cutover.contracts.base import Digest
from cutover.contracts.bundle import Origin
from cutover.contracts.evidence import Evidence, EvidenceSet
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.package import evidence_of
from cutover.domain.pointer import NOWHERE, resolve
from cutover.errors import Refused


class EvidenceLibrary:
    """The evidence of one set; each document is checked and parsed once."""

    def __init__(self, evidence_set: EvidenceSet, documents: Mapping[Digest, bytes]) -> None:
        self._documents = documents
        self._known: dict[tuple[str, str, str, Digest], Evidence] = {
            (each.source, each.record, each.version, each.sha256): each for each in evidence_of(evidence_set)
        }
        self._bytes: dict[Digest, bytes] = {}
        self._parsed: dict[Digest, Any] = {}
        self._unwrapped: set[tuple[Digest, Digest]] = set()

    def measured(self, origin: Origin) -> Any:
        """What the origin's pointer and measure give; ``Refused`` when they give nothing.

        The measure ``sha256`` is of the whole evidence, so its pointer is the empty one.
        """
        evidence = self._known.get((origin.source, origin.record, origin.version, origin.evidence))
        if evidence is None:
            raise Refused("EVIDENCE_UNKNOWN", "the evidence set has no such record, version and digest")
        content = self._content(evidence)
        if origin.measure == "sha256":
            found: Any = canonical.digest(content) if origin.pointer == "" else NOWHERE
        else:
            found = resolve(self._document(evidence.sha256, content), origin.pointer)
            if origin.measure == "length":
                found = len(found) if isinstance(found, list) else NOWHERE
        if found is NOWHERE:
            raise Refused("POINTER_LEADS_NOWHERE", f"{origin.pointer or 'the whole'} gives no {origin.measure}")
        return found

    def _content(self, evidence: Evidence) -> bytes:
        content = self._stored(evidence.sha256)
        if len(content) != evidence.size:
            raise Refused("EVIDENCE_MISSING", f"{len(content)} bytes, the set says {evidence.size}")
        if evidence.unwraps is not None and (evidence.unwraps, evidence.sha256) not in self._unwrapped:
            if payload_of(self._stored(evidence.unwraps)) != content:
                raise Refused("EVIDENCE_NOT_UNWRAPPED", "it is not the payload of the envelope that it names")
            self._unwrapped.add((evidence.unwraps, evidence.sha256))
        return content

    def _stored(self, digest: Digest) -> bytes:
        if digest not in self._bytes:
            content = self._documents.get(digest)
            if content is None or not canonical.same(canonical.digest(content), digest):
                raise Refused("EVIDENCE_MISSING", f"the bytes of {digest} are not at hand")
            self._bytes[digest] = content
        return self._bytes[digest]

    def _document(self, digest: Digest, content: bytes) -> Any:
        if digest not in self._parsed:
            self._parsed[digest] = parse_strictly(content)
        return self._parsed[digest]


def payload_of(content: bytes) -> bytes:
    """The payload inside a DSSE envelope, as received: its own bytes need not be canonical."""
    document = parse_strictly(content)
    payload = document.get("payload") if isinstance(document, dict) else None
    if not isinstance(payload, str):
        raise Refused("EVIDENCE_NOT_UNWRAPPED", "what it names is not an envelope")
    return dsse.decode_base64(payload)


def parse_strictly(content: bytes) -> Any:
    """A JSON value in UTF-8 (RFC 8259) that every reader reads alike: no key twice, no NaN.

    Raises ``Refused`` (``EVIDENCE_UNREADABLE``).
    """
    try:
        return json.loads(content.decode(), object_pairs_hook=_once, parse_constant=_never)
    except (ValueError, RecursionError) as error:
        raise Refused("EVIDENCE_UNREADABLE", "not JSON that can be read in one way only") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _never(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
