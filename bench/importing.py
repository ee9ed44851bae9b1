"""Cold starts: what importing a handler costs, in processes of their own, beside boto3 with one client."""

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.measuring import Row, Timing
from infra.asset import package
from infra.plan import DOORS, STAGES

BOTO = "boto3 + one client"
_BOTO = "import boto3; boto3.Session().client('dynamodb', region_name='eu-central-1')"
_CLOCK = "import time; began = time.perf_counter(); {code}; print((time.perf_counter() - began) * 1000)"
_SOME = ("Admit", "HandOff", "Approvals")
Way = tuple[str, Path]
"""Code, and the folder that is first on the path."""


def rows() -> Iterator[Row]:
    """Every handler from the package with byte code; three of them from one without."""
    with tempfile.TemporaryDirectory(prefix="cutover-bench-") as scratch:
        compiled, bare = Path(scratch) / "compiled", Path(scratch) / "bare"
        with zipfile.ZipFile(package("local")) as asset:
            asset.extractall(compiled)
            asset.extractall(bare, [name for name in asset.namelist() if not name.endswith(".pyc")])
        yield from _handlers(compiled)
        yield from _byte_code(compiled, bare)


def _handlers(compiled: Path) -> Iterator[Row]:
    ways: dict[str, Way] = {BOTO: (_BOTO, compiled)}
    ways |= {name: (_import(name), compiled) for name in (*STAGES, *DOORS)}
    timings = _in_turn(ways, rounds=3)
    group = "Import of a handler"
    yield Row(group, BOTO, timings.pop(BOTO), note="what nothing that calls AWS can do without")
    for name, timing in timings.items():
        yield Row(group, name, timing, BOTO)


def _byte_code(compiled: Path, bare: Path) -> Iterator[Row]:
    ways: dict[str, Way] = {}
    for name in _SOME:
        ways |= {f"{name}, with": (_import(name), compiled), f"{name}, without": (_import(name), bare)}
    for name, timing in _in_turn(ways, rounds=3).items():
        against = name.replace("without", "with") if name.endswith("without") else None
        yield Row("Package with and without .pyc", name, timing, against)


def _import(function: str) -> str:
    plan = {**STAGES, **DOORS}[function]
    return f"import {plan.handler.rpartition('.')[0]}"


def _in_turn(ways: Mapping[str, Way], *, rounds: int) -> dict[str, Timing]:
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (code, folder) in ways.items():
            taken[name].append(_seconds(code, folder))
    return {name: Timing.of(each) for name, each in taken.items()}


def _seconds(code: str, folder: Path) -> float:
    command: Sequence[str] = [sys.executable, "-c", _CLOCK.format(code=code)]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",  # the package on AWS cannot be written to
        "POWERTOOLS_TRACE_DISABLED": "1",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=folder)
    return float(done.stdout)
