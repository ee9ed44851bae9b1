"""What is over: its time (23), a hand-off that nobody acknowledged (21), the trust in a key that it relies on (24)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cutover.contracts.base import Digest
from cutover.contracts.handoff import Tombstone
from cutover.contracts.manifest import Destination
from cutover.domain import reliance
from cutover.domain.policy import Policy
from cutover.domain.record import LIVE, RevisionRecord, Status
from cutover.errors import IntegrityError, Refused
from cutover.guards import Guards, check_again
from cutover.policies import PolicyReader
from cutover.ports import Clock, Store
from cutover.recorder import Recorder, Step

REASONS = {
    Status.HELD: "HOLD_EXPIRED",
    Status.AWAITING_APPROVAL: "APPROVAL_EXPIRED",
    Status.DEFERRED: "APPROVAL_EXPIRED",
    Status.APPROVED: "WINDOW_CLOSED",
    Status.AWAITING_WINDOW: "WINDOW_CLOSED",
}
"""Why a revision expired; any other status: ``CANDIDATE_EXPIRED``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    recorder: Recorder
    store: Store
    clock: Clock
    policies: PolicyReader
    destinations: Mapping[str, Destination]
    active: Callable[[], Policy]
    """The active policy, read once in a tick."""

    def end(self, due: RevisionRecord) -> str | None:
        """``expired``, ``withdrawn`` or ``uncertain``; None when nothing ends it."""
        now = self.clock.now()
        if due.status in LIVE and now >= due.expires_at:
            return self._take(due, self._expire)
        if due.status in LIVE and self._revoked(due):
            return self._take(due, self._withdraw)
        if due.status is Status.HANDING_OFF and due.lease_until is not None and now >= due.lease_until:
            return self._take(due, self._give_up)
        return None

    def _take(self, due: RevisionRecord, step: Callable[[RevisionRecord], Step | None]) -> str | None:
        """Take the step if it is still due on a fresh reading."""
        before = due.status
        after = self.recorder.advance(
            due.cutover, due.revision, lambda current: step(current) if current.status is before else None
        )
        return None if after.status is before else after.status.value

    def _expire(self, record: RevisionRecord) -> Step | None:
        """Transition 23. The tombstone stands before the record says so: from here on nothing is handed off."""
        if self.clock.now() < record.expires_at:
            return None
        reason = REASONS.get(record.status, "CANDIDATE_EXPIRED")
        self.store.put_tombstone(
            Tombstone(
                cutover=record.cutover, revision=record.revision, status=Status.EXPIRED.value, reason=reason,
                at=self.clock.now(),
            )
        )  # fmt: skip
        return Step("expired", "clock", {"reason": reason}, result=reason)

    def _revoked(self, record: RevisionRecord) -> tuple[Digest, ...]:
        """The keys that it relies on and that today's facts trust no more. Without a policy nobody can tell."""
        try:
            return reliance.revoked(record.relies_on, self.active().facts, self.clock.now())
        except Refused:
            return ()

    def _withdraw(self, record: RevisionRecord) -> Step | None:
        """Transition 24, in whatever status it lives. The tombstone stands first."""
        revoked = self._revoked(record)
        if not revoked:
            return None
        self.store.put_tombstone(
            Tombstone(
                cutover=record.cutover, revision=record.revision, status=Status.WITHDRAWN.value, reason="KEY_REVOKED",
                at=self.clock.now(),
            )
        )  # fmt: skip
        return Step(
            "withdrawn", "clock", {"reason": "KEY_REVOKED"}, result="KEY_REVOKED", detail=", ".join(revoked),
            facts=self.active().facts_digest,
        )  # fmt: skip

    def _give_up(self, record: RevisionRecord) -> Step | None:
        """Transition 21: no send was acknowledged, and the same envelope may not be sent again. Nothing is sent."""
        if record.lease_until is None or self.clock.now() < record.lease_until:
            return None
        guards = Guards(records=self.recorder.records, store=self.store, clock=self.clock)
        try:
            check_again(record, guards=guards, policies=self.policies, deployed=self.destinations.get(record.target))
        except Refused as refused:
            return _uncertain(record, f"{refused.code}: {refused.detail}")
        except IntegrityError as error:
            # What cannot be proved is not sent again, and a lane must not stay shut because of it.
            return _uncertain(record, f"PACKAGE_UNREADABLE: {type(error).__name__}")
        return None


def _uncertain(record: RevisionRecord, why: str) -> Step:
    return Step(
        "uncertain", "clock", {"reason": "SEND_UNCERTAIN"}, result="SEND_UNCERTAIN",
        detail=f"attempt {record.attempt} was not acknowledged; {why}",
    )  # fmt: skip
