"""Synthesizes the development stage for the emulator, or takes what the same files gave before."""

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cutover_cli.local.errors import SynthesisFailed
from cutover_cli.local.place import repository

STAGE = "development"

_INPUTS = ("functions", "infra", "statemachine", "pyproject.toml", "uv.lock")

_KEPT = 6  # a second process may be deploying one that is no longer the newest


@dataclass(frozen=True)
class Assembly:
    """One stack of a cloud assembly: its name, its template, and the manifest of the assets it refers to."""

    stack_name: str
    template: Path
    assets: Path

    @cached_property
    def document(self) -> dict[str, Any]:
        """The template, parsed."""
        document: dict[str, Any] = json.loads(self.template.read_text("utf-8"))
        return document

    def of_type(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """Logical id and properties of each resource of that type, such as AWS::S3::Bucket."""
        found = self.document["Resources"].items()
        return [(logical, each.get("Properties", {})) for logical, each in found if each["Type"] == kind]


def synthesize() -> Assembly:
    """The assembly of this checkout as it is now. The Lambda package is built for this interpreter.

    Runs `python -m infra.app` unless its inputs are those of the last run. Raises SynthesisFailed.
    """
    root = repository()
    kept = root / ".cutover" / "synth"
    kept.mkdir(parents=True, exist_ok=True)
    with (kept / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # whoever comes second takes what the first one made
        folder = kept / _digest(root)[:16]
        if not folder.is_dir():
            _run(root, folder)
    (template,) = folder.glob("*.template.json")
    name = template.name.removesuffix(".template.json")
    return Assembly(name, template, folder / f"{name}.assets.json")


def _run(root: Path, folder: Path) -> None:
    draft = folder.parent / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "infra.app",
        "--stage",
        STAGE,
        "--flavour",
        "local",
        "--output",
        draft,
    ]
    done = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(draft, ignore_errors=True)
        raise SynthesisFailed(f"the CDK app did not synthesize:\n{done.stderr.strip()}")
    draft.replace(folder)  # complete or not there
    made = [each for each in folder.parent.iterdir() if each.is_dir()]
    for older in sorted(made, key=lambda each: each.stat().st_mtime, reverse=True)[_KEPT:]:
        shutil.rmtree(older, ignore_errors=True)


def _digest(root: Path) -> str:
    """Over the bytes and names of all that the template and the package are made from."""
    state = hashlib.sha256(sys.version.encode())
    for path in _files(root):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        state.update(f"{path.relative_to(root).as_posix()}\0{content}\0".encode())
    return state.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for name in _INPUTS:
        top = root / name
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
