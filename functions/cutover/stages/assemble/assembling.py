"""Transition 6: pin the evidence, then make a bundle of it. The making is pure (``domain.assembling``)."""

from datetime import datetime
from typing import get_args

from cutover.contracts.base import Digest
from cutover.contracts.bundle import Engine
from cutover.contracts.evidence import Collection, Evidence, EvidenceSet, Section, SourceFailure
from cutover.contracts.holds import Findings
from cutover.domain import canonical, lineage, reliance
from cutover.domain.assembling import EvidenceIndex, assemble, requesters
from cutover.domain.package import sections_of
from cutover.domain.record import RevisionRecord, Status, named
from cutover.domain.unwrapping import SIGNED
from cutover.domain.waivers import RESOLUTIONS, carried, envelopes_of, trusted
from cutover.domain.waiving import Waiving
from cutover.loading import candidate_of, evidence_documents, load
from cutover.policies import PolicyReader
from cutover.ports import Clock, Store
from cutover.recorder import Recorder, Step
from cutover.stages.flow import Collected

SECTIONS: tuple[Section, ...] = tuple(section for section in get_args(Section) if section != "candidate")
ASSEMBLY = "assembly"
"""The family of findings that Assemble itself leaves: one for each gap."""


class Assembler:
    """Makes a revision's bundle."""

    def __init__(
        self, *, store: Store, recorder: Recorder, policies: PolicyReader, clock: Clock, engine: Engine
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._policies = policies
        self._clock = clock
        self._engine = engine

    def run(self, cutover: str, revision: int, collected: tuple[Collected, ...]) -> RevisionRecord:
        """The record as it stands afterwards. The first complete set of evidence wins."""
        record = self._recorder.read(cutover, revision)
        if record.status is not Status.COLLECTING:
            return record
        evidence_set = self._evidence_set(record, collected, self._clock.now())
        step = step_of(record, evidence_set, store=self._store, policies=self._policies, engine=self._engine)
        return self._recorder.advance(
            cutover, revision, lambda current: step if current.status is Status.COLLECTING else None
        )

    def _evidence_set(self, record: RevisionRecord, collected: tuple[Collected, ...], as_of: datetime) -> EvidenceSet:
        results = {each.section: each.result for each in collected}
        content = self._store.get(record.candidate, limit=2**21)
        candidate = Evidence(
            source="candidate", record=record.admission, version="v1", fetched_at=record.admitted_at,
            media_type="application/vnd.cutover.candidate.v1+json", sha256=record.candidate, size=len(content),
            unwraps=record.admission,
        )  # fmt: skip
        collections = tuple(
            load(self._store, result, Collection) if (result := results.get(section)) else _failed(section)
            for section in SECTIONS
        )
        return EvidenceSet(candidate=candidate, as_of=as_of, collections=collections)


def step_of(
    record: RevisionRecord, evidence_set: EvidenceSet, *, store: Store, policies: PolicyReader, engine: Engine
) -> Step:
    """What comes of recorded evidence: the documents are stored, the row is returned. There is no present in it."""
    rules, facts = policies.rules(record.rules), policies.facts(record.facts)
    set_digest = store.put(canonical.encode_model(evidence_set))
    documents = evidence_documents(store, evidence_set)
    waiver_envelopes = [documents[digest] for digest in envelopes_of(evidence_set)]
    candidate, index = candidate_of(store, record), EvidenceIndex(evidence_set, documents)
    waiving = Waiving.of(rules, facts, requesters(candidate, index, facts.sources), product=candidate.product)
    assembled = assemble(
        cutover=record.cutover,
        revision=record.revision,
        candidate=candidate,
        index=index,
        evidence_set=set_digest,
        engine=engine,
        rules=record.rules.payload,
        owners=rules.families,
        waivers=trusted(
            waiver_envelopes, waiving=waiving, at=evidence_set.as_of, until=named(record.closes_at, "window")
        ),
        rendering=rules.rendering,
        sources=facts.sources,
        carried=carried(record.waivers),
    )
    bundle = store.put(canonical.encode_model(assembled.bundle))
    trace = store.put(canonical.encode_model(lineage.trace(assembled.bundle, bundle)))
    found = Findings(
        cutover=record.cutover,
        revision=record.revision,
        family=ASSEMBLY,
        rules=tuple(sorted({finding.rule for finding in assembled.findings})),
        findings=assembled.findings,
    )
    gaps = store.put(canonical.encode_model(found))
    envelopes = _envelopes(evidence_set, documents)
    updates = {
        "as_of": evidence_set.as_of, "evidence_set": set_digest, "bundle": bundle, "lineage": trace, "gaps": gaps,
        "relies_on": reliance.keys(record.relies_on, envelopes, facts.keys, facts.identities),
    }  # fmt: skip
    inputs = {"evidence-set": set_digest, "bundle": bundle, "lineage": trace, "gaps": gaps}
    return Step("assembled", requester=record.requester, updates=updates, inputs=inputs, result="ASSEMBLED")


def _envelopes(evidence_set: EvidenceSet, documents: dict[Digest, bytes]) -> list[bytes]:
    """The signed documents among the evidence that the revision rests on.

    Of the waivers that resolutions brought it rests on those that answer a hold, and these Bind knows.
    """
    return [
        documents[each.unwraps]
        for section, each in sections_of(evidence_set)
        if section in SIGNED and each.unwraps is not None and each.source != RESOLUTIONS
    ]


def _failed(section: Section) -> Collection:
    """A branch that reported nothing is a recorded failure of its whole section."""
    failure = SourceFailure(
        source="cutover", record=section, version="v1", code="COLLECT_FAILED",
        message="the function that collects it failed, again and again; its log says why",
    )  # fmt: skip
    return Collection(section=section, failures=(failure,))
