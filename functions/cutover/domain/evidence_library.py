"""Evidence by digest, read strictly enough that a pointer into it leads to one value and no other."""

from collections.abc import Collection, Mapping
from typing import Any

from cutover.contracts.base import Digest
from cutover.contracts.bundle import Measure, Origin
from cutover.contracts.evidence import Evidence, EvidenceSet, Section
from cutover.contracts.policy import Rendering
from cutover.domain import canonical
from cutover.domain.measures import measured
from cutover.domain.package import sections_of
from cutover.domain.reading import parse_strictly
from cutover.domain.unwrapping import demand_unwrapped
from cutover.errors import Refused

Derived = tuple[Digest, Digest]
"""An evidence, and what was made of it."""


class EvidenceLibrary:
    """The evidence of one set; each document is checked and parsed once."""

    def __init__(
        self,
        evidence_set: EvidenceSet,
        documents: Mapping[Digest, bytes],
        rendering: Rendering,
        derived: Collection[Derived] = (),
    ) -> None:
        self._documents = documents
        self._rendering = rendering
        self._known: dict[tuple[str, str, str, Digest], tuple[Section, Evidence]] = {
            (each.source, each.record, each.version, each.sha256): (section, each)
            for section, each in sections_of(evidence_set)
        }
        self._bytes: dict[Digest, bytes] = {}
        self._parsed: dict[Digest, Any] = {}
        self._measured: dict[tuple[Digest, str, Measure], tuple[Any, ...]] = {}
        self._unwrapped: set[Derived] = set(derived)

    def measured(self, origin: Origin) -> tuple[Any, ...]:
        """What the origin's pointer and measure give: one value, or of a part each part; ``Refused`` when nothing.

        The measure ``sha256`` is of the whole evidence, so its pointer is the empty one.
        """
        known = self._known.get((origin.source, origin.record, origin.version, origin.evidence))
        if known is None:
            raise Refused("EVIDENCE_UNKNOWN", "the evidence set has no such record, version and digest")
        content = self._content(*known)
        if origin.measure == "sha256":
            found: tuple[Any, ...] = (canonical.digest(content),) if origin.pointer == "" else ()
        else:
            found = self._measure(origin, content)
        if not found:
            raise Refused("POINTER_LEADS_NOWHERE", f"{origin.pointer or 'the whole'} gives no {origin.measure}")
        return found

    def _measure(self, origin: Origin, content: bytes) -> tuple[Any, ...]:
        """Once for each pointer: of one text, two hundred fields may be the parts."""
        known = (origin.evidence, origin.pointer, origin.measure)
        if known not in self._measured:
            document = self._document(origin.evidence, content)
            self._measured[known] = measured(document, origin.pointer, origin.measure, self._rendering)
        return self._measured[known]

    def _content(self, section: Section, evidence: Evidence) -> bytes:
        content = self._stored(evidence.sha256)
        if len(content) != evidence.size:
            raise Refused("EVIDENCE_MISSING", f"{len(content)} bytes, the set says {evidence.size}")
        if evidence.unwraps is not None and (evidence.unwraps, evidence.sha256) not in self._unwrapped:
            demand_unwrapped(section, self._stored(evidence.unwraps), content)
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
