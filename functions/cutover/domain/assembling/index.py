"""Finding evidence by what the candidate refers to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from cutover.contracts.base import Digest
from cutover.contracts.candidate import Reference
from cutover.contracts.evidence import Evidence, EvidenceSet, Section
from cutover.domain import canonical


@dataclass(frozen=True, slots=True)
class Found:
    """Evidence, its bytes as received, and the JSON value in them (None where they are not JSON)."""

    evidence: Evidence
    content: bytes
    document: Any


class EvidenceIndex:
    """The evidence of one revision, by section and reference."""

    def __init__(self, evidence_set: EvidenceSet, documents: Mapping[Digest, bytes]) -> None:
        self.evidence_set = evidence_set
        self._documents = documents
        self._sections = {
            collection.section: {
                (each.source, each.record, each.version, each.unwraps is not None): each for each in collection.evidence
            }
            for collection in evidence_set.collections
        }

    @property
    def candidate(self) -> Found:
        return self._found(self.evidence_set.candidate)

    def find(self, section: Section, reference: Reference | None, *, payload: bool = False) -> Found | None:
        """What a reference brought; with ``payload``, what its signed envelope contains."""
        if reference is None:
            return None
        key = (reference.source, reference.record, reference.version, payload)
        evidence = self._sections.get(section, {}).get(key)
        return self._found(evidence) if evidence is not None else None

    def _found(self, evidence: Evidence) -> Found:
        content = self._documents[evidence.sha256]
        try:
            document = orjson.loads(content)
        except orjson.JSONDecodeError:
            document = None
        return Found(evidence, content, document)


def subject_of(found: Found | None, reference: Reference | None) -> Digest:
    """What a hold is about: the evidence's digest, else the digest of what was asked for."""
    if found is not None:
        return found.evidence.sha256
    asked = reference.model_dump(mode="json") if reference is not None else None
    return canonical.digest(canonical.encode(asked))
