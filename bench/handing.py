"""From the last approval to the message in the queue, on the local stack: relay, wait, proof, send."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from bench.measuring import Row, Timing
from cutover_cli.demo.progress import Progress
from cutover_cli.demo.run import STEPS, Demo, Options
from cutover_cli.demo.workspace import Workspace

GROUP = "On the local stack"
_FOLDER = Path("build/bench-demo")


class _Stopwatch(Progress):
    """Remembers when the demo said what: it says so as soon as it has happened."""

    def __init__(self) -> None:
        super().__init__(Console(file=io.StringIO()), STEPS)
        self.heard: dict[str, float] = {}

    def say(self, text: str = "") -> None:
        word = "approved" if text.endswith("approved") else text.split(" ", 1)[0]
        self.heard[word] = time.monotonic()  # of two approvals the later one stays


def rows(root: Path) -> Iterator[Row]:
    """One release of this project, with a stack of its own, ended afterwards."""
    watch = _Stopwatch()
    began = time.monotonic()
    Demo(Options(root, Workspace((root / _FOLDER).resolve()), auto=True, down=True), watch).run()
    whole = Timing.of([(time.monotonic() - began) * 1000])
    waited = Timing.of([(watch.heard["message"] - watch.heard["approved"]) * 1000])
    yield Row(GROUP, "quorum to message", waited, note="looked at five times a second; emulated services")
    yield Row(GROUP, "the whole demo", whole, note="build, stack, release, approvals, message, verification")
