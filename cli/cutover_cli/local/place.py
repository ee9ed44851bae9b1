"""Where a local stack keeps what it must remember, and who may change it."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cutover_cli.local.errors import StackBusy, ToolMissing

STATE_DIR = Path(".cutover/local")


def repository() -> Path:
    """The checkout that the stack is built from. Raises ToolMissing outside of one."""
    for root in (Path(__file__).resolve().parents[3], Path.cwd()):
        if (root / "infra" / "app.py").is_file():
            return root
    raise ToolMissing("the local stack is built from a checkout of Cutover; run this command in one")


@dataclass(frozen=True)
class Place:
    """The files of one local stack. Two places are two independent stacks."""

    folder: Path

    @classmethod
    def at(cls, folder: Path | None = None) -> "Place":
        """The place in `folder`; by default the one of this checkout."""
        return cls((folder or repository() / STATE_DIR).resolve())

    @property
    def emulator(self) -> Path:
        """Process id and port of the emulator."""
        return self.folder / "emulator.json"

    @property
    def stack(self) -> Path:
        """What is deployed, and its outputs; there only when the deployment is complete."""
        return self.folder / "stack.json"

    @property
    def log(self) -> Path:
        """All that the emulator says."""
        return self.folder / "emulator.log"

    @property
    def alive(self) -> Path:
        """Locked by the emulator for as long as it lives."""
        return self.folder / "alive.lock"

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Holds the right to start, deploy and stop. Raises StackBusy when someone else has it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "change.lock").open("w", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StackBusy(f"another `cutover local` is changing the stack in {self.folder}") from None
            yield


def write_json(path: Path, document: object) -> None:
    """Writes `document` so that a reader sees all of it or the one before."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    draft.replace(path)


def read_json(path: Path) -> dict[str, Any] | None:
    """The document at `path`, or None where there is none."""
    try:
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    return document
