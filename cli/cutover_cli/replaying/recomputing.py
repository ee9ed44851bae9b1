"""Assemble, Verify and Bind once more, by the code of the stages."""

from dataclasses import dataclass, field

from cutover.attesting.opening import Opening
from cutover.contracts.base import Digest
from cutover.contracts.bind_inputs import BindInputs
from cutover.contracts.bundle import Bundle, Engine
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.handoff import Tombstone
from cutover.contracts.holds import Findings
from cutover.contracts.manifest import Manifest
from cutover.domain import canonical
from cutover.domain.deciding import Decided, decide, manifest_of, tombstone
from cutover.domain.record import RevisionRecord
from cutover.errors import Refused
from cutover.loading import candidate_of, load
from cutover.policies import PolicyReader
from cutover.stages.assemble.assembling import step_of
from cutover.stages.bind.gathering import case_of
from cutover.stages.verify.verifying import verify
from cutover_cli.replaying.reading_store import ReadingStore

MAX_BYTES = 64 * 1_048_576


@dataclass(kw_only=True)
class Recomputed:
    """``documents``: the canonical bytes of each by its name, such as ``bundle`` or ``findings/flags``.

    ``reports``: None for a family that did not report, then or now. ``decided`` is None where Bind is not made again.
    """

    documents: dict[str, bytes] = field(default_factory=dict)
    reports: dict[str, Findings | None] = field(default_factory=dict)
    gaps: Findings | None = None
    decided: Decided | None = None
    manifest: Manifest | None = None
    tombstone: Tombstone | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputing:
    """One revision (``record``, as it was before Assemble) under one policy. Writes to memory only."""

    record: RevisionRecord
    store: ReadingStore
    policies: PolicyReader
    engine: Engine

    def run(self, evidence_set: EvidenceSet, inputs: BindInputs | None) -> Recomputed:
        """Without ``inputs`` as far as Assemble. Raises ``IntegrityError`` where an input cannot be had."""
        made = Recomputed()
        step = step_of(self.record, evidence_set, store=self.store, policies=self.policies, engine=self.engine)
        record = self.record.model_copy(update=step.updates)
        for name in ("bundle", "lineage", "gaps"):
            made.documents[name] = self._made(step.inputs[name])
        made.gaps = Findings.model_validate_json(made.documents["gaps"])
        if inputs is not None:
            self._bind(made, record, inputs.model_copy(update={"reports": self._verify(made, record, inputs)}))
        return made

    def _verify(self, made: Recomputed, record: RevisionRecord, inputs: BindInputs) -> dict[str, Digest | None]:
        """Each family that reported then; that another did not report is what Bind was told, and is taken as it was."""
        statements = Opening(self.store.get)
        reports: dict[str, Digest | None] = dict.fromkeys(inputs.reports)
        for family in (name for name, findings in inputs.reports.items() if findings is not None):
            try:
                reports[family] = verify(
                    record, family, policies=self.policies, store=self.store, statements=statements
                )
            except Refused:
                continue  # as the branch of Verify that ends so: it does not report
        for family, findings in reports.items():
            made.reports[family] = None if findings is None else self._report(made, family, findings)
        return reports

    def _report(self, made: Recomputed, family: str, findings: Digest) -> Findings:
        made.documents[f"findings/{family}"] = self._made(findings)
        return Findings.model_validate_json(made.documents[f"findings/{family}"])

    def _bind(self, made: Recomputed, record: RevisionRecord, inputs: BindInputs) -> None:
        case = case_of(record, inputs, store=self.store, policies=self.policies)
        decided = made.decided = decide(case)
        made.documents["hold-register"] = canonical.encode_model(decided.register)
        if decided.cleared is not None:
            bundle, audience = load(self.store, record.bundle, Bundle), candidate_of(self.store, record).audience
            made.manifest = manifest_of(case, decided.cleared, bundle, audience=audience)
            made.documents["manifest"] = canonical.encode_model(made.manifest)
        elif decided.event != "held":
            made.tombstone = tombstone(case, decided)

    def _made(self, digest: Digest) -> bytes:
        return self.store.get(digest, limit=MAX_BYTES)
