"""``python -m tests.mutation [--ending digits] [target …]``: does a test fail when the code is changed?

Each target of ``targets.toml`` is copied to ``build/mutants/<target>``, where ``mutmut`` changes one thing at a time
and runs the target's tests. At least 95 % of the mutants must be killed; each that is not stands with its reason in
``survivors.toml``, known by its function and its changed lines. Exits with 1 when that is not so.

``--ending 37`` tries only the mutants of each function whose number ends in 3 or 7: a sample of a fifth.
"""

import argparse
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORK = ROOT / "build" / "mutants"
LEAST = 0.95
COPIED = ("tests", "cli", "docs", "examples", "statemachine", "pyproject.toml")
KILLED = frozenset({"killed", "timeout", "segfault"})
UNTRIED = "not checked"
REBUILDING = "tests.mutation.rebuilding"
PATIENCE = "20"
"""Seconds, added to what a mutant's tests took before. Fifteen times that, and it counts as killed."""
Target = dict[str, list[str]]
"""``modules``, the ``tests`` to try first, and the tests to try ``then``."""


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """One change. ``removed`` and ``added`` are its lines, without what is around them."""

    function: str
    removed: str
    added: str


@dataclass(frozen=True, slots=True)
class Run:
    """A target's mutants by what became of them, and those that no test noticed."""

    counts: Counter[str]
    survived: frozenset[Mutant]
    seconds: float

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def killed(self) -> int:
        return sum(self.counts[status] for status in KILLED)


def main() -> int:
    targets = tomllib.loads((ROOT / "tests/mutation/targets.toml").read_text())
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("targets", nargs="*", metavar="target", help=", ".join(targets))
    parser.add_argument("--ending", default="", help="only mutants whose number ends in one of these digits")
    asked = parser.parse_args()
    if unknown := set(asked.targets) - set(targets):
        parser.error(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(targets)}")
    listed, good = survivors(), True
    for name in asked.targets or targets:
        found = run(name, targets[name], asked.ending)
        good = report(name, found, listed.get(name, frozenset()), whole=not asked.ending) and good
    return 0 if good else 1


def survivors() -> dict[str, frozenset[Mutant]]:
    """The mutants that are known to survive, by target."""
    tables = tomllib.loads((ROOT / "tests/mutation/survivors.toml").read_text())
    return {
        name: frozenset(Mutant(each["function"], each["removed"], each["added"]) for each in entries)
        for name, entries in tables.items()
    }


def run(name: str, target: Target, ending: str = "") -> Run:
    """Mutate in a copy, so that the sources here are never touched. What the first tests let live, the others try."""
    started, place = time.monotonic(), WORK / name
    lay_out(place)
    results = tried(place, target, target["tests"], [f"*{digit}" for digit in ending])
    left = [mutant for mutant, status in results.items() if status not in KILLED]
    if left and (more := target.get("then")):
        results |= tried(place, target, more, left)
        left = [mutant for mutant, status in results.items() if status not in KILLED]
    survived = frozenset(described(mutant, mutmut(place, "show", mutant)) for mutant in left)
    return Run(Counter(results.values()), survived, time.monotonic() - started)


def tried(place: Path, target: Target, tests: list[str], mutants: list[str]) -> dict[str, str]:
    """Mutants (all, or those with these names or patterns), and what became of each."""
    configure(place, target, tests)
    mutmut(place, "run", *mutants)
    results = parsed(mutmut(place, "results", "--all", "true"))
    return {mutant: status for mutant, status in results if status != UNTRIED}


def lay_out(place: Path) -> None:
    """The sources as they are now. ``mutmut`` finds a package only under ``src``."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(ROOT / "functions", place / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for item in COPIED:
        if (ROOT / item).is_dir():
            shutil.copytree(ROOT / item, place / item, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / item, place / item)


def configure(place: Path, target: Target, tests: list[str]) -> None:
    shutil.rmtree(place / "mutants", ignore_errors=True)
    modules = [each.replace("functions/", "src/", 1) for each in target["modules"]]
    settings = {
        "source_paths": ["src/"],
        "only_mutate": modules,
        "pytest_add_cli_args_test_selection": tests,
        "pytest_add_cli_args": ["-o", "pythonpath=. src cli", "-p", "no:cacheprovider", "-p", REBUILDING],
        "also_copy": COPIED,
        "timeout_constant": [PATIENCE],
    }
    lines = [f"{key} = " + "\n    ".join(values) + "\n" for key, values in settings.items()]
    (place / "setup.cfg").write_text("[mutmut]\n" + "".join(lines))


def mutmut(place: Path, *arguments: str) -> str:
    """What it prints. Raises ``SystemExit`` with the end of that when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments], cwd=place, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"mutmut {' '.join(arguments)} failed in {place}:\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout


def parsed(results: str) -> Iterator[tuple[str, str]]:
    for line in results.splitlines():
        mutant, found, status = line.strip().rpartition(": ")
        if found:
            yield mutant, status


def described(mutant: str, shown: str) -> Mutant:
    """The mutant by what it changes: its number would be another one after the next edit."""
    lines = shown.splitlines()
    removed, added = (
        " ".join(line[1:].strip() for line in lines if line.startswith(sign) and not line.startswith(sign * 3))
        for sign in "-+"
    )
    module, _, name = mutant.rpartition("__mutmut_")[0].rpartition(".")
    return Mutant(f"{module}.{name.removeprefix('x_').removeprefix('xǁ').replace('ǁ', '.')}", removed, added)


def report(name: str, found: Run, listed: frozenset[Mutant], *, whole: bool) -> bool:
    """Says what was found; whether it is good. A sample (not ``whole``) does not tell which survivors are gone."""
    share = found.killed / found.total if found.total else 0.0
    unlisted, gone = sorted(found.survived - listed), sorted(listed - found.survived) if whole else []
    say(f"{name}: {found.killed} of {found.total} killed ({share:.1%}), {found.seconds:.0f} s; {dict(found.counts)}")
    for mutant in unlisted:
        say(f"  survived, no reason given: {mutant.function}\n    - {mutant.removed}\n    + {mutant.added}")
    for mutant in gone:
        say(f"  listed, but is killed or gone: {mutant.function}\n    + {mutant.added}")
    return share >= LEAST and not unlisted and not gone


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
