"""Reading a revision's documents back from the store, checked and typed."""

from collections.abc import Iterable
from typing import TypeVar

from pydantic import ValidationError

from cutover.contracts.base import Digest, Model
from cutover.contracts.candidate import MAX_CANDIDATE_BYTES, Candidate
from cutover.contracts.evidence import Evidence, EvidenceSet
from cutover.domain.package import evidence_of
from cutover.domain.record import RevisionRecord
from cutover.domain.refreshed import effective
from cutover.errors import DigestMismatch, DocumentMissing
from cutover.ports import Store

M = TypeVar("M", bound=Model)
MAX_DOCUMENT_BYTES = 16 * 1_048_576
MAX_EVIDENCE_BYTES = 64 * 1_048_576


def load(store: Store, digest: Digest | None, model: type[M], *, limit: int = MAX_DOCUMENT_BYTES) -> M:
    """A document that Cutover itself stored. Bytes that are not one are corruption, never bad input."""
    if digest is None:
        raise DocumentMissing(f"the record names no {model.__name__}")
    try:
        return model.model_validate_json(store.get(digest, limit=limit))
    except ValidationError as error:
        raise DigestMismatch(f"{digest} is not a {model.__name__}") from error


def candidate_of(store: Store, record: RevisionRecord) -> Candidate:
    """The candidate as this revision goes by it: with the versions that its records had when it was opened."""
    announced = load(store, record.candidate, Candidate, limit=MAX_CANDIDATE_BYTES)
    return effective(announced, record.refreshed)


def evidence_documents(store: Store, evidence_set: EvidenceSet) -> dict[Digest, bytes]:
    """Every evidence of the set by digest, with the envelopes that payloads were taken from."""
    return {digest: store.get(digest, limit=MAX_EVIDENCE_BYTES) for digest in _digests(evidence_of(evidence_set))}


def _digests(evidence: Iterable[Evidence]) -> set[Digest]:
    found = set()
    for each in evidence:
        found.add(each.sha256)
        if each.unwraps is not None:
            found.add(each.unwraps)
    return found
