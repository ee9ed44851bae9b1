"""The clock: whatever is due. It ends what is over, and repeats signals that the relay has not answered."""

from dataclasses import dataclass
from datetime import timedelta

from cutover.contracts.handoff import Tombstone
from cutover.domain import transitions
from cutover.domain.record import LIVE, Admission, RevisionRecord, Signal, Status
from cutover.errors import CutoverError
from cutover.ports import Clock, Records, Store
from cutover.recorder import Recorder, Step

BATCH = 200
REASONS = {
    Status.HELD: "HOLD_EXPIRED",
    Status.AWAITING_APPROVAL: "APPROVAL_EXPIRED",
    Status.APPROVED: "WINDOW_CLOSED",
    Status.AWAITING_WINDOW: "WINDOW_CLOSED",
}
"""Why a revision expired; any other status: ``CANDIDATE_EXPIRED``."""
LOOK_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Tick:
    """What one run of the clock did."""

    expired: int = 0
    repeated: int = 0
    rescheduled: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticking:
    records: Records
    store: Store
    recorder: Recorder
    clock: Clock

    def run(self) -> Tick:
        """One look at what is due, oldest first. What fails stays due, and does not stop the rest."""
        counted = {"expired": 0, "repeated": 0, "rescheduled": 0, "failed": 0}
        for due in self.records.due(self.clock.now(), limit=BATCH):
            try:
                counted[self._look(due)] += 1
            except CutoverError:
                counted["failed"] += 1
        return Tick(**counted)

    def _look(self, due: RevisionRecord | Admission) -> str:
        now = self.clock.now()
        if isinstance(due, Admission):
            return self._repeat(due, Signal.START)
        if due.status in LIVE and now >= due.expires_at:
            return self._expire(due)
        waits_for_window = due.status is Status.AWAITING_WINDOW and due.wake_at is not None and now >= due.wake_at
        if waits_for_window or due.signal is not None:
            return self._repeat(due, Signal.WAKE)
        again = transitions.due_at(due, now)
        overdue = again is not None and again <= now
        self.records.nudge(due, signal=None, due_at=now + LOOK_AGAIN if overdue else again)
        return "rescheduled"

    def _repeat(self, due: RevisionRecord | Admission, signal: Signal) -> str:
        """Writing the signal again puts it on the stream again."""
        self.records.nudge(due, signal=signal, due_at=self.clock.now() + transitions.REPAIR_AFTER)
        return "repeated"

    def _expire(self, due: RevisionRecord) -> str:
        """Transition 23; the tombstone stands in the store first."""
        reason = REASONS.get(due.status, "CANDIDATE_EXPIRED")
        self.store.put_tombstone(
            Tombstone(
                cutover=due.cutover, revision=due.revision, status=Status.EXPIRED.value, reason=reason,
                at=self.clock.now(),
            )
        )  # fmt: skip
        self.recorder.advance(due.cutover, due.revision, lambda current: self._over(current, reason))
        return "expired"

    def _over(self, record: RevisionRecord, reason: str) -> Step | None:
        if record.status not in LIVE or self.clock.now() < record.expires_at:
            return None
        return Step(23, "clock", {"reason": reason}, result=reason)
