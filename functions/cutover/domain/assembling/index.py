"""Finding evidence by what the candidate refers to, and reading it."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from cutover.contracts.base import Digest, Model
from cutover.contracts.candidate import Reference
from cutover.contracts.evidence import Evidence, EvidenceSet, Section
from cutover.domain import canonical
from cutover.domain.reading import parse_strictly
from cutover.errors import Refused

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Found:
    """Evidence, and its bytes as received."""

    evidence: Evidence
    content: bytes

    @functools.cached_property
    def document(self) -> Any:
        """The JSON value in the bytes; None where they are not JSON that every reader reads alike.

        Parsed when it is first asked for: a dependency manifest may have 50 MB, and nobody asks.
        """
        try:
            return parse_strictly(self.content)
        except Refused:
            return None


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

    @functools.cached_property
    def candidate(self) -> Found:
        return self._found(self.evidence_set.candidate)

    def find(self, section: Section, reference: Reference | None, *, payload: bool = False) -> Found | None:
        """What a reference brought; with ``payload``, what was made of it by ``domain.unwrapping``."""
        if reference is None:
            return None
        key = (reference.source, reference.record, reference.version, payload)
        evidence = self._sections.get(section, {}).get(key)
        return self._found(evidence) if evidence is not None else None

    def _found(self, evidence: Evidence) -> Found:
        return Found(evidence, self._documents[evidence.sha256])


def valid(model: type[M], found: Found | None) -> M | None:
    """The record, if what came is one; a record of another shape, or with a key that stands twice, counts as none."""
    if found is None or found.document is None:
        return None
    try:
        return model.model_validate_json(found.content)
    except ValidationError:
        return None


def subject_of(found: Found | None, reference: Reference | None) -> Digest:
    """What a hold is about: the evidence's digest, else the digest of what was asked for."""
    if found is not None:
        return found.evidence.sha256
    asked = reference.model_dump(mode="json") if reference is not None else None
    return canonical.digest(canonical.encode(asked))
