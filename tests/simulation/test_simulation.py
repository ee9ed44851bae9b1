"""Thousands of seeded runs, each with its own schedule and faults. A seed that breaks one is named, and repeats.

``make soak`` runs many more.
"""

import random
from typing import Any

import pytest

from tests.simulation import protocol
from tests.simulation.chaos import KINDS
from tests.simulation.run import explore, silence
from tests.simulation.schedule import simulate

SEEDS = 800
"""As many as take a minute on two cores; ``make soak`` and ``make reliability`` run the others."""
PARTS = 2
OF_SERVICES = frozenset({"duplicate", "reorder", "drop", "skew"})
"""Faults of streams, queues, tasks and clocks; those of calls are ``KINDS``."""
PAIRS = 100
"""So many different pairs of a fault and a call, at the least, in each part."""


@pytest.mark.parametrize("part", range(PARTS))
def test_what_must_hold_holds(part: int) -> None:
    found = explore(range(part, SEEDS, PARTS))
    assert found["failed"] == [], "repeat one: python -m tests.simulation --seed N --trace"
    _was_not_vacuous(found)


def _was_not_vacuous(found: dict[str, Any]) -> None:
    """Each part alone takes every row of the table, reaches every status, and meets every kind of fault."""
    taken = {row.partition(" ")[2] for row in found["rows"]}
    assert taken == {*protocol.ROWS, "opened"}
    assert set(found["statuses"]) == {*protocol.LIVE, *protocol.FINAL, "admitting", "handing_off"}
    assert {pair.partition(" ")[0] for pair in found["faults"]} == {*KINDS, *OF_SERVICES}
    assert len(found["faults"]) > PAIRS
    assert found["acts"]["finale"] > 0


def test_a_seed_repeats_exactly() -> None:
    """The same lines, word for word: a failure can be looked at again."""
    for seed in random.Random(7).sample(range(SEEDS), 4):  # noqa: S311 - it must repeat
        told: list[list[str]] = [[], []]
        with silence():
            for lines in told:
                simulate(seed, lines.append)
        assert told[0] == told[1]
        assert len(told[0]) > 10
