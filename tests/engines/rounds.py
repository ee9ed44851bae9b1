"""One race again and again, half of the rounds with a meeting before the commit, and what came of them all."""

import os
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.engines.racing import Contender, Outcome, race
from tests.engines.scenes import Place, Scene, laid_out
from tests.engines.soundness import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

ROUNDS = int(os.environ.get("CUTOVER_RACE_ROUNDS", "12"))
"""For each race. More for a soak."""
Enter = Callable[[Place], Sequence[Contender]]
Judge = Callable[[Table, Place, list[Outcome]], Hashable]


@dataclass
class Tally:
    """All rounds of a race: how often it went which way, and how many commits came too late."""

    threads: int = 0
    late: int = 0
    ways: Counter[Hashable] = field(default_factory=Counter)


@dataclass(frozen=True)
class Course:
    """Where races are run. ``report`` keeps what was counted with the test's result."""

    client: "DynamoDBClient"
    report: Callable[[str, object], None]

    def run(self, scene: Scene, enter: Enter, judge: Judge) -> Tally:
        """``enter`` names the contenders of a round; ``judge`` says which way it went, and fails when it may not.

        The whole table is sound after each round, and somebody was too late in some of them: else it was no race.
        """
        tally = Tally()
        for number in range(ROUNDS):
            with laid_out(scene, self.client) as place:
                outcomes = race(place, enter(place), meet=number % 2 == 0)
                table = Table(self.client, place.table)
                table.assert_sound()
                tally.threads = len(outcomes)
                tally.late += sum(outcome.late for outcome in outcomes)
                tally.ways[judge(table, place, outcomes)] += 1
        assert tally.late, "nobody ever came too late: that was no race"
        self.report("races run", ROUNDS)
        self.report("threads in them", ROUNDS * tally.threads)
        self.report("commits that came too late", tally.late)
        self.report("ways", "; ".join(f"{_named(way)}: {count}" for way, count in sorted(tally.ways.items(), key=str)))
        return tally


def _named(way: Hashable) -> str:
    return ", ".join(map(str, way)) if isinstance(way, tuple) else str(way)
