"""What the demo says while it works: numbered steps, what each one really did, and how long it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

_MARGIN = "        "


class Progress:
    """Prints to a terminal, a file or a pipe alike; `total` is the number of steps."""

    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total, self._number = console, total, 0
        self._began = time.monotonic()

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One step: its title at once, its time when it is over. A failed one is marked, and its error passes."""
        self._number += 1
        began = time.monotonic()
        head = Text(f"[{self._number}/{self._total}]".ljust(len(_MARGIN)), style="cyan")
        self._console.print(head.append(title, style="bold"), soft_wrap=True)
        try:
            yield
        except BaseException:
            self._line(f"failed after {time.monotonic() - began:.1f} s", "red")
            raise
        self._line(f"done in {time.monotonic() - began:.1f} s", "green")

    def say(self, text: str = "") -> None:
        """A line within the present step; never taken for markup, never cut."""
        self._line(text, "")

    def plain(self, text: str = "", style: str = "") -> None:
        """A line at the left edge."""
        self._console.print(Text(text, style=style), soft_wrap=True)

    @property
    def seconds(self) -> float:
        """Since the first step began."""
        return time.monotonic() - self._began

    def _line(self, text: str, style: str) -> None:
        self._console.print(Text(_MARGIN + text, style=style), soft_wrap=True)
