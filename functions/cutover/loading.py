"""Reading a revision's documents back from the store, checked and typed."""

import functools
from collections.abc import Iterator
from typing import TypeVar, cast

from pydantic import ValidationError

from cutover.contracts.base import Digest, Model
from cutover.contracts.candidate import MAX_CANDIDATE_BYTES, Candidate
from cutover.contracts.evidence import EvidenceSet
from cutover.domain.package import sections_of
from cutover.domain.record import RevisionRecord
from cutover.domain.refreshed import effective
from cutover.errors import DigestMismatch, DocumentMissing
from cutover.ports import Store

M = TypeVar("M", bound=Model)
MAX_DOCUMENT_BYTES = 16 * 1_048_576
MAX_EVIDENCE_BYTES = 64 * 1_048_576
REMEMBERED = 32
MAX_REMEMBERED_BYTES = 262_144
"""So many documents, none larger, stay parsed in a function's memory: the same ones are read again and again."""


def load(store: Store, digest: Digest | None, model: type[M], *, limit: int = MAX_DOCUMENT_BYTES) -> M:
    """A document that Cutover itself stored. Bytes that are not one are corruption, never bad input."""
    if digest is None:
        raise DocumentMissing(f"the record names no {model.__name__}")
    try:
        return parsed(model, store.get(digest, limit=limit))
    except ValidationError as error:
        raise DigestMismatch(f"{digest} is not a {model.__name__}") from error


def parsed(model: type[M], content: bytes) -> M:
    """What these bytes say; models are frozen, so equal bytes share one. ``ValidationError`` where they are none."""
    if len(content) > MAX_REMEMBERED_BYTES:
        return model.model_validate_json(content)
    return cast("M", _remembered(model, content))


@functools.lru_cache(maxsize=REMEMBERED)
def _remembered(model: type[Model], content: bytes) -> Model:
    return model.model_validate_json(content)


def candidate_of(store: Store, record: RevisionRecord) -> Candidate:
    """The candidate as this revision goes by it: with the versions that its records had when it was opened."""
    announced = load(store, record.candidate, Candidate, limit=MAX_CANDIDATE_BYTES)
    return effective(announced, record.refreshed)


def evidence_documents(store: Store, evidence_set: EvidenceSet, *, manifests: bool = False) -> dict[Digest, bytes]:
    """The evidence of the set by digest, with what it was made of.

    Dependency manifests are large and are read through their summaries; only with ``manifests`` do they come too, for
    whoever proves that the summaries are theirs.
    """
    digests = dict.fromkeys(_digests(evidence_set, manifests))
    return {digest: store.get(digest, limit=MAX_EVIDENCE_BYTES) for digest in digests}


def _digests(evidence_set: EvidenceSet, manifests: bool) -> Iterator[Digest]:
    summarized = {each.unwraps for section, each in sections_of(evidence_set) if section == "dependencies"}
    for _, each in sections_of(evidence_set):
        yield from (
            digest
            for digest in (each.sha256, each.unwraps)
            if digest is not None and (manifests or digest not in summarized)
        )
