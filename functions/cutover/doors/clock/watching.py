"""What waits is watched: approvals that do not count any more (17), sources that changed (22)."""

from dataclasses import dataclass

from cutover.contracts.bundle import Bundle
from cutover.domain import quorum
from cutover.domain.opening import merged
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord, Signal, Status
from cutover.domain.transitions import AGREED, ASKED
from cutover.domain.window import Margins, Phase, occurrence, phase
from cutover.doors.clock.repairing import reschedule
from cutover.drifting import Drifting
from cutover.errors import Refused
from cutover.lapsing import lapse
from cutover.loading import load
from cutover.policies import PolicyReader
from cutover.ports import Clock, Records, Store
from cutover.recorder import Recorder, Step
from cutover.succession import Succession

MAX_UNCONSUMED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    records: Records
    recorder: Recorder
    store: Store
    clock: Clock
    policies: PolicyReader
    drifting: Drifting
    succession: Succession

    def look(self, due: RevisionRecord) -> str:
        """``lapsed``, ``superseded``, ``repeated`` (it is woken), ``looked``: what came of it."""
        active = self.policies.active()
        outcome = self._lapsed(due, active) or self._drifted(due)
        outcome = outcome or self._thawed(due, active)
        if outcome is None:
            reschedule(due, records=self.records, clock=self.clock)
        return outcome or "looked"

    def _lapsed(self, due: RevisionRecord, active: Policy) -> str | None:
        if due.status not in AGREED:
            return None
        requesters = quorum.requesters(load(self.store, due.bundle, Bundle))

        def step(current: RevisionRecord) -> Step | None:
            if current.status not in AGREED:
                return None
            return lapse(current, active=active, requesters=requesters, now=self.clock.now(), requester="clock")

        after = self.recorder.advance(due.cutover, due.revision, step)
        return _became(after, Status.AWAITING_APPROVAL, "lapsed")

    def _drifted(self, due: RevisionRecord) -> str | None:
        """Transition 22, or a note that a newer version says nothing else."""
        if due.status not in ASKED:
            return None
        found = self.drifting.look(due, known=due.unconsumed)
        if not found.refreshed:
            return None
        if not found.differences and len(found.refreshed) > MAX_UNCONSUMED:
            return None  # more than a record should remember: they are looked at again
        if not found.differences:
            self.recorder.note(
                due, "source-looked-at", result="NOTHING_CONSUMED_CHANGED",
                detail=", ".join(f"{each.source} {each.record}" for each in found.refreshed),
                unconsumed=merged(due.unconsumed, found.refreshed),
            )  # fmt: skip
            return "looked"

        def step(current: RevisionRecord) -> Step | None:
            if current.status not in ASKED:
                return None
            return self.succession.by_drift(
                current, refreshed=found.refreshed, differing=found.differences, requester="clock"
            )

        return _became(self.recorder.advance(due.cutover, due.revision, step), Status.SUPERSEDED, "superseded")

    def _thawed(self, due: RevisionRecord, active: Policy) -> str | None:
        """It sleeps until a freeze is over that was lifted meanwhile: the window is open now."""
        now = self.clock.now()
        if due.status is not Status.AWAITING_WINDOW or due.wake_at is None or due.wake_at <= now:
            return None
        try:
            window = occurrence(active.facts, due.target, due.window)
        except Refused:
            return None
        margins = Margins.of(self.policies.rules(due.rules))
        if phase(window, now, margins=margins, facts=active.facts, target=due.target) is not Phase.OPEN:
            return None
        self.recorder.note(due, "window-open", result="WINDOW_OPEN", wake_at=now, signal=Signal.WAKE)
        return "repeated"


def _became(record: RevisionRecord, status: Status, outcome: str) -> str | None:
    return outcome if record.status is status else None
