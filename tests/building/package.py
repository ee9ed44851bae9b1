"""One release from candidate to hand-off message, in memory, every document of it changeable on its way.

The real domain functions assemble it, so that what the tests verify is what the stages make.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from cutover.contracts.approval import Answers, Approval, ApprovalPredicate
from cutover.contracts.base import Digest, Model
from cutover.contracts.bundle import Bundle, Engine, LineageTrace
from cutover.contracts.candidate import CANDIDATE_TYPE, Candidate
from cutover.contracts.emergency import Emergency
from cutover.contracts.envelope import IN_TOTO_TYPE, Envelope, Subject, SubjectDigest
from cutover.contracts.evidence import Evidence, EvidenceSet
from cutover.contracts.handoff import HANDOFF_TYPE, DocumentReference, Handoff, LedgerPosition
from cutover.contracts.holds import ClearedRegister
from cutover.contracts.manifest import Destination, Manifest, ManifestPredicate
from cutover.contracts.policy import Facts, Rules
from cutover.domain import canonical, holds, lineage, waivers
from cutover.domain.assembling import EvidenceIndex, assemble
from cutover.domain.handoff_id import handoff_id
from cutover.domain.package import package_documents
from cutover.domain.waiving import Waiving
from tests.building import policy as at
from tests.building.keys import Key, seal, seal_bytes
from tests.building.policy import DEPLOYMENT, Deployment
from tests.building.records import Record, candidate_of, collection, release_records, waiver_record

M = TypeVar("M", bound=Model)
Alterations = Mapping[str, Callable[[Any], Any]]
"""By document name, what to do with its JSON value before it is encoded, stored and signed.

Names: trust, rules, facts, candidate, evidence-set, bundle, lineage, hold-register, manifest,
approval/1, approval/2, handoff. What comes after a changed document follows it where it can.
"""
ENGINE = Engine(version="0.1.0", lock="sha256:" + "e" * 64, tzdata="2026a")
CUTOVER, REVISION = "service@production.1", 1
EMERGENCY = Emergency(incident="INC-4711", reason="Every third order fails since noon.")
REQUESTERS = ("dana@ci", "dana@change")
"""Who asked for the release and for its change, whatever is altered afterwards."""


@dataclass(frozen=True)
class Package:
    """What a consumer holds: the message, the documents by object digest, the trust file; and their models."""

    message: bytes
    documents: dict[Digest, bytes]
    trust: bytes
    deployment: Deployment
    names: dict[str, Digest]
    candidate: Candidate
    evidence_set: EvidenceSet
    bundle: Bundle
    lineage: LineageTrace
    register: ClearedRegister
    rules: Rules
    facts: Facts
    manifest: Manifest
    manifest_digest: Digest
    approvals: tuple[Approval, ...]
    handoff: Handoff


def package(
    alter: Alterations | None = None,
    *,
    deployment: Deployment = DEPLOYMENT,
    signers: Mapping[str, Key] | None = None,
    approvers: tuple[str, ...] = ("erin", "omar"),
    emergency: Emergency | None = None,
) -> Package:
    """A whole package. ``alter`` changes documents before they are signed, ``signers`` who signs them.

    ``emergency``: of one, where the rules have a path for it.
    """
    if emergency is not None:
        deployment = dataclasses.replace(deployment, emergency=True)
    return _Builder(deployment, dict(alter or {}), dict(signers or {}), emergency).build(approvers)


@dataclass
class _Builder:
    deployment: Deployment
    alter: dict[str, Callable[[Any], Any]]
    signers: dict[str, Key]
    emergency: Emergency | None = None
    documents: dict[Digest, bytes] = field(default_factory=dict)

    def build(self, approvers: tuple[str, ...]) -> Package:
        rules_bytes, rules = self.write("rules", self.deployment.rules())
        facts_bytes, facts = self.write("facts", self.deployment.facts())
        rules_digest, facts_digest = canonical.digest(rules_bytes), canonical.digest(facts_bytes)
        trust_bytes, _ = self.write("trust", self.deployment.trust_bundle())
        records = release_records(self.deployment)
        waiver = waiver_record(self.deployment, self.undrilled(records))
        announced = candidate_of(self.deployment, records, waiver).model_copy(update={"emergency": self.emergency})
        candidate_bytes, candidate = self.write("candidate", announced)
        envelope = self.sealed("candidate", CANDIDATE_TYPE, candidate_bytes)
        evidence_set = self.collect(candidate_bytes, self.store(envelope), [*records.values(), waiver])
        set_bytes, evidence_set = self.write("evidence-set", evidence_set)
        set_digest = self.store(set_bytes)
        draft, register = self.assembled(candidate, evidence_set, set_digest, rules_digest, waiver)
        bundle_bytes, bundle = self.write("bundle", draft)
        lineage_bytes, traced = self.write("lineage", lineage.trace(bundle, canonical.digest(bundle_bytes)))
        register_bytes, register = self.write("hold-register", register)
        subjects = [self.store(each) for each in (bundle_bytes, lineage_bytes, register_bytes)]
        manifest_bytes, manifest = self.write(
            "manifest",
            self.manifest(
                subjects,
                rules,
                bundle,
                candidate=canonical.digest(candidate_bytes),
                evidence_set=set_digest,
                rules=rules_digest,
                facts=facts_digest,
            ),
        )
        sealed_manifest = self.seal("manifest", "bind", IN_TOTO_TYPE, manifest_bytes)
        digest = canonical.digest(manifest_bytes)
        written = [
            self.write(f"approval/{n}", self.approval(n, person, digest, manifest, register))
            for n, person in enumerate(approvers, 1)
        ]
        approvals = tuple(
            self.seal(f"approval/{n}", "decide", IN_TOTO_TYPE, content) for n, (content, _) in enumerate(written, 1)
        )
        listed = package_documents(
            bundle=subjects[0],
            lineage=subjects[1],
            hold_register=subjects[2],
            rules=self.store(self.deployment.sealed_rules(rules_bytes)),
            facts=[self.store(self.deployment.sealed_facts(facts_bytes))],
            candidate=canonical.digest(envelope),
            evidence_set_digest=set_digest,
            evidence_set=evidence_set,
        )
        names = {each.name: each.digest for each in listed}
        handoff_bytes, handoff = self.write(
            "handoff", self.handoff(manifest, digest, sealed_manifest, approvals, names)
        )
        return Package(
            message=self.sealed("handoff", HANDOFF_TYPE, handoff_bytes),
            documents=dict(self.documents),
            trust=self.deployment.trust_file(trust_bytes),
            deployment=self.deployment,
            names=names,
            candidate=candidate,
            evidence_set=evidence_set,
            bundle=bundle,
            lineage=traced,
            register=register,
            rules=rules,
            facts=facts,
            manifest=manifest,
            manifest_digest=digest,
            approvals=tuple(approval for _, approval in written),
            handoff=handoff,
        )

    def write(self, name: str, model: M) -> tuple[bytes, M]:
        """The document's bytes after its alteration, and what they say, if they are still such a document."""
        change = self.alter.get(name)
        content = canonical.encode_model(model)
        if change is None:
            return content, model
        content = canonical.encode(change(orjson.loads(content)))
        try:
            return content, type(model).model_validate_json(content)
        except ValidationError:
            return content, model

    def store(self, content: bytes) -> Digest:
        digest = canonical.digest(content)
        self.documents[digest] = content
        return digest

    def seal(self, name: str, purpose: str, payload_type: str, payload: bytes) -> Envelope:
        return seal(payload_type, payload, self.signers.get(name) or self.deployment.key(purpose))

    def sealed(self, name: str, payload_type: str, payload: bytes) -> bytes:
        return seal_bytes(payload_type, payload, self.signers.get(name) or self.deployment.key(name))

    def undrilled(self, records: dict[str, Record]) -> Digest:
        """The fingerprint of the hold that the waiver answers."""
        subject = canonical.digest(records["rollback"].content())
        return holds.fingerprint("rollback.drilled-at", "/rollback/steps/0/drilled_at", subject)

    def collect(self, candidate: bytes, envelope: Digest, records: list[Record]) -> EvidenceSet:
        collections = []
        for section in dict.fromkeys(record.section for record in records):
            found, contents = collection(section, *(record for record in records if record.section == section))
            collections.append(found)
            for content in contents:
                self.store(content)
        announced = Evidence(
            source="ci",
            record="candidate",
            version=self.store(candidate),
            fetched_at=at.RECEIVED_AT,
            media_type=CANDIDATE_TYPE,
            sha256=canonical.digest(candidate),
            size=len(candidate),
            unwraps=envelope,
        )
        return EvidenceSet(candidate=announced, as_of=at.AS_OF, collections=tuple(collections))

    def assembled(
        self, candidate: Candidate, evidence_set: EvidenceSet, set_digest: Digest, rules: Digest, waiver: Record
    ) -> tuple[Bundle, ClearedRegister]:
        waiving = Waiving.of(self.deployment.rules(), self.deployment.facts(), REQUESTERS, product="service")
        trusted = waivers.trusted([waiver.content()], waiving=waiving, at=at.AS_OF, until=at.CLOSES_AT)
        made = assemble(
            cutover=CUTOVER,
            revision=REVISION,
            candidate=candidate,
            index=EvidenceIndex(evidence_set, self.documents),
            evidence_set=set_digest,
            engine=ENGINE,
            rules=rules,
            owners={},
            waivers=trusted,
            rendering=self.deployment.rules().rendering,
            sources=self.deployment.facts().sources,
        )
        register = holds.register(
            cutover=CUTOVER,
            revision=REVISION,
            findings=made.findings,
            waivers=trusted,
            opened_at=at.AS_OF,
            expires_at=at.EXPIRES_AT,
        )
        cleared = holds.cleared(register)
        assert cleared is not None, [hold.field for hold in holds.open_holds(register)]
        return Bundle.model_validate_json(canonical.encode_model(made.bundle)), cleared

    def manifest(self, subjects: list[Digest], policy: Rules, bundle: Bundle, **digests: Digest) -> Manifest:
        deployment, emergency = self.deployment, bundle.release.emergency
        usual = policy.signers[deployment.target]
        names = ("bundle", "lineage", "hold-register")
        return Manifest(
            subject=tuple(
                Subject(name=name, digest=SubjectDigest(sha256=digest.removeprefix("sha256:")))
                for name, digest in zip(names, subjects, strict=True)
            ),
            predicate=ManifestPredicate(
                audience=deployment.audience,
                cutover=CUTOVER,
                revision=REVISION,
                destination=Destination(
                    target=deployment.target,
                    environment=deployment.target,
                    account="123456789012",
                    queue_arn=deployment.queue_arn,
                ),
                window=deployment.the_window(),
                signers=policy.emergency["service"].signers if emergency else usual,
                emergency=emergency.incident.value if emergency else None,
                **digests,
                contracts=("cutover/candidate/v1",),
                bound_at=at.BOUND_AT,
                valid_until=at.CLOSES_AT,
            ),
        )

    def approval(
        self, number: int, person: str, digest: Digest, manifest: Manifest, register: ClearedRegister
    ) -> Approval:
        hexadecimal = digest.removeprefix("sha256:")
        return Approval(
            subject=(Subject(name="manifest", digest=SubjectDigest(sha256=hexadecimal)),),
            predicate=ApprovalPredicate(
                audience=manifest.predicate.audience,
                cutover=manifest.predicate.cutover,
                revision=manifest.predicate.revision,
                decision="approve",
                role=at.ROLES[(number - 1) % len(at.ROLES)],
                person=person,
                channel="email",
                assurance="link",
                answers=Answers(
                    intent=True,
                    risk_class="moderate",
                    rollback_credible=True,
                    timing=True,
                    exceptions=tuple(hold.fingerprint for hold in register.holds),
                    destination=True,
                    emergency=True if manifest.predicate.emergency else None,
                ),
                reason="Orders fail until it is out." if manifest.predicate.emergency else None,
                decided_at=at.DECIDED_AT[(number - 1) % len(at.DECIDED_AT)],
                facts=manifest.predicate.facts,
                nonce=canonical.digest(f"nonce {number}".encode()),
            ),
        )

    def handoff(
        self,
        manifest: Manifest,
        digest: Digest,
        sealed: Envelope,
        approvals: tuple[Envelope, ...],
        names: dict[str, Digest],
    ) -> Handoff:
        bound = manifest.predicate
        return Handoff(
            audience=bound.audience,
            handoff_id=handoff_id(digest, bound.destination.queue_arn),
            cutover=bound.cutover,
            revision=bound.revision,
            queue_arn=bound.destination.queue_arn,
            manifest=sealed,
            approvals=approvals,
            documents=tuple(
                DocumentReference(
                    name=name,
                    digest=each,
                    size=len(self.documents[each]),
                    bucket="store",
                    key="sha256/" + each.removeprefix("sha256:"),
                    version_id="1",
                )
                for name, each in names.items()
            ),
            not_before=bound.window.opens_at,
            not_after=bound.valid_until,
            ledger=LedgerPosition(sequence=9, entry="sha256:" + "1" * 64),
        )
