"""Bringing together what Bind judges: what the present adds is recorded first; the rest are documents."""

from collections.abc import Mapping
from dataclasses import dataclass

from cutover.contracts.base import Digest
from cutover.contracts.bind_inputs import BindInputs, SlotOwner
from cutover.contracts.bundle import DraftBundle
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.holds import Findings
from cutover.contracts.manifest import Destination
from cutover.contracts.policy import Facts, Rules, SignedReference
from cutover.domain.binding import Case
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord, named
from cutover.domain.waivers import carried, envelopes_of
from cutover.domain.waiving import Waiving, asked
from cutover.domain.weighing import Weighed, weigh
from cutover.loading import MAX_EVIDENCE_BYTES, candidate_of, load
from cutover.policies import PolicyReader
from cutover.ports import Clock, Records, Store
from cutover.stages.flow import Reported


@dataclass(frozen=True, slots=True, kw_only=True)
class Gatherer:
    store: Store
    records: Records
    policies: PolicyReader
    destinations: Mapping[str, Destination]
    clock: Clock

    def inputs(self, record: RevisionRecord, reported: tuple[Reported, ...], active: Policy) -> BindInputs:
        """What the present adds to the revision's documents, ``active`` facts that were read just now among it.

        Nothing else may enter the decision: a replay has this document, and no present.
        """
        destination = self.destinations.get(record.target)
        owner = self.records.slot(destination.queue_arn, record.window) if destination else None
        return BindInputs(
            cutover=record.cutover,
            revision=record.revision,
            at=self.clock.now(),
            engine=load(self.store, record.bundle, DraftBundle).engine,
            facts=active.facts_reference,
            destination=destination,
            slot=SlotOwner(cutover=owner.cutover, revision=owner.revision) if owner else None,
            predecessor=self._predecessor(record),
            reports={each.family: each.findings for each in reported},
        )

    def _predecessor(self, record: RevisionRecord) -> SignedReference | None:
        """It stays what it is while this revision is the current one: only the end of one writes it."""
        lane = self.records.lane(record.product, record.target, rehearsal=record.rehearsal)
        return lane.approved if lane else None


def case_of(record: RevisionRecord, inputs: BindInputs, *, store: Store, policies: PolicyReader) -> Case:
    """The case of one revision, from documents alone."""
    rules, facts = policies.rules(record.rules), policies.facts(inputs.facts)
    draft = load(store, record.bundle, DraftBundle)
    return Case(
        record=record,
        rules=rules,
        facts=facts,
        candidate=candidate_of(store, record),
        draft=draft,
        gaps=load(store, record.gaps, Findings),
        reports={family: _report(store, findings) for family, findings in inputs.reports.items()},
        waivers=_waivers(record, rules, draft, (policies.facts(record.facts), facts), store),
        inputs=inputs,
    )


def _report(store: Store, findings: Digest | None) -> Findings | None:
    return load(store, findings, Findings) if findings else None


def _waivers(
    record: RevisionRecord, rules: Rules, draft: DraftBundle, facts: tuple[Facts, Facts], store: Store
) -> Weighed:
    """``facts``: those that were pinned, and today's."""
    evidence_set = load(store, record.evidence_set, EvidenceSet)
    then, now = (Waiving.of(rules, each, asked(draft), product=record.product) for each in facts)
    return weigh(
        evidence_set,
        {each: store.get(each, limit=MAX_EVIDENCE_BYTES) for each in envelopes_of(evidence_set)},
        references=(*candidate_of(store, record).waivers, *carried(record.waivers)),
        waiving=(then, now),
        until=named(record.closes_at, "window"),
    )
