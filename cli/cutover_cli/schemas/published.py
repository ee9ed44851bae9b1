"""Every published document, once: its name, its model, and in plain words what it is for."""

from dataclasses import dataclass

from cutover.contracts import (
    approval,
    bind_inputs,
    brake,
    bundle,
    candidate,
    delivery,
    emergency,
    envelope,
    event,
    evidence,
    handoff,
    holds,
    ledger,
    ledger_export,
    legacy,
    manifest,
    owner_message,
    passkeys,
    records,
    resolution,
    supersession,
    told,
)
from cutover.contracts import policy as policies
from cutover.contracts.base import Model


@dataclass(frozen=True, slots=True)
class Document:
    """``name`` and ``version`` name the schema and its file; ``says`` stands in the index.

    ``payload_type`` is the media type under which a document is signed, where it travels in a DSSE envelope.
    """

    name: str
    version: int
    model: type[Model]
    title: str
    says: str
    payload_type: str | None = None

    @property
    def id(self) -> str:
        """The schema's ``$id``: a URN, because Cutover owns no host that could answer for it."""
        return f"urn:cutover:schema:{self.name}:v{self.version}"

    @property
    def file(self) -> str:
        return f"{self.name}.v{self.version}.json"


def _v1(name: str, model: type[Model], title: str, says: str, payload_type: str | None = None) -> Document:
    return Document(name, 1, model, title, says, payload_type)


IN_TOTO = envelope.IN_TOTO_TYPE
GROUPS: dict[str, tuple[Document, ...]] = {
    "From CI": (
        _v1("candidate", candidate.Candidate, "Release candidate", "The signed request of a release.",
            candidate.CANDIDATE_TYPE),
        _v1("candidate-event", event.CandidateEvent, "Candidate event",
            "The `detail` of the event that announces a candidate: its envelope, or where that lies."),
        Document("candidate", 0, legacy.CandidateV0, "Release candidate before this contract",
            "Flat JSON, signed beside itself. It is translated, where the rules name its service."),
        Document("detached-candidate", 0, legacy.DetachedCandidate, "Announcement of a candidate before this contract",
            "The flat document's bytes with their signature, in the place of an envelope."),
        _v1("envelope", envelope.Envelope, "DSSE envelope", "A payload's bytes beside their signatures (DSSE v1.0.2)."),
    ),
    "Records of sources": (
        _v1("artifact-record", evidence.ArtifactRecord, "Artifact record",
            "What a registry says of one artifact. Collect writes it, from bytes that it has hashed itself."),
        _v1("change-record", records.ChangeRecord, "Change record", "The change with its declared scope."),
        _v1("rollout-plan", records.RolloutPlan, "Rollout plan", "The cohorts, each with environment and share."),
        _v1("flag-set", records.FlagSet, "Flag set", "The feature flags of the release, by reference."),
        _v1("rollback-plan", records.RollbackPlan, "Rollback plan", "The way back, step by step, with its drills."),
        _v1("environment-overlays", records.EnvironmentOverlays, "Environment overlays",
            "The settings that all environments share, and what each one has otherwise."),
        _v1("dependency-summary", evidence.DependencySummary, "Dependency summary",
            "What Cutover reads of a CycloneDX or SPDX manifest: made of its bytes, and made again to prove it."),
        _v1("waiver", records.Waiver, "Waiver", "A permission with an end that answers one hold.",
            records.WAIVER_TYPE),
    ),
    "Policy and trust": (
        _v1("root", policies.Root, "Root", "The two owners of the policy. Its digest is the root fingerprint."),
        _v1("rules", policies.Rules, "Rules", "Checks, severities, quorum, time limits. Pinned into a revision.",
            policies.RULES_TYPE),
        _v1("facts", policies.Facts, "Facts", "People, keys, calendars, sources. Read at every decision.",
            policies.FACTS_TYPE),
        _v1("trust", policies.TrustBundle, "Trust bundle", "The keys that a verifier needs, and no people.",
            policies.TRUST_TYPE),
        _v1("trust-file", policies.TrustFile, "Trust file", "A root and the trust bundle that its owners signed."),
    ),
    "Evidence": (
        _v1("evidence", evidence.Evidence, "Evidence", "Where some stored bytes came from."),
        _v1("collection", evidence.Collection, "Collection", "The recorded result of one Collect branch."),
        _v1("evidence-set", evidence.EvidenceSet, "Evidence set", "All results of one revision, and their one time."),
        _v1("bind-inputs", bind_inputs.BindInputs, "Bind's inputs",
            "What Bind took besides documents: its present, the active facts, the slot. A replay needs it."),
    ),
    "Package": (
        _v1("draft-bundle", bundle.DraftBundle, "Draft bundle",
            "What Assemble makes: every field has its source, or stands as a gap, waived or held."),
        _v1("bundle", bundle.Bundle, "Bundle",
            "What a manifest can bind: every field has its source, or the waiver that answers for it."),
        _v1("lineage", bundle.LineageTrace, "Lineage trace", "For every field: the evidence and the place inside it."),
        _v1("findings", holds.Findings, "Findings", "What one family of checks reports."),
        _v1("hold-register", holds.HoldRegister, "Hold register", "The holds of a revision, open ones included."),
        _v1("cleared-register", holds.ClearedRegister, "Cleared hold register",
            "The only register that a manifest can bind: each hold carries its resolution."),
        _v1("hold-message", holds.HoldMessage, "Hold message", "One message in the exceptions queue for each hold."),
        _v1("owner-message", owner_message.OwnerMessage, "Owner message",
            "In the exceptions queue as well: what the owner of a person or of a release has to mend."),
        _v1("manifest", manifest.Manifest, "Approval manifest",
            "Binds bundle, lineage and register to one queue and one window.", IN_TOTO),
    ),
    "Decision and hand-off": (
        _v1("approval", approval.Approval, "Approval", "One person's decision over one manifest digest.", IN_TOTO),
        _v1("handoff", handoff.Handoff, "Hand-off", "The one message that a deployment queue gets.",
            handoff.HANDOFF_TYPE),
        _v1("tombstone", handoff.Tombstone, "Tombstone", "Stands in the store where a revision ended otherwise."),
        _v1("receipt", handoff.Receipt, "Receipt", "The consumer's answer.", handoff.RECEIPT_TYPE),
        _v1("supersession", supersession.Supersession, "Supersession",
            "Why one revision followed another, and what differs, field by field."),
        _v1("notice", supersession.Notice, "Notice",
            "One entry of the ledger as a document of its own: an end that others must be able to prove.",
            supersession.NOTICE_TYPE),
        _v1("release-event", told.ReleaseEvent, "Release event",
            "The `detail` of the event that tells of one change. A hint: the ledger entry that it names is the proof."),
    ),
    "From people": (
        _v1("signed-event", event.SignedEvent, "Signed event",
            "The `detail` of the event that brings one of these, or a receipt: its envelope."),
        _v1("resolution", resolution.Resolution, "Resolution", "The answer to one open hold.",
            resolution.RESOLUTION_TYPE),
        _v1("withdrawal", handoff.Withdrawal, "Withdrawal", "Takes a release back.", handoff.WITHDRAWAL_TYPE),
        _v1("brake-order", brake.BrakeOrder, "Brake order", "Engages or releases the emergency brake.",
            brake.BRAKE_ORDER_TYPE),
        _v1("release-plan", brake.ReleasePlan, "Release plan",
            "What a release of the brake would free: the order names its digest."),
        _v1("delivery-order", delivery.DeliveryOrder, "Delivery order",
            "A test message to a deployment queue, or a hand-off's message once more.", delivery.DELIVERY_ORDER_TYPE),
        _v1("consent", passkeys.Consent, "Consent",
            "What a person decides: its digest is the challenge that their passkey signs."),
        _v1("invitation", passkeys.Invitation, "Invitation", "Lets one person register a passkey.",
            passkeys.INVITATION_TYPE),
        _v1("enrolment", passkeys.Enrolment, "Enrolment",
            "A passkey that was registered, and waits for both owners to sign it into the facts."),
        _v1("after-action", emergency.AfterAction, "After-action record", "What an emergency was, and what follows.",
            emergency.AFTER_ACTION_TYPE),
    ),
    "Ledger": (
        _v1("ledger-entry", ledger.LedgerEntry, "Ledger entry", "One transition: who, why, from what, to what."),
        _v1("ledger-head", ledger.LedgerHead, "Ledger head", "The newest entry of a chain, signed and locked away.",
            ledger.LEDGER_HEAD_TYPE),
        _v1("ledger-export", ledger_export.LedgerExport, "Ledger export",
            "All entries of one chain in one file, and the newest signed head that was kept of it."),
        _v1("cutover-export", ledger_export.CutoverExport, "Cutover export",
            "The index of a folder that holds everything about one cutover."),
    ),
}  # fmt: skip
DOCUMENTS: tuple[Document, ...] = tuple(document for group in GROUPS.values() for document in group)
