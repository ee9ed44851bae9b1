"""Running several ways in turn, and what is known of each afterwards."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one way took, in milliseconds: the median, the fastest, and how often it was run."""

    median: float
    fastest: float
    rounds: int

    @classmethod
    def of(cls, milliseconds: list[float]) -> "Timing":
        return cls(statistics.median(milliseconds), min(milliseconds), len(milliseconds))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``against`` names the row that it is a ratio of; ``note`` says what was done."""

    group: str
    name: str
    timing: Timing
    against: str | None = None
    note: str = ""


def in_turn(ways: Mapping[str, Callable[[], object]], *, rounds: int, times: int = 1) -> dict[str, Timing]:
    """Each way once a round, in turn. ``times``: how many calls one sample is the mean of."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()  # imports, caches and allocations of a first call are not what is asked
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            for _ in range(times):
                way()
            taken[name].append((time.perf_counter() - began) * 1000 / times)
    return {name: Timing.of(each) for name, each in taken.items()}


def once(way: Callable[[], object]) -> Timing:
    """A single run, for what is too slow to repeat."""
    began = time.perf_counter()
    way()
    return Timing.of([(time.perf_counter() - began) * 1000])
