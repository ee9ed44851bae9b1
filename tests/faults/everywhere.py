"""One fault, or two, at any call site of a port on a road: the same end, by the same rows, with one effect.

A site is a function, the call, and the way through the code on which it was made. Of readings ``fail`` and
``kill-before`` stand for all kinds: what follows an exception, or an end of the process, cannot tell the others apart.
"""

import functools
import sys
from collections import Counter
from dataclasses import dataclass

from tests.faults.roads import ROADS, Road, standing
from tests.simulation import rest, services
from tests.simulation.chaos import Chaos, Kind
from tests.simulation.effects import is_effect
from tests.simulation.environment import copied
from tests.simulation.settling import settle
from tests.simulation.simulation import Say, Simulation
from tests.simulation.starts import start
from tests.simulation.violation import Violation

Flavour = tuple[Kind, bool]
"""A kind of fault, and whether what hung has happened nevertheless."""
OF_EFFECTS: tuple[Flavour, ...] = (
    ("fail", False), ("lost", False), ("kill-before", False), ("kill-after", False), ("hang", False), ("hang", True),
)  # fmt: skip
OF_READINGS: tuple[Flavour, ...] = (("fail", False), ("kill-before", False))
DIFFERENT = frozenset({"stages.admit", "doors.clock", "doors.relay"})
"""Functions for which the road makes a difference, though the way through the code is the same."""
REPEATS = frozenset({"19 handing-off-again", "25 adopted", "21 uncertain"})
"""Rows that a fault may add to a road."""


@dataclass(frozen=True)
class Site:
    """``way``: the files and lines that led to the call, innermost first."""

    function: str
    call: str
    way: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Planned:
    """A fault at the first time that a site is reached."""

    site: Site
    flavour: Flavour


class Plan(Chaos):
    """Faults as planned, and a list of all sites that were reached."""

    def begin(self, *planned: Planned) -> None:
        self.planned = list(planned)
        self.sites: dict[Site, int] = {}

    def draw(self, name: str) -> Kind | None:
        if not hasattr(self, "planned"):
            return None
        site = Site(self.function, name, _way())
        self.sites[site] = self.sites.get(site, 0) + 1
        for each in [each for each in self.planned if each.site == site]:
            self.planned.remove(each)
            self.flip = functools.partial(bool, each.flavour[1])
            return each.flavour[0]
        return None


def _way() -> tuple[tuple[str, int], ...]:
    frame, found = sys._getframe(2), []
    while frame is not None:
        name = frame.f_code.co_filename
        if "/cutover/" in name:
            found.append((name.rpartition("/cutover/")[2], frame.f_lineno))
        elif found and name.endswith("environment.py"):
            break  # the function's own beginning; whoever called it from within another does not matter
        frame = frame.f_back  # type: ignore[assignment]
    return tuple(found)


@dataclass
class Walked:
    """How a walk ended."""

    statuses: dict[tuple[str, int], str]
    rows: Counter[str]
    sites: dict[Site, int]
    unmet: int


def walk(road: Road, *planned: Planned, say: Say = lambda _line: None) -> Walked:
    """Raises ``Violation``, and ``AssertionError`` where the road's end is not reached."""
    sim = Simulation(copied(start(road.start)), seed=0, say=say, chaos=Plan)
    plan = sim.chaos
    assert isinstance(plan, Plan)
    plan.begin(*planned)
    road.walk(sim)
    for _ in range(2):  # whoever sleeps through a lease wakes
        sim.wait(70)
        services.clock(sim)
        settle(sim)
    for check in rest.OF_REST:
        check(sim.observer)
    rows = Counter({row: count for row, count in sim.observer.rows.items() if row not in REPEATS})
    return Walked(standing(sim), rows, plan.sites, len(plan.planned))


def plans(name: str) -> list[Planned]:
    """Every single fault at every site of a road that no road before it has; of some functions at all of its sites."""
    before: set[Site] = set()
    for other in ROADS:
        sites = reached(other)
        if other == name:
            mine = [site for site in sites if site not in before or site.function in DIFFERENT]
            return [Planned(site, each) for site in mine for each in flavours(site)]
        before |= set(sites)
    raise KeyError(name)


def flavours(site: Site) -> tuple[Flavour, ...]:
    return OF_EFFECTS if is_effect(site.call) else OF_READINGS


@functools.cache
def reached(name: str) -> tuple[Site, ...]:
    """Every site of a road, in order."""
    return tuple(walk(ROADS[name]).sites)


def differs(name: str, whole: Walked, *planned: Planned) -> str | None:
    """What is different, or broken, when these faults happen on the road of that name; None: nothing."""
    where = "; ".join(
        f"{each.flavour} at {each.site.call} of {each.site.function} {each.site.way[:3]}" for each in planned
    )
    try:
        walked = walk(ROADS[name], *planned)
    except (Violation, AssertionError) as broken:
        return f"{name}: {where}: {broken}"
    if len(planned) == 1 and walked.unmet:
        return f"{name}: {where}: was not reached"
    if (walked.statuses, walked.rows) != (whole.statuses, whole.rows):
        return f"{name}: {where}: {walked.statuses}, {walked.rows - whole.rows} {whole.rows - walked.rows}"
    return None
