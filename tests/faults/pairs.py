"""Pairs of faults on all roads, drawn from a seed: ``python -m tests.faults.pairs --count 1000`` (``make soak``)."""

import argparse
import itertools
import random
import sys

from tests.faults.everywhere import Planned, differs, flavours, reached, walk
from tests.faults.roads import ROADS
from tests.simulation.run import silence


def pair(source: random.Random) -> tuple[str, tuple[Planned, ...]]:
    """A road, and two of its sites with a fault at each."""
    name = source.choice(list(ROADS))
    sites = source.sample(reached(name), 2)
    return name, tuple(Planned(site, source.choice(flavours(site))) for site in sites)


def main(arguments: list[str] | None = None) -> int:
    """0: every pair led to the road's end; 1: some did not, and each is told."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.pairs", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    source = random.Random(given.seed)  # noqa: S311 - it must repeat
    with silence():
        whole = {name: walk(road) for name, road in ROADS.items()}
        drawn = (pair(source) for _ in itertools.repeat(None, given.count))
        found = [said for name, planned in drawn if (said := differs(name, whole[name], *planned)) is not None]
    for said in found:
        sys.stdout.write(said + "\n")
    sys.stdout.write(f"{given.count} pairs, {len(found)} of them led elsewhere\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
