"""Transitions 7, 10 and 15: held, bound, or declined. The decision is pure (``domain.binding``)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from cutover.contracts.base import Digest
from cutover.contracts.bundle import Bundle, DraftBundle, Sourced
from cutover.contracts.candidate import Candidate
from cutover.contracts.envelope import IN_TOTO_TYPE
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.handoff import Tombstone
from cutover.contracts.holds import Finding, Findings, HoldRegister
from cutover.contracts.manifest import Destination
from cutover.domain import binding, canonical, holds
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord, Slot, Status
from cutover.domain.waivers import TrustedWaiver, trusted
from cutover.domain.window import occurrence
from cutover.errors import Conflict, DocumentMissing
from cutover.policies import PolicyReader
from cutover.ports import Clock, ExceptionQueue, Store
from cutover.recorder import Recorder, Step
from cutover.sealing import Sealer
from cutover.stages.bind.exceptions import tell
from cutover.stages.flow import Reported
from cutover.stages.loading import MAX_EVIDENCE_BYTES, candidate_of, load


@dataclass(frozen=True, slots=True, kw_only=True)
class Binder:
    """Binds one revision, once."""

    audience: str
    destinations: Mapping[str, Destination]
    store: Store
    recorder: Recorder
    policies: PolicyReader
    exceptions: ExceptionQueue
    clock: Clock
    sealer: Callable[[], Sealer]

    def run(self, cutover: str, revision: int, reported: tuple[Reported, ...]) -> RevisionRecord:
        """The record as it stands afterwards. Held messages are sent again when a run was cut off after 7."""
        record = self.recorder.read(cutover, revision)
        if record.status is Status.VERIFYING:
            try:
                record = self._advance(record, reported)
            except Conflict as conflict:
                if "slot" not in conflict.parts:
                    raise
                # Another cutover claimed the slot between our reading and our commit: now we read that.
                record = self._advance(record, reported)
        if record.status is Status.HELD:
            tell(record, load(self.store, record.hold_register, HoldRegister), self.exceptions)
        return record

    def _advance(self, record: RevisionRecord, reported: tuple[Reported, ...]) -> RevisionRecord:
        step = self._decide(record, reported)
        return self.recorder.advance(
            record.cutover, record.revision, lambda current: step if current.status is Status.VERIFYING else None
        )

    def _decide(self, record: RevisionRecord, reported: tuple[Reported, ...]) -> Step:
        pinned = self.policies.pinned(record.rules, record.facts)
        now_active = self.policies.active()
        candidate = candidate_of(self.store, record)
        draft = load(self.store, record.bundle, DraftBundle)
        found = [
            *self._checked(record, reported, pinned),
            *self._structural(record, candidate, draft, now_active, pinned),
        ]
        register = self._register(record, found, self._waivers(record, pinned), pinned)
        window = occurrence(now_active.facts, record.target, record.window)
        valid_until = binding.validity(
            window, candidate_expires_at=candidate.expires_at, register=register, as_of=draft.as_of, rules=pinned.rules
        )
        if short := list(binding.too_short(valid_until, window, record.candidate)):
            register = self._register(record, [*found, *short], self._waivers(record, pinned), pinned)
        digest = self.store.put(canonical.encode_model(register))
        inputs = {"hold-register": digest, "bundle": canonical.digest_model(draft)}
        if holds.denied(register):
            return self._declined(record, register, digest, inputs)
        cleared = holds.cleared(register)
        if cleared is None:
            ends = min(record.expires_at, self.clock.now() + timedelta(seconds=pinned.rules.held_for))
            updates = {"hold_register": digest, "expires_at": ends, "reason": holds.open_holds(register)[0].code}
            return Step(7, record.requester, updates, inputs, result=holds.open_holds(register)[0].code)
        destination = self.destinations[record.target]
        statement = binding.Binding(
            record=record,
            audience=self.audience,
            destination=destination,
            window=window,
            rules=pinned.rules,
            facts=now_active.facts_digest,
            bundle=load(self.store, record.bundle, Bundle),
            lineage=_present(record.lineage),
            register=cleared,
            evidence_set=_present(record.evidence_set),
            bound_at=self.clock.now(),
            valid_until=valid_until,
        ).manifest()
        manifest = self.sealer().store(statement, IN_TOTO_TYPE, self.store)
        updates = {
            "hold_register": digest, "manifest": manifest, "bound_facts": now_active.facts_reference,
            "queue_arn": destination.queue_arn, "opens_at": window.opens_at, "closes_at": window.closes_at,
            "valid_until": valid_until, "expires_at": valid_until,
            "wake_at": window.opens_at + timedelta(seconds=pinned.rules.open_margin),
        }  # fmt: skip
        slot = Slot(
            queue_arn=destination.queue_arn, window=record.window, cutover=record.cutover, revision=record.revision
        )
        return Step(
            10, record.requester, updates, inputs | {"manifest": manifest.payload}, result="BOUND",
            facts=now_active.facts_digest, claim=slot,
        )  # fmt: skip

    def _checked(self, record: RevisionRecord, reported: tuple[Reported, ...], pinned: Policy) -> list[Finding]:
        reports = {each.family: self._report(each) for each in reported}
        gaps = load(self.store, record.gaps, Findings)
        found = list(gaps.findings)
        for report in reports.values():
            found.extend(report.findings if report else ())
        return [*found, *binding.unreported(reports, pinned.rules, record.candidate)]

    def _report(self, reported: Reported) -> Findings | None:
        return load(self.store, reported.findings, Findings) if reported.findings else None

    def _structural(
        self, record: RevisionRecord, candidate: Candidate, draft: DraftBundle, active: Policy, pinned: Policy
    ) -> list[Finding]:
        requesters = [candidate.requester]
        if isinstance(draft.change.requester, Sourced):
            requesters.append(draft.change.requester.value)
        signers = pinned.rules.signers[record.target]
        queue_arn = self.destinations[record.target].queue_arn
        owner = self.recorder.records.slot(queue_arn, record.window)
        return [
            *binding.people(signers, active.facts, requesters, record.candidate),
            *binding.slot_taken(owner, record, record.candidate),
        ]

    def _waivers(self, record: RevisionRecord, pinned: Policy) -> dict[Digest, TrustedWaiver]:
        evidence_set = load(self.store, record.evidence_set, EvidenceSet)
        envelopes = [
            self.store.get(each.sha256, limit=MAX_EVIDENCE_BYTES)
            for collection in evidence_set.collections
            for each in collection.evidence
            if collection.section == "waivers" and each.unwraps is None
        ]
        window = occurrence(pinned.facts, record.target, record.window)
        return trusted(envelopes, keys=pinned.facts.keys, at=evidence_set.as_of, until=window.closes_at)

    def _register(
        self, record: RevisionRecord, found: list[Finding], waivers: Mapping[Digest, TrustedWaiver], pinned: Policy
    ) -> HoldRegister:
        now = self.clock.now()
        return holds.register(
            cutover=record.cutover, revision=record.revision, findings=found, waivers=waivers, opened_at=now,
            expires_at=min(record.expires_at, now + timedelta(seconds=pinned.rules.held_for)),
        )  # fmt: skip

    def _declined(
        self, record: RevisionRecord, register: HoldRegister, digest: Digest, inputs: dict[str, Digest]
    ) -> Step:
        reason = holds.denied(register)[0].code
        self.store.put_tombstone(
            Tombstone(
                cutover=record.cutover, revision=record.revision, status=Status.DECLINED.value, reason=reason,
                at=self.clock.now(),
            )
        )  # fmt: skip
        return Step(15, record.requester, {"hold_register": digest, "reason": reason}, inputs, result=reason)


def _present(digest: Digest | None) -> Digest:
    if digest is None:
        raise DocumentMissing("the record names no such document")
    return digest
