"""A clock that is moved: drills on one machine let hours pass so."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cutover.ports import Clock


@dataclass(frozen=True)
class MovedClock:
    """Implements ``Clock``: as many seconds ahead of ``clock`` as ``file`` says, read at every look.

    Without that file there is no time at all: what asks fails. Only tests name one (``Settings.of_a_test``).
    """

    clock: Clock
    file: Path

    def now(self) -> datetime:
        """UTC. Raises ``OSError`` or ``ValueError`` where the file says no number, or one below 0."""
        ahead = int(self.file.read_text("ascii"))
        if ahead < 0:
            raise ValueError(f"the clock is behind by {-ahead} s: a key that was revoked would count again")
        return self.clock.now() + timedelta(seconds=ahead)
