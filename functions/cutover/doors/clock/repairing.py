"""What got lost: unanswered signals, executions that came to nothing (25), a deferral whose time has come (14)."""

from dataclasses import dataclass
from datetime import timedelta

from cutover.domain import schedule
from cutover.domain.record import FINAL, Admission, RevisionRecord, Signal, Status
from cutover.ports import Clock, Records
from cutover.recorder import Recorder, Step

LOOK_AGAIN = timedelta(minutes=1)
TOMBSTONE = "TOMBSTONE"
"""Why a hand-off was blocked (``cutover.guards``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repairing:
    records: Records
    recorder: Recorder
    clock: Clock

    def admission(self, due: Admission) -> str:
        """A start that the relay has not heard is repeated; one that it has heard came to nothing in its time."""
        if due.signal is not None:
            return self._repeat(due, Signal.START)
        after = self.recorder.readmit(due)
        return "repeated" if after.signal is Signal.START else "abandoned"

    def revision(self, due: RevisionRecord) -> str | None:
        """None when nothing is lost: then the revision rightly waits."""
        now = self.clock.now()
        if due.signal is Signal.ADOPT and due.status not in FINAL:
            return self._adopt(due) if now >= schedule.adoptable_at(due) else self._later(due)
        stalled = schedule.stalled_at(due)
        if stalled is not None and now >= stalled and due.signal is not Signal.START:
            return self._adopt(due)
        if due.signal is not None:
            return self._repeat(due, due.signal)
        if due.status is Status.AWAITING_WINDOW and due.wake_at is not None and now >= due.wake_at:
            # Where a tombstone stands, HandOff can do nothing any more. Whoever was about to end the revision may have
            # been cut off after putting it: watching finishes what is still to be done.
            return None if due.reason == TOMBSTONE else self._repeat(due, Signal.WAKE)
        if due.status is Status.DEFERRED and due.deferred_until is not None and now >= due.deferred_until:
            return self._take_up(due)
        return None if due.status in schedule.WATCHED else self._later(due)

    def _adopt(self, due: RevisionRecord) -> str:
        """Transition 25: another execution serves it from here on, and the one before is fenced."""

        def step(current: RevisionRecord) -> Step | None:
            if (current.version, current.execution) != (due.version, due.execution):
                return None  # it has moved since: somebody serves it
            execution = current.execution + 1
            return Step("adopted", "clock", {"execution": execution}, result="ADOPTED", detail=f"execution {execution}")

        after = self.recorder.advance(due.cutover, due.revision, step)
        return "adopted" if after.execution > due.execution else self._later(after)

    def _take_up(self, due: RevisionRecord) -> str:
        """Transition 14: the time that was asked for has come."""

        def step(current: RevisionRecord) -> Step | None:
            until = current.deferred_until
            if current.status is not Status.DEFERRED or until is None or self.clock.now() < until:
                return None
            updates = {"deferred_until": None, "deferral": None, "ask": True}
            return Step("taken-up", "clock", updates, result="DEFERRAL_OVER")

        self.recorder.advance(due.cutover, due.revision, step)
        return "taken_up"

    def _repeat(self, due: RevisionRecord | Admission, signal: Signal) -> str:
        """Writing the signal again puts it on the stream again."""
        self.records.nudge(due, signal=signal, due_at=self.clock.now() + schedule.REPAIR_AFTER)
        return "repeated"

    def _later(self, due: RevisionRecord) -> str:
        reschedule(due, records=self.records, clock=self.clock)
        return "rescheduled"


def reschedule(due: RevisionRecord, *, records: Records, clock: Clock) -> None:
    """When it is due next; in a minute where that time has come and nothing could be done about it."""
    now = clock.now()
    again = schedule.due_at(due, now)
    overdue = again is not None and again <= now
    records.nudge(due, signal=due.signal, due_at=now + LOOK_AGAIN if overdue else again)
