"""The command: one seed with its trace, or many with their counts."""

import argparse
import contextlib
import json
import logging
import multiprocessing
import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.simulation.schedule import simulate
from tests.simulation.simulation import Failed

METRICS = "POWERTOOLS_METRICS_DISABLED"


def main(arguments: list[str] | None = None) -> int:
    """0: every run held; 1: some did not, and their seeds are printed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--seed", type=int, help="repeat one run")
    which.add_argument("--seeds", help="run many: FIRST..LAST")
    parser.add_argument("--trace", action="store_true", help="tell what happens, a line each")
    parser.add_argument("--jobs", type=int, default=1, help="processes; 0: one for each core")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    given = parser.parse_args(arguments)
    if given.seed is not None:
        return _one(given.seed, trace=given.trace)
    first, _, last = given.seeds.partition("..")
    return _many(range(int(first), int(last or first) + 1), jobs=given.jobs or os.cpu_count() or 1, as_json=given.json)


def _one(seed: int, *, trace: bool) -> int:
    try:
        with silence():
            simulate(seed, _print if trace else lambda _line: None)
    except Failed as failed:
        _print(str(failed))
        return 1
    return 0


def _many(seeds: range, *, jobs: int, as_json: bool) -> int:
    started = time.monotonic()
    parts = [seeds[number::jobs] for number in range(jobs)]
    if jobs == 1:
        found = [explore(parts[0])]
    else:
        with multiprocessing.get_context("fork").Pool(jobs) as pool:
            found = pool.map(explore, parts)
    counts = merged(found)
    counts["seconds"] = round(time.monotonic() - started, 1)
    _print(json.dumps(counts, indent=None if as_json else 1, sort_keys=True))
    return 1 if counts["failed"] else 0


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Nothing is logged, and Powertools does not warn of functions that were ended."""
    before, metrics = logging.root.manager.disable, os.environ.get(METRICS)
    logging.disable(logging.CRITICAL)
    os.environ[METRICS] = "true"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            yield
    finally:
        logging.disable(before)
        os.environ[METRICS] = metrics or "false"


def explore(seeds: range) -> dict[str, Any]:
    """Run these seeds. What was reached, how often; and each failure."""
    rows, statuses, faults, acts = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    failed: list[dict[str, Any]] = []
    with silence():
        for seed in seeds:
            try:
                sim = simulate(seed)
            except Failed as failure:
                failed.append({"seed": seed, "why": str(failure).splitlines()[0]})
                continue
            rows.update(sim.observer.rows)
            statuses.update(sim.observer.statuses)
            faults.update({f"{kind} {call}": count for (kind, call), count in sim.chaos.met.items()})
            acts.update(sim.done)
    counted = {"rows": rows, "statuses": statuses, "faults": faults, "acts": acts}
    return {"seeds": len(seeds), "failed": failed, **{name: dict(each) for name, each in counted.items()}}


def merged(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The counts of several explorations together."""
    total: dict[str, Any] = {"seeds": sum(each["seeds"] for each in found)}
    total["failed"] = [failure for each in found for failure in each["failed"]]
    for name in ("rows", "statuses", "faults", "acts"):
        counter = Counter[str]()
        for each in found:
            counter.update(each[name])
        total[name] = dict(sorted(counter.items()))
    return total


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
