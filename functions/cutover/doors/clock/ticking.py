"""The clock: whatever is due. It ends what is over, and repeats signals that the relay has not answered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from cutover.contracts.handoff import Tombstone
from cutover.domain import schedule
from cutover.domain.record import LIVE, Admission, RevisionRecord, Signal, Status
from cutover.errors import IntegrityError
from cutover.ports import Clock, Due, Records, Store, Unreadable
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


Report = Callable[[str, Exception], None]
"""Told what could not be looked after, by its name, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticking:
    records: Records
    store: Store
    recorder: Recorder
    clock: Clock
    report: Report

    def run(self) -> Tick:
        """One look at what is due, oldest first. What fails stays due, and does not stop the rest."""
        counted = {"expired": 0, "repeated": 0, "rescheduled": 0, "failed": 0}
        for due in self.records.due(self.clock.now(), limit=BATCH):
            try:
                counted[self._look(due)] += 1
            except Exception as error:  # noqa: BLE001 - one that cannot be looked after must not hold up the others
                counted["failed"] += 1
                self.report(_name(due), error)
        return Tick(**counted)

    def _look(self, due: Due) -> str:
        now = self.clock.now()
        if isinstance(due, Unreadable):
            raise IntegrityError(f"{due.key} cannot be read")
        if isinstance(due, Admission):
            return self._start(due)
        if due.status in LIVE and now >= due.expires_at:
            return self._end(due, self._expire)
        if due.status is Status.HANDING_OFF and now >= due.expires_at and now >= (due.lease_until or now):
            return self._end(due, _give_up)
        waits_for_window = due.status is Status.AWAITING_WINDOW and due.wake_at is not None and now >= due.wake_at
        if waits_for_window or due.signal is not None:
            return self._repeat(due, Signal.WAKE)
        again = schedule.due_at(due, now)
        overdue = again is not None and again <= now
        self.records.nudge(due, signal=None, due_at=now + LOOK_AGAIN if overdue else again)
        return "rescheduled"

    def _start(self, due: Admission) -> str:
        """A start that the relay has not heard is repeated; one that it has heard came to nothing in its time."""
        if due.signal is not None:
            return self._repeat(due, Signal.START)
        self.recorder.readmit(due)
        return "repeated"

    def _repeat(self, due: RevisionRecord | Admission, signal: Signal) -> str:
        """Writing the signal again puts it on the stream again."""
        self.records.nudge(due, signal=signal, due_at=self.clock.now() + schedule.REPAIR_AFTER)
        return "repeated"

    def _end(self, due: RevisionRecord, step: Callable[[RevisionRecord], Step]) -> str:
        """Take the step if it is still due on a fresh reading."""

        def decide(current: RevisionRecord) -> Step | None:
            over = current.status is due.status and self.clock.now() >= current.expires_at
            return step(current) if over else None

        self.recorder.advance(due.cutover, due.revision, decide)
        return "expired"

    def _expire(self, record: RevisionRecord) -> Step:
        """Transition 23. The tombstone stands before the record says so: from here on nothing is handed off."""
        reason = REASONS.get(record.status, "CANDIDATE_EXPIRED")
        self.store.put_tombstone(
            Tombstone(
                cutover=record.cutover, revision=record.revision, status=Status.EXPIRED.value, reason=reason,
                at=self.clock.now(),
            )
        )  # fmt: skip
        return Step("expired", "clock", {"reason": reason}, result=reason)


def _give_up(_record: RevisionRecord) -> Step:
    """Transition 21: its time is over, and no send was ever acknowledged."""
    return Step("uncertain", "clock", {"reason": "SEND_UNCERTAIN"}, result="SEND_UNCERTAIN")


def _name(due: Due) -> str:
    if isinstance(due, Unreadable):
        return due.key
    return due.digest if isinstance(due, Admission) else f"{due.cutover}#{due.revision}"
