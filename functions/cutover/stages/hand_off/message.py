"""The one message of a cutover: built from the store, proved, then signed and stored once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from cutover.contracts.approval import Approval, ApprovalPredicate
from cutover.contracts.base import Digest
from cutover.contracts.bundle import Bundle, Sourced
from cutover.contracts.envelope import Envelope
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.handoff import HANDOFF_TYPE, DocumentReference, Handoff, LedgerPosition
from cutover.contracts.manifest import Manifest
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.handoff_id import handoff_id
from cutover.domain.package import package_documents
from cutover.domain.record import ChainHead, RevisionRecord
from cutover.domain.verification import Anchor, verify_handoff
from cutover.errors import DocumentMissing, Refused
from cutover.ports import Clock, Store
from cutover.sealing import Sealer
from cutover.stages.loading import MAX_EVIDENCE_BYTES, load

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Approved:
    """What the signed documents of an approved revision say; the record only told where they lie."""

    manifest_digest: Digest
    manifest_envelope: Envelope
    manifest: Manifest
    approval_envelopes: tuple[Envelope, ...]
    approvals: list[ApprovalPredicate]
    requesters: list[str]


def approved(record: RevisionRecord, store: Store) -> Approved:
    """The signed documents that the record names. Signatures are proved by ``prove``, with the whole message."""
    if record.manifest is None:
        raise DocumentMissing("the record names no manifest")
    manifest_envelope = _envelope(store, record.manifest.envelope)
    payload = dsse.decode_base64(manifest_envelope.payload)
    given = [decision for decision in record.decisions if decision.decision == "approve"]
    envelopes = tuple(_envelope(store, decision.envelope) for decision in given)
    statements = [Approval.model_validate_json(dsse.decode_base64(each.payload)) for each in envelopes]
    bundle = load(store, record.bundle, Bundle)
    requesters = [bundle.release.requester.value]
    if isinstance(bundle.change.requester, Sourced):
        requesters.append(bundle.change.requester.value)
    return Approved(
        canonical.digest(payload),
        manifest_envelope,
        Manifest.model_validate_json(payload),
        envelopes,
        [statement.predicate for statement in statements],
        requesters,
    )


class MessageMaker:
    """Builds, proves and stores the envelope that every attempt sends."""

    def __init__(self, *, store: Store, sealer: Sealer, anchor: Anchor, clock: Clock) -> None:
        self._store = store
        self._sealer = sealer
        self._anchor = anchor
        self._clock = clock

    def make(self, record: RevisionRecord, found: Approved, head: ChainHead) -> tuple[Digest, Digest]:
        """The hand-off's id, and the digest of its stored envelope. ``Refused`` when it does not prove itself."""
        bound = found.manifest.predicate
        handoff = Handoff(
            audience=bound.audience,
            handoff_id=handoff_id(found.manifest_digest, bound.destination.queue_arn),
            cutover=record.cutover,
            revision=record.revision,
            queue_arn=bound.destination.queue_arn,
            manifest=found.manifest_envelope,
            approvals=found.approval_envelopes,
            documents=self._documents(record),
            not_before=bound.window.opens_at,
            not_after=min(bound.window.closes_at, bound.valid_until),
            ledger=LedgerPosition(sequence=head.sequence, entry=_present(head.entry)),
        )
        reference, _, content = self._sealer.seal(handoff, HANDOFF_TYPE)
        self.prove(content, found)
        self._store.put(content)
        return handoff.handoff_id, reference.envelope

    def prove(self, content: bytes, found: Approved) -> None:
        """The same proof that any consumer can make, with the documents from the store."""
        now = self._clock.now()
        handoff = Handoff.model_validate_json(dsse.decode_base64(dsse.parse(content).payload))
        documents: Mapping[Digest, bytes] = {
            each.digest: self._store.get(each.digest, limit=MAX_EVIDENCE_BYTES) for each in handoff.documents
        }
        report = verify_handoff(
            content, trust=self._anchor, documents=documents, now=now, at=now,
            queue_arn=found.manifest.predicate.destination.queue_arn,
        )  # fmt: skip
        if not report.verified:
            raise Refused(report.code, f"the message does not prove itself: {report.detail}"[:1000])

    def _documents(self, record: RevisionRecord) -> tuple[DocumentReference, ...]:
        facts = [_present(record.bound_facts).envelope, *(each.facts.envelope for each in record.decisions)]
        listed = package_documents(
            bundle=_present(record.bundle),
            lineage=_present(record.lineage),
            hold_register=_present(record.hold_register),
            rules=record.rules.envelope,
            facts=facts,
            candidate=record.admission,
            evidence_set_digest=_present(record.evidence_set),
            evidence_set=load(self._store, record.evidence_set, EvidenceSet),
        )
        return tuple(self._reference(each.name, each.digest) for each in listed)

    def _reference(self, name: str, digest: Digest) -> DocumentReference:
        stored = self._store.locate(digest)
        return DocumentReference(
            name=name, digest=digest, size=stored.size, bucket=stored.bucket, key=stored.key,
            version_id=stored.version_id,
        )  # fmt: skip


def _envelope(store: Store, digest: Digest) -> Envelope:
    return dsse.parse(store.get(digest, limit=dsse.MAX_ENVELOPE_BYTES))


def _present(value: T | None) -> T:
    if value is None:
        raise DocumentMissing("the record names no such document")
    return value
