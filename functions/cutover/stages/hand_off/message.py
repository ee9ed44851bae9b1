"""The one message of a cutover: built from the store, proved, then signed and stored once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from cutover.contracts.approval import Approval, ApprovalPredicate
from cutover.contracts.base import Digest
from cutover.contracts.bundle import Bundle
from cutover.contracts.envelope import Envelope
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.handoff import HANDOFF_TYPE, DocumentReference, Handoff, LedgerPosition
from cutover.contracts.manifest import Manifest
from cutover.contracts.policy import Facts
from cutover.domain import canonical, reliance
from cutover.domain import envelope as dsse
from cutover.domain.handoff_id import handoff_id
from cutover.domain.package import PackageDocument, package_documents, sections_of
from cutover.domain.policy import load_facts
from cutover.domain.quorum import requesters
from cutover.domain.record import ChainHead, RevisionRecord, named
from cutover.domain.unwrapping import SIGNED
from cutover.domain.verification import Anchor, verify_handoff
from cutover.errors import DocumentMissing, Refused
from cutover.loading import MAX_EVIDENCE_BYTES, load
from cutover.ports import Clock, Outbox, Store
from cutover.sealing import Sealer
from cutover.together import Together


@dataclass(frozen=True, slots=True)
class Approved:
    """What the signed documents of an approved revision say; the record only told where they lie."""

    manifest_digest: Digest
    manifest_envelope: Envelope
    manifest: Manifest
    approval_envelopes: tuple[Envelope, ...]
    requesters: tuple[str, ...]

    @property
    def handoff_id(self) -> Digest:
        return handoff_id(self.manifest_digest, self.manifest.predicate.destination.queue_arn)


def approved(record: RevisionRecord, store: Store) -> Approved:
    """The signed documents that the record names. Signatures are proved by ``prove``, with the whole message."""
    manifest_envelope = _envelope(store, named(record.manifest, "manifest").envelope)
    payload = dsse.decode_base64(manifest_envelope.payload)
    given = [decision for decision in record.decisions if decision.decision == "approve"]
    envelopes = tuple(_envelope(store, decision.envelope) for decision in given)
    manifest = Manifest.model_validate_json(payload)
    bundle = load(store, f"sha256:{manifest.subject[0].digest.sha256}", Bundle)
    return Approved(
        canonical.digest(payload),
        manifest_envelope,
        manifest,
        envelopes,
        requesters(bundle),
    )


@dataclass(frozen=True, slots=True)
class Message:
    """The proved envelope that every attempt sends, and what is in it."""

    handoff_id: Digest
    digest: Digest
    content: bytes = field(repr=False)
    approvals: list[ApprovalPredicate]
    facts: tuple[Facts, ...] = field(repr=False)
    """Every version of the facts that it was bound and approved under."""
    relies_on: tuple[Digest, ...]
    """Every key and identity that signed the message, its manifest and approvals, or a document of the package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageMaker:
    """Builds, proves and keeps the one envelope of a hand-off id."""

    store: Store
    outbox: Outbox
    sealer: Callable[[], Sealer]
    anchor: Anchor
    clock: Clock
    together: Together

    def first(self, record: RevisionRecord, found: Approved, head: ChainHead) -> Message:
        """A new envelope, in the store under its own digest: the record is to name it."""
        bound = found.manifest.predicate
        handoff = Handoff(
            audience=bound.audience,
            handoff_id=found.handoff_id,
            cutover=record.cutover,
            revision=record.revision,
            queue_arn=bound.destination.queue_arn,
            manifest=found.manifest_envelope,
            approvals=found.approval_envelopes,
            documents=self._documents(record),
            not_before=bound.window.opens_at,
            not_after=min(bound.window.closes_at, bound.valid_until),
            ledger=LedgerPosition(sequence=head.sequence, entry=named(head.entry, "entry of its chain")),
        )
        _, _, content = self.sealer().seal(handoff, HANDOFF_TYPE)
        message = self._prove(content, record, found)
        self.store.put(content)
        return message

    def again(self, record: RevisionRecord, found: Approved) -> Message:
        """The envelope that the record names since the first attempt."""
        try:
            content = self.store.get(named(record.handoff, "hand-off"), limit=dsse.MAX_ENVELOPE_BYTES)
        except DocumentMissing as error:
            raise Refused("ENVELOPE_DIFFERS", "the record names an envelope that nobody made") from error
        message = self._prove(content, record, found)
        if message.handoff_id != record.handoff_id:
            raise Refused("ENVELOPE_DIFFERS", "the record names an envelope of another hand-off")
        return message

    def keep(self, message: Message) -> None:
        """Under the hand-off's id, for good, and only once the record names it: whoever only tried to take the
        lease binds nobody to the approvals that counted then. ``Refused`` when another envelope stands there.
        """
        standing = self.outbox.put_handoff(message.handoff_id, message.content)
        if not canonical.same(canonical.digest(standing), message.digest):
            raise Refused("ENVELOPE_DIFFERS", "another envelope stands under this hand-off's id")

    def _prove(self, content: bytes, record: RevisionRecord, found: Approved) -> Message:
        """The same proof that any consumer can make, and that the message is this revision's and no other's."""
        now = self.clock.now()
        sealed = dsse.parse(content)
        handoff = Handoff.model_validate_json(dsse.decode_base64(sealed.payload))
        digests = list(dict.fromkeys(each.digest for each in handoff.documents))
        documents = dict(zip(digests, self.together(self._content, digests), strict=True))
        report = verify_handoff(
            content, trust=self.anchor, documents=documents, now=now, at=now,
            queue_arn=found.manifest.predicate.destination.queue_arn,
        )  # fmt: skip
        if not report.verified:
            raise Refused(report.code, f"the message does not prove itself: {report.detail}"[:1000])
        said = (handoff.cutover, handoff.revision, handoff.handoff_id, handoff.manifest)
        if said != (record.cutover, record.revision, found.handoff_id, found.manifest_envelope):
            raise Refused("MESSAGE_OF_ANOTHER_REVISION", "the message is not the one of this revision's manifest")
        facts = tuple(
            load_facts(dsse.parse(documents[each.digest]), self.anchor.root)[0]
            for each in handoff.documents
            if each.name.startswith("facts/")
        )
        return Message(
            handoff_id=handoff.handoff_id,
            digest=canonical.digest(content),
            content=content,
            approvals=[_approval(each).predicate for each in handoff.approvals],
            facts=facts,
            relies_on=reliance.keys(
                (),
                _signed(content, handoff, documents),
                tuple(key for each in facts for key in each.keys),
                tuple(identity for each in facts for identity in each.identities),
            ),
        )

    def _documents(self, record: RevisionRecord) -> tuple[DocumentReference, ...]:
        facts = [named(record.bound_facts, "facts").envelope, *(each.facts.envelope for each in record.decisions)]
        listed = package_documents(
            bundle=named(record.bundle, "bundle"),
            lineage=named(record.lineage, "lineage"),
            hold_register=named(record.hold_register, "hold register"),
            rules=record.rules.envelope,
            facts=facts,
            candidate=record.admission,
            evidence_set_digest=named(record.evidence_set, "evidence set"),
            evidence_set=load(self.store, record.evidence_set, EvidenceSet),
        )
        return tuple(self.together(self._reference, listed))

    def _content(self, digest: Digest) -> bytes:
        return self.store.get(digest, limit=MAX_EVIDENCE_BYTES)

    def _reference(self, listed: PackageDocument) -> DocumentReference:
        stored = self.store.locate(listed.digest)
        return DocumentReference(
            name=listed.name, digest=listed.digest, size=stored.size, bucket=stored.bucket, key=stored.key,
            version_id=stored.version_id,
        )  # fmt: skip


def _envelope(store: Store, digest: Digest) -> Envelope:
    return dsse.parse(store.get(digest, limit=dsse.MAX_ENVELOPE_BYTES))


def _approval(envelope: Envelope) -> Approval:
    return Approval.model_validate_json(dsse.decode_base64(envelope.payload))


def _signed(content: bytes, handoff: Handoff, documents: Mapping[Digest, bytes]) -> Iterator[bytes]:
    """Whatever somebody signed: the message, its manifest and approvals, and the signed evidence of the package."""
    yield content
    yield from (canonical.encode_model(each) for each in (handoff.manifest, *handoff.approvals))
    (listed,) = (each.digest for each in handoff.documents if each.name == "evidence-set")
    for section, each in sections_of(EvidenceSet.model_validate_json(documents[listed])):
        if section in SIGNED and each.unwraps is not None:
            yield documents[each.unwraps]
