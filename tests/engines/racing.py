"""Races: several functions at once, each with an adapter of its own, over one table of the engine.

``meet``: nobody commits before everybody has read and decided, so that all but one of them are sure to be late.
Without, they only start together, and whatever happens between them happens.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cutover.adapters.dynamodb_records import DynamoRecords
from cutover.errors import Conflict, CutoverError
from cutover.ports import Clock, Commit
from tests.engines.scenes import Place
from tests.simulator.wiring import SimulatedWiring

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

PATIENCE = 30
"""Seconds after which a meeting to which somebody does not come is a failed test."""
Act = Callable[[SimulatedWiring], Any]


class Meeting:
    """Where so many wait for each other. Whoever has nothing to wait for any more leaves, and counts as come."""

    def __init__(self, parties: int) -> None:
        self._missing = parties
        self._changed = threading.Condition()

    def come(self) -> None:
        self.leave()
        with self._changed:
            assert self._changed.wait_for(lambda: self._missing <= 0, PATIENCE), "not everybody came"

    def leave(self) -> None:
        with self._changed:
            self._missing -= 1
            self._changed.notify_all()


class Poised(DynamoRecords):
    """The real adapter. It calls ``ready`` before its commit number ``at``, and counts those that were too late."""

    def __init__(self, client: "DynamoDBClient", *, table: str, ready: Callable[[], None], at: int = 1) -> None:
        super().__init__(client, table=table)
        self._ready = ready
        self._left = at
        self.came = False
        self.late = 0

    def commit(self, commit: Commit) -> None:
        self._left -= 1
        if self._left == 0:
            self.came = True
            self._ready()
        try:
            super().commit(commit)
        except Conflict:
            self.late += 1
            raise


@dataclass(frozen=True)
class Contender:
    """``clock``: its own, where clocks differ. ``at``: the commit before which it meets the others."""

    act: Act
    clock: Clock | None = None
    at: int = 1


@dataclass
class Outcome:
    """What became of one contender."""

    value: Any = None
    error: CutoverError | None = None
    late: int = 0


def race(place: Place, contenders: Sequence[Contender], *, meet: bool) -> list[Outcome]:
    """All at once, each in a thread; their outcomes in the order of ``contenders``.

    What is no error of Cutover's own is raised here.
    """
    meeting = Meeting(len(contenders))
    start = threading.Barrier(len(contenders))

    def run(contender: Contender) -> Outcome:
        ready = meeting.come if meet else _nothing
        records = Poised(place.client, table=place.table, ready=ready, at=contender.at)
        wiring = place.wiring(records, contender.clock)
        start.wait(PATIENCE)
        outcome = Outcome()
        try:
            outcome.value = contender.act(wiring)
        except CutoverError as error:
            outcome.error = error
        finally:
            if not records.came:
                meeting.leave()
        outcome.late = records.late
        return outcome

    with ThreadPoolExecutor(len(contenders)) as pool:
        return list(pool.map(run, contenders))


def _nothing() -> None:
    """Nobody waits."""
