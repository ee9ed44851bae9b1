"""Runs `uv`: the project's own under `.tools/`, or one that is installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.config import ROOT

TOOLS = ROOT / ".tools" / "bin"


def executable() -> Path:
    """The uv to use. Raises FileNotFoundError when there is none."""
    found = os.environ.get("UV") or shutil.which("uv", path=str(TOOLS)) or shutil.which("uv")
    if not found:
        raise FileNotFoundError("uv is missing: run `make setup`")
    return Path(found)


def run(*arguments: str | Path) -> None:
    """Runs uv in the project's folder, its chatter on stderr. Raises CalledProcessError when it fails."""
    command: list[str | Path] = [executable(), *arguments, "--quiet", "--no-progress"]
    subprocess.run(command, check=True, cwd=ROOT, env=_environment(), stdout=sys.stderr)


def find_interpreter(version: str) -> Path | None:
    """An installed Python of that version (such as 3.14), or None. Downloads nothing."""
    command: list[str | Path] = [
        executable(),
        "python",
        "find",
        version,
        "--no-project",
        "--system",
        "--no-python-downloads",
    ]
    done = subprocess.run(command, check=False, cwd=ROOT, env=_environment(), capture_output=True, text=True)
    return Path(done.stdout.strip()) if done.returncode == 0 else None


def _environment() -> dict[str, str]:
    """uv does not read pip's settings: a package mirror that only pip knows is handed on."""
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    if not environment.keys() & {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} and (index := _index_of_pip()):
        environment["UV_DEFAULT_INDEX"] = index
    return environment


def _index_of_pip() -> str:
    if index := os.environ.get("PIP_INDEX_URL"):
        return index
    pip = TOOLS / "pip"
    if not pip.is_file():
        return ""
    command: list[str | Path] = [pip, "config", "get", "global.index-url"]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
