"""A release gone through in this process: admitted, collected, assembled, verified and judged, and written nowhere.

What is done is done by the code of the functions. Only what would be told to others is left out: no revision is opened,
nobody is asked, no slot is claimed, nothing is signed that could be used.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.bind_inputs import BindInputs, SlotOwner
from cutover.contracts.candidate import CANDIDATE_TYPE, Candidate
from cutover.contracts.evidence import Collection as Collected
from cutover.contracts.evidence import Evidence, EvidenceSet, Section
from cutover.contracts.holds import Findings, HoldRegister
from cutover.contracts.manifest import Destination
from cutover.contracts.policy import Facts, Rules, SignedReference
from cutover.domain import binding, canonical, checks, lineage, naming
from cutover.domain.admission import Examined, compare, examine
from cutover.domain.assembling import Assembled, EvidenceIndex, assemble, requesters
from cutover.domain.binding import Case
from cutover.domain.checks.context import Context, StatementOpener
from cutover.domain.opening import first_of
from cutover.domain.policy import Policy
from cutover.domain.record import Admission, Lane, RevisionRecord, Slot, Status
from cutover.domain.waivers import envelopes_of, trusted
from cutover.domain.waiving import Waiving, asked
from cutover.domain.weighing import Weighed, weigh
from cutover.loading import MAX_EVIDENCE_BYTES, evidence_documents
from cutover.ports import Clock, Sources, Store
from cutover.stages.assemble.assembling import ASSEMBLY, SECTIONS
from cutover.stages.collect.collecting import Collecting
from cutover.stages.verify.verifying import WALKS_EVIDENCE
from cutover_cli.engine import unlocked_engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a release is checked against. ``lane`` and ``slot`` tell what a deployment knows, where one is asked."""

    rules: Rules
    facts: Facts
    targets: Collection[str]
    sources: Sources
    clock: Clock
    store: Store
    """Nothing is kept in it that outlives this process."""
    statements: StatementOpener
    lane: Callable[[Candidate], Lane | None] = lambda _candidate: None
    """Which release of this product at this target is current."""
    slot: Callable[[RevisionRecord], Slot | None] = lambda _record: None
    """Who would be in its way in the window."""
    deployed: bool = False
    """Whether these two were asked of a deployment."""
    say: Callable[[str], None] = lambda _doing: None


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of it."""

    candidate: Candidate
    record: RevisionRecord
    evidence_set: EvidenceSet
    register: HoldRegister
    case: Case

    @property
    def blocked(self) -> bool:
        """Whether anything in the register is unanswered."""
        return any(hold.resolution is None for hold in self.register.holds)

    @property
    def valid_until(self) -> datetime:
        return binding.valid_until(self.case, self.register)


def check(envelope: bytes, around: Surroundings) -> Checked:
    """Goes through it from its announcement to the decision of Bind.

    Raises ``NotAdmitted`` where Admit would refuse it. What fails on the way is a hold, as it would be.
    """
    now = around.clock.now()
    policy = Policy(around.rules, around.facts, _reference(around.rules), _reference(around.facts))
    examined = examine(
        envelope, policy=policy, audience=around.rules.audience, targets=around.targets, received_at=now, now=now
    )
    lane = around.lane(examined.candidate)
    compare(examined.candidate, lane)
    record = _record(examined, around.store.put(envelope), policy, lane, now)
    around.store.put(examined.payload)
    evidence_set = _collected(record, examined, around, now)
    record, assembled = _assembled(record, examined.candidate, evidence_set, around)
    reports = {family: _verified(family, examined, assembled, evidence_set, around) for family in checks.FAMILIES}
    case = Case(
        record=record, rules=around.rules, facts=around.facts, candidate=examined.candidate, draft=assembled.bundle,
        gaps=_gaps(record, assembled), reports=reports,
        inputs=_inputs(record, examined.candidate, reports, around, now),
        waivers=_weighed(record, examined.candidate, assembled, evidence_set, around),
    )  # fmt: skip
    return Checked(examined.candidate, record, evidence_set, binding.register_of(case), case)


def _reference(part: Rules | Facts) -> SignedReference:
    digest = canonical.digest_model(part)
    return SignedReference(payload=digest, envelope=digest)


def _record(examined: Examined, admission: str, policy: Policy, lane: Lane | None, now: datetime) -> RevisionRecord:
    """The revision as Admit would open it: under a number that none has yet."""
    announced = Admission(digest=admission, status=Status.ADMITTING, received_at=now, correlation_id="check")
    candidate, number = examined.candidate, lane.number + 1 if lane else 1
    return first_of(
        candidate, revision=1, admission=announced, payload=canonical.digest(examined.payload), window=examined.window,
        cutover=naming.cutover_id(candidate.product, candidate.target, number, rehearsal=candidate.rehearsal),
        policy=policy, signed_by=examined.keys, now=now,
    )  # fmt: skip


def _inputs(
    record: RevisionRecord, candidate: Candidate, reports: Mapping[str, Findings], around: Surroundings, now: datetime
) -> BindInputs:
    """What Bind would take. Where the target's queue leads is not known here: to where the candidate says."""
    _, _, account, region, _ = candidate.audience.split(":")
    named = Destination(
        target=record.target, environment=candidate.environments[0], account=account,
        queue_arn=f"arn:aws:sqs:{region}:{account}:{record.target}.fifo",
    )  # fmt: skip
    owner = around.slot(record)
    return BindInputs(
        cutover=record.cutover, revision=record.revision, at=now, engine=unlocked_engine(), facts=record.facts,
        destination=named if record.target in around.targets else None,
        slot=SlotOwner(cutover=owner.cutover, revision=owner.revision) if owner else None, predecessor=None,
        reports={family: canonical.digest_model(each) for family, each in reports.items()},
    )  # fmt: skip


def _collected(record: RevisionRecord, examined: Examined, around: Surroundings, now: datetime) -> EvidenceSet:
    """Every section; a source that fails is not asked again: whoever waits can."""
    announced = Evidence(
        source="candidate", record=record.admission, version="v1", fetched_at=now, media_type=CANDIDATE_TYPE,
        sha256=record.candidate, size=len(examined.payload), unwraps=record.admission,
    )  # fmt: skip
    return EvidenceSet(
        candidate=announced, as_of=now, collections=tuple(_section(each, examined, around) for each in SECTIONS)
    )


def _section(section: Section, examined: Examined, around: Surroundings) -> Collected:
    around.say(f"collecting {section}")
    return Collecting(
        section=section,
        rules=around.rules,
        facts=around.facts,
        sources=around.sources,
        store=around.store,
        clock=around.clock,
    ).collect(examined.candidate, patient=False)


def _assembled(
    record: RevisionRecord, candidate: Candidate, evidence_set: EvidenceSet, around: Surroundings
) -> tuple[RevisionRecord, Assembled]:
    around.say("assembling")
    rules, facts = around.rules, around.facts
    documents = evidence_documents(around.store, evidence_set)
    index = EvidenceIndex(evidence_set, documents)
    waiving = Waiving.of(rules, facts, requesters(candidate, index, facts.sources), product=candidate.product)
    waivers = [documents[digest] for digest in envelopes_of(evidence_set)]
    assembled = assemble(
        cutover=record.cutover, revision=record.revision, candidate=candidate, index=index,
        evidence_set=canonical.digest_model(evidence_set), engine=unlocked_engine(), rules=record.rules.payload,
        owners=rules.families, rendering=rules.rendering, sources=facts.sources,
        waivers=trusted(waivers, waiving=waiving, at=evidence_set.as_of, until=_closes_at(record)),
    )  # fmt: skip
    return record.model_copy(update={"status": Status.VERIFYING, "as_of": evidence_set.as_of}), assembled


def _gaps(record: RevisionRecord, assembled: Assembled) -> Findings:
    return Findings(
        cutover=record.cutover, revision=record.revision, family=ASSEMBLY, findings=assembled.findings,
        rules=tuple(sorted({finding.rule for finding in assembled.findings})),
    )  # fmt: skip


def _verified(
    family: str, examined: Examined, assembled: Assembled, evidence_set: EvidenceSet, around: Surroundings
) -> Findings:
    """One branch of Verify. Only some families read whole dependency manifests."""
    around.say(f"verifying {family}")
    context = Context(
        candidate=examined.candidate, bundle=assembled.bundle,
        trace=lineage.trace(assembled.bundle, canonical.digest_model(assembled.bundle)), evidence_set=evidence_set,
        documents=evidence_documents(around.store, evidence_set, manifests=family in WALKS_EVIDENCE),
        rules=around.rules, facts=around.facts, window=examined.window, statements=around.statements,
    )  # fmt: skip
    return checks.run(family, context)


def _weighed(
    record: RevisionRecord, candidate: Candidate, assembled: Assembled, evidence_set: EvidenceSet, around: Surroundings
) -> Weighed:
    waiving = Waiving.of(around.rules, around.facts, asked(assembled.bundle), product=candidate.product)
    return weigh(
        evidence_set,
        {each: around.store.get(each, limit=MAX_EVIDENCE_BYTES) for each in envelopes_of(evidence_set)},
        references=candidate.waivers, waiving=(waiving, waiving), until=_closes_at(record),
    )  # fmt: skip


def _closes_at(record: RevisionRecord) -> datetime:
    if record.closes_at is None:
        raise AssertionError("a revision is opened with its window")
    return record.closes_at
