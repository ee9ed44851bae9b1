"""Transitions 7, 10, 15 and 26: held, bound, declined, or rehearsed. The decision is pure (``domain.deciding``)."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from cutover.contracts.bundle import Bundle
from cutover.contracts.envelope import IN_TOTO_TYPE
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.holds import ClearedRegister, HoldRegister
from cutover.domain import answering, binding, canonical
from cutover.domain.binding import Case
from cutover.domain.deciding import decide, manifest_of, tombstone
from cutover.domain.record import RevisionRecord, Slot, Status
from cutover.errors import Conflict
from cutover.exceptions import tell
from cutover.loading import candidate_of, load
from cutover.ports import ExceptionQueue, Store
from cutover.recorder import Recorder, Step
from cutover.sealing import Sealer
from cutover.stages.bind.gathering import Gatherer, case_of
from cutover.stages.flow import Reported


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
        gatherer, active = self.gatherer, self.gatherer.policies.active()
        inputs = gatherer.inputs(record, reported, active)
        step = self._step(case_of(record, inputs, store=self.store, policies=gatherer.policies))
        return self.recorder.advance(
            record.cutover, record.revision, lambda current: step if current.status is Status.VERIFYING else None
        )

    def _step(self, case: Case) -> Step:
        decided, record = decide(case), case.record
        inputs = {
            "bind-inputs": self.store.put(canonical.encode_model(case.inputs)),
            "hold-register": self.store.put(canonical.encode_model(decided.register)),
        }
        updates = {"hold_register": inputs["hold-register"]}
        step = Step(
            decided.event, record.requester, updates, inputs, result=decided.result, detail=decided.detail,
            facts=case.inputs.facts.payload,
        )  # fmt: skip
        if decided.cleared is not None:
            return self._bound(case, decided.cleared, step)
        if decided.event == "held":
            more = {"expires_at": binding.held_until(case), "probe_every": case.rules.probe_every}
            return replace(step, updates=updates | {"reason": decided.reason} | more)
        self.store.put_tombstone(tombstone(case, decided))
        return replace(step, updates=updates | {"reason": decided.reason})

    def _bound(self, case: Case, cleared: ClearedRegister, step: Step) -> Step:
        record, taken, window = case.record, case.inputs, case.window
        statement = manifest_of(case, cleared, load(self.store, record.bundle, Bundle), audience=self.audience)
        predicate = statement.predicate
        sealer = self.sealer()
        signers = case.waivers.signers({hold.resolution.waiver for hold in cleared.holds})
        manifest = sealer.store(statement, IN_TOTO_TYPE, self.store)
        slot = Slot(
            queue_arn=predicate.destination.queue_arn, window=record.window, cutover=record.cutover,
            revision=record.revision,
        )  # fmt: skip
        updates = {
            "manifest": manifest, "bound_facts": taken.facts, "queue_arn": slot.queue_arn,
            "opens_at": window.opens_at, "closes_at": window.closes_at,
            "valid_until": predicate.valid_until, "expires_at": predicate.valid_until,
            "relies_on": tuple(dict.fromkeys((*record.relies_on, *signers, sealer.key_id))),
            "predecessor": taken.predecessor,
            "after_action_within": case.after_action_within, "probe_every": case.rules.probe_every,
            "probe_by": window.opens_at - timedelta(seconds=case.rules.probe_before),
            "wake_at": window.opens_at + timedelta(seconds=case.rules.open_margin),
        }  # fmt: skip
        return replace(
            step, updates=step.updates | updates, inputs=step.inputs | {"manifest": manifest.payload}, claim=slot
        )
