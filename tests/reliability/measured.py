"""What a part of the page says: a name, what was run, counts, and how it ended. Kept in docs/reliability.json."""

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "docs/reliability.json"
PAGE = ROOT / "docs/reliability.md"


class Count(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    count: int | str


class Part(BaseModel):
    """One part as it was run last: on which commit, for how long, with which outcome."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    command: str
    counts: tuple[Count, ...]
    seconds: Annotated[float, Field(ge=0)]
    outcome: Literal["held", "broken", "sampled"]
    """``sampled``: what was tried held or is counted, and not everything was tried."""
    commit: str
    machine: str


class Measured(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    parts: tuple[Part, ...] = ()

    def with_part(self, part: Part) -> "Measured":
        """The same, with this part in place of what it was before."""
        others = {each.name: each for each in self.parts}
        return Measured(parts=tuple((others | {part.name: part}).values()))

    def of(self, name: str) -> Part | None:
        return next((part for part in self.parts if part.name == name), None)


def read() -> Measured:
    return Measured.model_validate_json(KEPT.read_bytes()) if KEPT.exists() else Measured()


def write(measured: Measured) -> None:
    KEPT.write_text(json.dumps(measured.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n", "utf-8")


def commit() -> str:
    """The commit that is checked out, with a plus when the tree differs from it."""
    named = _git("rev-parse", "--short=9", "HEAD")
    return named + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], check=True, capture_output=True, text=True, cwd=ROOT)
    return done.stdout.strip()


def machine() -> str:
    return f"{os.cpu_count()} cores, Python {platform.python_version()}"
