"""What is known when one revision is looked at, and what one look says."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from cutover.domain.correspondence import Correspondence
from cutover.domain.emergencies import Timers
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord, named
from cutover.domain.telling import Standing
from cutover.messaging.wording import Again
from cutover.packages import Package


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One look: a record, and everything that is needed to speak of it. ``package`` only while questions are open."""

    record: RevisionRecord
    policy: Policy
    timers: Timers
    package: Package | None
    standing: Standing | None
    now: datetime
    again: Again | None = None

    @property
    def bound(self) -> Package:
        """``DocumentMissing`` where it was not read."""
        return named(self.package, "package")


@dataclass(slots=True)
class Said:
    """What one run said. ``failed``: why something is still to be said; whoever called raises it, once all else is."""

    correspondence: Correspondence
    until: datetime
    """Nothing more is begun after that: what was said has to be written down before the function's time is over."""
    counted: Counter[str] = field(default_factory=Counter)
    failed: list[Exception] = field(default_factory=list)
