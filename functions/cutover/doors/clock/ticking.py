"""The clock: whatever is due. First what is over or got lost, then what has to be asked of others.

A source that answers slowly holds up the second pass only, and that one stops in time: what is left stays due.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from cutover.domain.record import Admission, RevisionRecord
from cutover.doors.clock.ending import Ending
from cutover.doors.clock.repairing import Repairing
from cutover.doors.clock.watching import Watching
from cutover.errors import IntegrityError
from cutover.ports import Clock, Due, Records, Unreadable

BATCH = 200
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
        """One look at what is due, oldest first; how often each outcome came. What fails stays due and stops nobody."""
        counted = Counter(dict.fromkeys(OUTCOMES, 0))
        started, waiting = self.clock.now(), list[RevisionRecord]()
        for due in self.records.due(started, limit=BATCH):
            outcome = self._guarded(due, lambda due=due: self._settle(due, waiting))  # type: ignore[misc]
            counted.update([outcome] if outcome else [])
        for record in waiting:
            if self.clock.now() - started >= WATCH_FOR:
                break
            counted.update([self._guarded(record, lambda record=record: self.watching.look(record)) or "failed"])  # type: ignore[misc]
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
