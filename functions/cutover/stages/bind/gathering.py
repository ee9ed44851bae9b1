"""Bringing together what Bind judges: documents from the store, pinned rules, today's facts."""

from collections.abc import Mapping
from dataclasses import dataclass

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

    def gather(self, record: RevisionRecord, reported: tuple[Reported, ...], active: Policy) -> Case:
        """The case of one revision, under ``active`` facts read for it just now."""
        destination = self.destinations.get(record.target)
        rules, draft = self.policies.rules(record.rules), load(self.store, record.bundle, DraftBundle)
        return Case(
            record=record,
            rules=rules,
            facts=active.facts,
            candidate=candidate_of(self.store, record),
            draft=draft,
            gaps=load(self.store, record.gaps, Findings),
            reports={each.family: self._report(each) for each in reported},
            waivers=self._waivers(record, rules, draft, active.facts),
            deployed=destination is not None,
            environment=destination.environment if destination else None,
            slot_owner=self.records.slot(destination.queue_arn, record.window) if destination else None,
            now=self.clock.now(),
            predecessor=self._predecessor(record),
        )

    def _predecessor(self, record: RevisionRecord) -> SignedReference | None:
        """It stays what it is while this revision is the current one: only the end of one writes it."""
        lane = self.records.lane(record.product, record.target, rehearsal=record.rehearsal)
        return lane.approved if lane else None

    def _report(self, reported: Reported) -> Findings | None:
        return load(self.store, reported.findings, Findings) if reported.findings else None

    def _waivers(self, record: RevisionRecord, rules: Rules, draft: DraftBundle, today: Facts) -> Weighed:
        evidence_set = load(self.store, record.evidence_set, EvidenceSet)
        then, now = (
            Waiving.of(rules, facts, asked(draft), product=record.product)
            for facts in (self.policies.facts(record.facts), today)
        )
        return weigh(
            evidence_set,
            {each: self.store.get(each, limit=MAX_EVIDENCE_BYTES) for each in envelopes_of(evidence_set)},
            references=(*candidate_of(self.store, record).waivers, *carried(record.waivers)),
            waiving=(then, now),
            until=named(record.closes_at, "window"),
        )
