"""Ends a stack's function workers without warning, as a machine that goes away does. Linux only: it reads /proc."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_PROC = Path("/proc")
_GLANCE = 0.01
"""Seconds between two looks at a worker: one that has run meanwhile is at work."""
_PATIENCE = 10
"""So many kills are let go by while the function that was hit last has no worker that serves again."""


@dataclass
class Killer:
    """Kills one worker that is at work, again and again, at times and in an order that ``seed`` gives.

    Which workers are at work at such a time is the machine's affair: a seed repeats the choice, not the run. A worker
    that is still starting is let be: where one of them dies, the emulator ends all workers of its function.
    """

    emulator: int
    seed: int
    every: float
    """Seconds between two kills, on average."""
    killed: Counter[str] = field(default_factory=Counter)
    """How often each function's worker was ended."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _hit: str = ""
    _spared: int = 0

    @contextmanager
    def at_large(self) -> Iterator[None]:
        """Kills from here on until the block ends."""
        thread = threading.Thread(target=self._run, name="killer")
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _run(self) -> None:
        chance = random.Random(self.seed)  # noqa: S311 - a schedule, no secret
        while not self._stop.wait(chance.expovariate(1 / self.every)):
            self._strike(chance)

    def _strike(self, chance: random.Random) -> None:
        """One worker that runs at this moment; none when all of them wait, or the last one has no successor yet."""
        if not self._recovered():
            return
        before = {pid: ran for pid in children(self.emulator) if _serves(pid) and (ran := _ran(pid)) is not None}
        time.sleep(_GLANCE)
        busy = {pid: name for pid, ran in before.items() if (_ran(pid) or ran) > ran and (name := function_of(pid))}
        if not busy:
            return
        pid = chance.choice(sorted(busy))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.killed[busy[pid]] += 1
            self._hit, self._spared = busy[pid], 0

    def _recovered(self) -> bool:
        """On a machine that is slow just now, nobody would come to an end otherwise."""
        self._spared += 1
        serving = (function_of(pid) for pid in children(self.emulator) if _serves(pid))
        return not self._hit or self._spared > _PATIENCE or self._hit in serving


def children(pid: int) -> list[int]:
    """The processes that this one started, from any of its threads."""
    found: list[int] = []
    for listed in _PROC.glob(f"{pid}/task/*/children"):
        with suppress(OSError):
            found.extend(int(each) for each in listed.read_text("ascii").split())
    return found


def function_of(pid: int) -> str:
    """The deployed name of the function that a worker runs; empty when it is gone, or is none."""
    with suppress(OSError):
        for setting in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
            if setting.startswith(b"AWS_LAMBDA_FUNCTION_NAME="):
                return setting.partition(b"=")[2].decode()
    return ""


def _serves(pid: int) -> bool:
    """Whether a worker has started: the first that it writes is that it is ready."""
    try:
        said = (_PROC / str(pid) / "io").read_text("ascii").split()
    except OSError:
        return False
    return int(said[said.index("wchar:") + 1]) > 0


def _ran(pid: int) -> int | None:
    """Nanoseconds that the process has run on a processor; None when it is gone."""
    try:
        return int((_PROC / str(pid) / "schedstat").read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None
