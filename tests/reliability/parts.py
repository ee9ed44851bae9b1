"""The parts: each runs one thing, and counts what it was."""

import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests.model.protocol import Bug, explore
from tests.reliability.measured import ROOT, Count, Part, commit, machine

Counted = tuple[list[Count], bool]
"""What was counted, and whether everything held."""


@dataclass(frozen=True, slots=True)
class Runner:
    """``heading`` and ``says`` stand on the page; ``command`` is what repeats this part."""

    name: str
    heading: str
    says: str
    command: str
    run: Callable[[int], Counted]

    def measure(self, seeds: int) -> Part:
        started = time.monotonic()
        counts, held = self.run(seeds)
        outcome: Literal["held", "broken"] = "held" if held else "broken"
        return Part(
            name=self.name, command=self.command.format(seeds=seeds), counts=tuple(counts),
            seconds=round(time.monotonic() - started, 1), outcome=outcome, commit=commit(), machine=machine(),
        )  # fmt: skip


def model(_seeds: int) -> Counted:
    """The whole state space, and each seeded bug with the length of its shortest trace."""
    whole = explore(None)
    counts = [Count(what="states", count=whole.states), Count(what="transitions", count=whole.transitions)]
    found = {bug: explore(bug) for bug in Bug}
    for bug, result in found.items():
        said = f"{result.violated or 'NOT FOUND'}, after {len(result.trace)} steps"
        counts.append(Count(what=f"seeded: {bug.name.lower().replace('_', ' ')}", count=said))
    return counts, not whole.violated and all(result.violated for result in found.values())


def simulation(seeds: int) -> Counted:
    """Seeds from 0 on, in as many processes as there are cores."""
    jobs = str(os.cpu_count() or 1)
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--seeds", f"0..{seeds - 1}", "--jobs", jobs, "--json"],
        check=False, capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    counts = [
        Count(what=f"seeds (0 to {seeds - 1})", count=told["seeds"]),
        Count(what="transitions taken", count=sum(told["rows"].values())),
        Count(what="different rows of the table, with their status before", count=len(told["rows"])),
        Count(what="acts of CI, people, operators, sources, time and the consumer", count=sum(told["acts"].values())),
        Count(what="faults met", count=sum(told["faults"].values())),
        Count(what="different pairs of fault and call", count=len(told["faults"])),
        Count(what="runs that broke an invariant", count=len(told["failed"])),
    ]
    return counts, not told["failed"] and done.returncode == 0


def tests(*paths: str) -> Callable[[int], Counted]:
    """A folder of tests, with whatever they counted themselves."""

    def run(_seeds: int) -> Counted:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "--tb=short", "-n", "auto", *paths, f"--junitxml={report}"],
                check=False, capture_output=True, text=True, cwd=ROOT,
            )  # fmt: skip
            if done.returncode:
                sys.stderr.write(done.stdout[-4000:])
            cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 - our own report
        ran = [case for case in cases if not any(True for _ in case.iter("skipped"))]
        properties = Counter[str]()
        for name, value in _properties(cases):
            properties[name] += value
        counts = [Count(what="tests", count=len(ran))]
        counts += [Count(what=name, count=value) for name, value in sorted(properties.items())]
        return counts, done.returncode == 0 and len(ran) == len(cases) > 0

    return run


def _properties(cases: list[ET.Element]) -> Iterator[tuple[str, int]]:
    for case in cases:
        for each in case.iter("property"):
            value = each.get("value", "")
            if value.isdecimal():
                yield each.get("name", ""), int(value)


def mutation(_seeds: int) -> Counted:
    """Every target, as ``make mutants`` runs them."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutation"], check=False, capture_output=True, text=True, cwd=ROOT
    )
    lines = [line.strip() for line in done.stdout.splitlines() if "killed" in line and line.split()[0].endswith(":")]
    told = [line.partition(":") for line in lines]
    return [Count(what=name, count=rest.strip()) for name, _, rest in told], done.returncode == 0 and bool(told)


RUNNERS: tuple[Runner, ...] = (
    Runner(
        "model", "The model", "Every interleaving of a small protocol: two candidates, two approvers, two attempts, "
        "stop, adoption, drift, brake, expiry, lost answers. Each seeded bug has to be found.",
        "pytest tests/model", model,
    ),
    Runner(
        "simulation", "The simulation", "The real handlers and the real state machine over fakes of the services, in "
        "schedules that a seed decides, with faults at every call. Every invariant is looked at after every step. "
        "`python -m tests.simulation --seed N --trace` repeats one run.",
        "make soak SEEDS={seeds}", simulation,
    ),
    Runner(
        "faults", "Single faults, exhaustively", "Each function is killed, delayed, throttled or left without its "
        "answer at each of its calls, once; and the rest of the road is walked.",
        "pytest tests/faults", tests("tests/faults"),
    ),
    Runner(
        "engines", "Races on DynamoDB", "Threads through the real adapters and the real recorder on Amazon's own "
        "engine (DynamoDB Local), and a zombie in a process of its own that is paused before each of its writes.",
        "pytest tests/engines", tests("tests/engines"),
    ),
    Runner(
        "stack", "The local stack", "The deployed template on the emulator: supersession, drift, resolution, "
        "withdrawal, brake and adoption; and releases whose functions' processes are killed at random.",
        "pytest tests/local/test_protocol.py tests/local/test_killed_workers.py",
        tests("tests/local/test_protocol.py", "tests/local/test_killed_workers.py"),
    ),
    Runner(
        "mutation", "Mutation testing", "One change at a time in transitions, quorum, verification and hand-off; a "
        "test has to notice. The survivors stand with their reasons in `tests/mutation/survivors.toml`.",
        "make mutants", mutation,
    ),
)  # fmt: skip
