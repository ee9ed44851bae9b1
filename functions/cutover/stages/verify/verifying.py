"""One family of checks over one revision's recorded inputs. The checks are pure (``domain.checks``)."""

from cutover.contracts.base import Digest
from cutover.contracts.bundle import DraftBundle, LineageTrace
from cutover.contracts.evidence import EvidenceSet
from cutover.domain import canonical, checks
from cutover.domain.checks.context import Context, StatementOpener
from cutover.domain.record import RevisionRecord
from cutover.domain.window import occurrence
from cutover.loading import candidate_of, evidence_documents, load
from cutover.policies import PolicyReader
from cutover.ports import Store

WALKS_EVIDENCE = frozenset({"lineage"})
"""Families that prove what was made of evidence by making it again."""


def verify(
    record: RevisionRecord, family: str, *, policies: PolicyReader, store: Store, statements: StatementOpener
) -> Digest:
    """The digest of the family's stored ``Findings``."""
    facts = policies.facts(record.facts)
    evidence_set = load(store, record.evidence_set, EvidenceSet)
    context = Context(
        candidate=candidate_of(store, record),
        bundle=load(store, record.bundle, DraftBundle),
        trace=load(store, record.lineage, LineageTrace),
        evidence_set=evidence_set,
        documents=evidence_documents(store, evidence_set, manifests=family in WALKS_EVIDENCE),
        rules=policies.rules(record.rules),
        facts=facts,
        window=occurrence(facts, record.target, record.window),
        statements=statements,
    )
    return store.put(canonical.encode_model(checks.run(family, context)))
