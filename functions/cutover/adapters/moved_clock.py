"""The host's clock, moved: drills on one machine let hours pass so."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path


@dataclass(frozen=True)
class MovedClock:
    """Implements ``Clock``: as many seconds ahead as ``file`` says, read at every look.

    Without that file there is no time at all: what asks fails. No template names one (``infra.refusals``).
    """

    file: Path

    def now(self) -> datetime:
        """UTC. Raises ``OSError`` or ``ValueError`` where the file says no number."""
        return datetime.now(UTC) + timedelta(seconds=int(self.file.read_text("ascii")))
