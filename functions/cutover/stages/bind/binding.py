"""Transitions 7, 10, 15 and 26: held, bound, declined, or rehearsed. The decision is pure (``domain.binding``)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from cutover.contracts.base import Digest
from cutover.contracts.bundle import Bundle
from cutover.contracts.envelope import IN_TOTO_TYPE
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.handoff import Tombstone
from cutover.contracts.holds import ClearedRegister, Hold, HoldRegister
from cutover.domain import answering, binding, canonical, holds
from cutover.domain.binding import Binding, Case
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord, Slot, Status, named
from cutover.errors import Conflict
from cutover.exceptions import tell
from cutover.loading import candidate_of, load
from cutover.ports import ExceptionQueue, Store
from cutover.recorder import Recorder, Step
from cutover.sealing import Sealer
from cutover.stages.bind.gathering import Gatherer
from cutover.stages.flow import Reported

REHEARSED = "REHEARSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binder:
    """Binds one revision, once."""

    audience: str
    store: Store
    recorder: Recorder
    gatherer: Gatherer
    exceptions: ExceptionQueue
    sealer: Callable[[], Sealer] = field(repr=False)

    def run(self, cutover: str, revision: int, reported: tuple[Reported, ...]) -> RevisionRecord:
        """The record as it stands afterwards. Messages of holds are sent again when a run was cut off."""
        record = self.recorder.read(cutover, revision)
        if record.status is Status.VERIFYING:
            try:
                record = self._advance(record, reported)
            except Conflict as conflict:
                if "slot" not in conflict.parts:
                    raise
                # Another cutover claimed the slot between our reading and our commit: now we read that.
                record = self._advance(record, reported)
        if record.status in {Status.HELD, Status.DECLINED}:
            self._tell(record)
        return record

    def _tell(self, record: RevisionRecord) -> None:
        """One message for each open hold, with what can answer it."""
        candidate, rules = candidate_of(self.store, record), self.gatherer.policies.rules(record.rules)
        evidence_set = load(self.store, record.evidence_set, EvidenceSet)
        tell(
            record, load(self.store, record.hold_register, HoldRegister), self.exceptions,
            lambda hold: answering.how(hold, candidate, evidence_set, rules=rules, audience=self.audience),
        )  # fmt: skip

    def _advance(self, record: RevisionRecord, reported: tuple[Reported, ...]) -> RevisionRecord:
        active = self.gatherer.policies.active()
        step = self._step(self.gatherer.gather(record, reported, active), active)
        return self.recorder.advance(
            record.cutover, record.revision, lambda current: step if current.status is Status.VERIFYING else None
        )

    def _step(self, case: Case, active: Policy) -> Step:
        register = binding.register_of(case)
        inputs = {"hold-register": self.store.put(canonical.encode_model(register))}
        if case.record.rehearsal:
            return self._rehearsed(case, register, inputs)
        if denied := holds.denied(register):
            return self._declined(case, denied[0], inputs)
        cleared = holds.cleared(register)
        if cleared is None:
            return self._held(case, holds.open_holds(register)[0], inputs)
        return self._bound(case, cleared, active, inputs)

    def _held(self, case: Case, first: Hold, inputs: dict[str, Digest]) -> Step:
        updates = {
            "hold_register": inputs["hold-register"], "expires_at": binding.held_until(case), "reason": first.code,
            "probe_every": case.rules.probe_every,
        }  # fmt: skip
        return Step("held", case.record.requester, updates, inputs, result=first.code)

    def _rehearsed(self, case: Case, register: HoldRegister, inputs: dict[str, Digest]) -> Step:
        """The register with whatever is open is all that comes of it: no manifest, no slot, no message to anybody."""
        found = holds.open_holds(register)
        self._put_tombstone(case, Status.REHEARSED, REHEARSED)
        updates = {"hold_register": inputs["hold-register"], "reason": found[0].code if found else None}
        detail = f"{len(found)} holds are open" if found else "nothing would have held it"
        return Step("rehearsed", case.record.requester, updates, inputs, result=REHEARSED, detail=detail)

    def _put_tombstone(self, case: Case, status: Status, reason: str) -> None:
        record = case.record
        self.store.put_tombstone(
            Tombstone(cutover=record.cutover, revision=record.revision, status=status.value, reason=reason, at=case.now)
        )

    def _declined(self, case: Case, denied: Hold, inputs: dict[str, Digest]) -> Step:
        record = case.record
        self._put_tombstone(case, Status.DECLINED, denied.code)
        updates = {"hold_register": inputs["hold-register"], "reason": denied.code}
        return Step("declined", record.requester, updates, inputs, result=denied.code)

    def _bound(self, case: Case, cleared: ClearedRegister, active: Policy, inputs: dict[str, Digest]) -> Step:
        record, window = case.record, case.window
        destination = self.gatherer.destinations[record.target]
        valid_until = binding.valid_until(case, cleared)
        statement = Binding(
            record=record, audience=self.audience, destination=destination, window=window, rules=case.rules,
            signers=case.signers, facts=active.facts_digest, bundle=load(self.store, record.bundle, Bundle),
            lineage=named(record.lineage, "lineage"), register=cleared,
            evidence_set=named(record.evidence_set, "evidence set"), bound_at=case.now, valid_until=valid_until,
            predecessor=case.predecessor.payload if case.predecessor else None,
        ).manifest()  # fmt: skip
        sealer = self.sealer()
        signers = case.waivers.signers({hold.resolution.waiver for hold in cleared.holds})
        manifest = sealer.store(statement, IN_TOTO_TYPE, self.store)
        slot = Slot(
            queue_arn=destination.queue_arn, window=record.window, cutover=record.cutover, revision=record.revision
        )
        updates = {
            "hold_register": inputs["hold-register"], "manifest": manifest, "bound_facts": active.facts_reference,
            "queue_arn": destination.queue_arn, "opens_at": window.opens_at, "closes_at": window.closes_at,
            "valid_until": valid_until, "expires_at": valid_until,
            "relies_on": tuple(dict.fromkeys((*record.relies_on, *signers, sealer.key_id))),
            "predecessor": case.predecessor,
            "after_action_within": case.after_action_within, "probe_every": case.rules.probe_every,
            "probe_by": window.opens_at - timedelta(seconds=case.rules.probe_before),
            "wake_at": window.opens_at + timedelta(seconds=case.rules.open_margin),
        }  # fmt: skip
        return Step(
            "bound", record.requester, updates, inputs | {"manifest": manifest.payload}, result="BOUND",
            facts=active.facts_digest, claim=slot,
        )  # fmt: skip
