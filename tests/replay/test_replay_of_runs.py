"""Whatever happened around it, with faults, races and people: each decision of a seeded run is made again the same."""

from collections import Counter
from collections.abc import Iterator

from cutover.domain.record import RevisionRecord
from cutover.errors import Refused
from cutover_cli.replaying.difference import Replayed
from tests.replay.ground import replaying
from tests.simulation.run import silence
from tests.simulation.schedule import simulate
from tests.simulator.world import World

SEEDS = range(36)
"""Each start of the simulation, some times."""


def replays(world: World) -> Iterator[Replayed]:
    for record in world.wiring.records._all(RevisionRecord):
        try:
            yield replaying(world).replay(record)
        except Refused as refused:
            if refused.code != "NOTHING_TO_REPLAY":
                raise


def test_every_decision_of_a_run_is_identical() -> None:
    decided = Counter[str | None]()
    with silence():
        for seed in SEEDS:
            for done in replays(simulate(seed).world):
                assert done.differences == (), f"seed {seed}: {done.cutover} revision {done.revision}"
                decided[done.decided] += 1
    assert min(decided["bound"], decided["held"]) > len(SEEDS) // 6, "it was not about much"
