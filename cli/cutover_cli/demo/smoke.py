"""Tries what was built before anybody attests it: it compiles, and what it offers can be imported.

Only what ran here is reported, each by name. This is a smoke test and says so; it is not the project's suite.
"""

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cutover_cli.demo.build import Artifact
from cutover_cli.demo.errors import BuildFailed

_SECONDS = 120
# Run with -I: nothing of the surroundings but site-packages, and the unpacked artifact before that.
_IMPORTER = """
import importlib, json, pathlib, sys
tree, names = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
sys.path.insert(0, str(tree))
for name in names:
    module = importlib.import_module(name)
    assert pathlib.Path(module.__file__).resolve().is_relative_to(tree), f"{name} comes from {module.__file__}"
print(json.dumps(names))
"""


@dataclass(frozen=True, slots=True)
class Smoke:
    """What was tried, and passed. A failure raises instead."""

    passed: tuple[str, ...]
    python: str


def wheel(built: Artifact) -> Smoke:
    """Unpacks the wheel, compiles it and imports both of its packages and the command."""
    return _try(built, ["cutover", "cutover.contracts.handoff", "cutover_cli", "cutover_cli.main"])


def functions(built: Artifact) -> Smoke:
    """Unpacks the Lambda package, compiles ours in it and imports every handler, with nothing in the environment."""
    with zipfile.ZipFile(built.path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith("/handler.py"))
    handlers = [name.removesuffix(".py").replace("/", ".") for name in names if name.startswith("cutover/")]
    if not handlers:
        raise BuildFailed(f"{built.path.name} has no handler")
    return _try(built, handlers)


def _try(built: Artifact, modules: Sequence[str]) -> Smoke:
    with tempfile.TemporaryDirectory() as scratch:
        with zipfile.ZipFile(built.path) as archive:
            archive.extractall(scratch)
        own = [str(path) for name in ("cutover", "cutover_cli") if (path := Path(scratch) / name).is_dir()]
        _run(["-m", "compileall", "-q", "-f", *own], built)
        imported = json.loads(_run(["-c", _IMPORTER, scratch, *modules], built))
    passed = ("compileall", *(f"import {name}" for name in imported))
    return Smoke(passed, f"{sys.implementation.name} {sys.version.split()[0]}")


def _run(arguments: Sequence[str], built: Artifact) -> str:
    done = subprocess.run(
        [sys.executable, "-I", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        env={"AWS_DEFAULT_REGION": "us-east-1"},
    )
    if done.returncode:
        raise BuildFailed(f"{built.path.name} does not work:\n{done.stderr.strip()[-2000:]}")
    return done.stdout
