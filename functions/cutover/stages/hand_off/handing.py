"""Transitions 18, 19 and 20: an outbox with a lease.

1. Prove everything again from signed documents, and read today's facts.
2. Write attempt, lease and the stored envelope's digest (18, or 19 for the same envelope again).
3. Read brake and tombstone once more, then send once.
4. Write that it was acknowledged (20).

Killed anywhere, the next attempt finds in the record how far this one came. A send whose answer was
lost leaves ``handing_off``: after the lease the same envelope goes again, under the same id.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from cutover.contracts.base import Digest
from cutover.contracts.manifest import Destination
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord, Status
from cutover.domain.verification import Anchor
from cutover.errors import AmbiguousCompletion, DependencyUnavailable, DocumentMissing, Refused
from cutover.policies import PolicyReader
from cutover.ports import Clock, DeploymentQueue, Store
from cutover.recorder import Recorder, Step
from cutover.sealing import Sealer
from cutover.stages.hand_off.guards import Guards
from cutover.stages.hand_off.message import MessageMaker, approved

LOOK_AGAIN = timedelta(minutes=5)
"""After a blocked attempt: the reason may go away, and the window's end is the clock's business."""
MAX_MESSAGE_BYTES = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """Hands one revision over, with one effect."""

    store: Store
    recorder: Recorder
    policies: PolicyReader
    destinations: Mapping[str, Destination]
    deployment: DeploymentQueue
    clock: Clock
    sealer: Callable[[], Sealer]

    def run(self, cutover: str, revision: int) -> RevisionRecord:
        """The record as it stands afterwards."""
        record = self.recorder.read(cutover, revision)
        if record.status is Status.HANDING_OFF and not self._lease_over(record):
            return record
        if record.status not in {Status.AWAITING_WINDOW, Status.HANDING_OFF}:
            return record
        try:
            leased = self.recorder.advance(cutover, revision, self._lease)
            if leased.status is not Status.HANDING_OFF or leased.attempt == record.attempt:
                return leased
            self.guards.stop(leased)
        except Refused as refused:
            return self._blocked(self.recorder.read(cutover, revision), refused)
        return self._send(leased)

    @property
    def guards(self) -> Guards:
        return Guards(records=self.recorder.records, store=self.store, clock=self.clock)

    def _lease_over(self, record: RevisionRecord) -> bool:
        return record.lease_until is not None and self.clock.now() >= record.lease_until

    def _lease(self, record: RevisionRecord) -> Step | None:
        """Transition 18 or 19, if every guard holds."""
        first = record.status is Status.AWAITING_WINDOW
        if not first and not (record.status is Status.HANDING_OFF and self._lease_over(record)):
            return None
        active = self.policies.active()
        rules = self.policies.rules(record.rules)
        found = approved(record, self.store)
        bound = found.manifest.predicate
        self.guards.stop(record)
        self.guards.timing(bound, facts=active.facts, rules=rules)
        self.guards.destination(record, bound, self.destinations.get(record.target))
        self.guards.people(bound, found.approvals, facts=active.facts, requesters=found.requesters)
        maker = self._maker(active)
        if first:
            head = self.recorder.records.chain(record.cutover)
            handoff_id, envelope = maker.make(record, found, head)
        else:
            handoff_id, envelope = _present(record.handoff_id), _present(record.handoff)
            maker.prove(self.store.get(envelope, limit=MAX_MESSAGE_BYTES), found)
        return Step(
            18 if first else 19,
            record.requester,
            {
                "attempt": record.attempt + 1,
                "lease_until": self.clock.now() + timedelta(seconds=rules.lease),
                "handoff_id": handoff_id,
                "handoff": envelope,
            },
            {"handoff": envelope, "manifest": found.manifest_digest},
            result="LEASED",
            facts=active.facts_digest,
        )

    def _maker(self, active: Policy) -> MessageMaker:
        anchor = Anchor.of_policy(self.policies.root, active.facts)
        return MessageMaker(store=self.store, sealer=self.sealer(), anchor=anchor, clock=self.clock)

    def _send(self, record: RevisionRecord) -> RevisionRecord:
        handoff_id = _present(record.handoff_id)
        body = self.store.get(_present(record.handoff), limit=MAX_MESSAGE_BYTES)
        try:
            message_id = self.deployment.send(
                record.target,
                body=body,
                group=record.cutover,
                deduplication_id=handoff_id.removeprefix("sha256:"),
            )
        except (AmbiguousCompletion, DependencyUnavailable) as error:
            return self.recorder.note(
                record, "send-unacknowledged", result="SEND_UNACKNOWLEDGED", detail=type(error).__name__
            )
        return self.recorder.advance(
            record.cutover, record.revision, lambda current: _acknowledged(current, record.attempt, message_id)
        )

    def _blocked(self, record: RevisionRecord, refused: Refused) -> RevisionRecord:
        """Nothing was sent. The status stays; the clock looks again, and ends it when its time is over.

        Who was woken before the window opens looks again when it does, not every few minutes until then.
        """
        now, again = self.clock.now(), {}
        if record.status is Status.AWAITING_WINDOW:
            again = {"wake_at": max(now + LOOK_AGAIN, record.wake_at or now)}
        return self.recorder.note(record, "hand-off-blocked", result=refused.code, detail=refused.detail[:400], **again)


def _acknowledged(record: RevisionRecord, attempt: int, message_id: str) -> Step | None:
    """Transition 20, by this attempt only."""
    if record.status is not Status.HANDING_OFF or record.attempt != attempt:
        return None
    return Step(
        20,
        record.requester,
        {"message_id": message_id, "lease_until": None},
        {"handoff": _present(record.handoff)},
        result="SENT",
        detail=f"attempt {attempt}",
    )


def _present(value: Digest | None) -> Digest:
    if value is None:
        raise DocumentMissing("the record names no such document")
    return value
