"""The clock: whatever is due. First what is over or got lost, then what has to be asked of others.

A source that answers slowly holds up the second pass only, and that one stops in time: what is left stays due.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from cutover.contracts.base import parse_instant
from cutover.domain import schedule
from cutover.domain.record import Admission, RevisionRecord
from cutover.doors.clock.ending import Ending
from cutover.doors.clock.repairing import Repairing
from cutover.doors.clock.watching import Watching
from cutover.errors import IntegrityError, TransientError
from cutover.ports import Clock, Due, Records, Unreadable

BATCH = 2_000
"""Looked at in one tick; most of it costs no call but the reading. DynamoDB pages by size."""
LOOK_AGAIN = timedelta(minutes=1)
"""What failed is due again after that, behind whatever is due by then."""
WATCH_AGAIN = timedelta(minutes=5)
WATCH_FOR = timedelta(seconds=60)
"""So long a tick goes on asking sources; the function's timeout is twice that."""
OUTCOMES = (
    "expired", "uncertain", "withdrawn", "adopted", "repeated", "taken_up", "lapsed", "superseded", "looked",
    "rescheduled", "abandoned", "failed",
)  # fmt: skip
"""What can come of looking at something; each is counted."""
Report = Callable[[str, Exception], None]
"""Told what could not be looked after, by its name, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticking:
    records: Records
    clock: Clock
    ending: Ending
    repairing: Repairing
    watching: Watching
    report: Report

    def run(self) -> dict[str, int]:
        """One look at what is due, oldest first; how often each outcome came. What fails goes to the end of the line,
        so that however much fails, whatever else is due has its turn.
        """
        counted = Counter(dict.fromkeys(OUTCOMES, 0))
        started, waiting = self.clock.now(), list[RevisionRecord]()
        for due in self.records.due(started, limit=BATCH):
            outcome = self._guarded(due, partial(self._settle, due, waiting))
            counted.update([outcome] if outcome else [])
            if outcome == "failed" and not isinstance(due, Unreadable):
                self._put_off(due, self.clock.now() + LOOK_AGAIN)
        for record in waiting:
            if self.clock.now() - started >= WATCH_FOR:
                break
            counted.update([self._guarded(record, partial(self._watch, record)) or "failed"])
        return dict(counted)

    def _settle(self, due: Due, waiting: list[RevisionRecord]) -> str | None:
        """What can be done from the record alone. None: it waits, and others have to be asked about it."""
        if isinstance(due, Unreadable):
            raise IntegrityError(f"{due.key} cannot be read")
        if isinstance(due, Admission):
            return self.repairing.admission(due)
        outcome = self.ending.end(due) or self.repairing.revision(due)
        if outcome is None:
            waiting.append(due)
        return outcome

    def _watch(self, record: RevisionRecord) -> str:
        """Put off before it is looked at: a look that ends this function's process is not the first one next time."""
        now = self.clock.now()
        again = schedule.due_at(record, now) or now + WATCH_AGAIN
        later = max(now + LOOK_AGAIN, min(now + WATCH_AGAIN, again))  # whatever is due before then stays due
        self._put_off(record, later)
        return self.watching.look(record.model_copy(update={"due_at": parse_instant(later)}))

    def _put_off(self, due: RevisionRecord | Admission, until: datetime) -> None:
        """Due again then, and as it was otherwise."""
        with suppress(TransientError):
            self.records.nudge(due, signal=due.signal, due_at=until)

    def _guarded(self, due: Due, look: Callable[[], str | None]) -> str | None:
        try:
            return look()
        except Exception as error:  # noqa: BLE001 - one that cannot be looked after must not hold up the others
            self.report(_name(due), error)
            return "failed"


def _name(due: Due) -> str:
    if isinstance(due, Unreadable):
        return due.key
    return due.digest if isinstance(due, Admission) else f"{due.cutover}#{due.revision}"
