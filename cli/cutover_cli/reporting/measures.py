"""Middle, ninth tenth and longest of some durations."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Durations:
    """None where there was nothing to measure. ``p90``: the nearest rank, so a duration that was really measured."""

    count: int
    median: timedelta | None
    p90: timedelta | None
    longest: timedelta | None

    def document(self) -> dict[str, int | None]:
        """In whole seconds."""
        said = {"median": self.median, "p90": self.p90, "longest": self.longest}
        return {"count": self.count} | {
            f"{name}_seconds": None if found is None else int(found.total_seconds()) for name, found in said.items()
        }


def durations(found: Iterable[timedelta]) -> Durations:
    """Of durations in any order."""
    ranked = sorted(found)
    if not ranked:
        return Durations(0, None, None, None)
    nearest = ranked[math.ceil(0.9 * len(ranked)) - 1]
    middle = (ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]) / 2
    return Durations(len(ranked), middle, nearest, ranked[-1])
