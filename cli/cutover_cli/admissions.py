"""What became of an announced candidate, looked up where it is recorded."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cutover.contracts.base import Digest
from cutover.contracts.holds import Hold, HoldRegister
from cutover.domain.holds import open_holds
from cutover.domain.record import FINAL, Admission, RevisionRecord, Status
from cutover.loading import load
from cutover_cli.output import CommandError, Exit, oneline
from cutover_cli.site import Site

POLL_SECONDS = 1.0
UNDER_WAY = frozenset({Status.ADMITTING, Status.COLLECTING, Status.VERIFYING, Status.BOUND})
"""It passes by itself, with nobody's help."""
GOOD = frozenset({Status.AWAITING_APPROVAL, Status.DEFERRED, Status.APPROVED, Status.AWAITING_WINDOW,
                  Status.HANDING_OFF, Status.HANDED_OFF, Status.REHEARSED})  # fmt: skip
"""It has passed all checks."""


class NotDecided(CommandError):
    """The candidate is announced, and its fate is not decided within the time that was given."""

    exit_code = Exit.REMOTE
    reason = "NOT_ANSWERED"


class Stopped(CommandError):
    """It was refused, held, or has ended without a hand-off; `reason` is the record's."""

    exit_code = Exit.REFUSED

    def __init__(self, fate: "Fate") -> None:
        super().__init__(fate.text())
        self.reason = fate.reason or fate.status.upper()
        self.fate = fate

    def document(self) -> dict[str, Any]:
        return self.fate.document()


@dataclass(frozen=True, slots=True)
class Fate:
    """How far an announcement came: refused, or the revision that it opened, with what holds that."""

    admission: Admission
    record: RevisionRecord | None = None
    holds: tuple[Hold, ...] = ()

    @property
    def status(self) -> Status:
        return self.record.status if self.record else self.admission.status

    @property
    def reason(self) -> str | None:
        return self.record.reason if self.record else self.admission.reason

    @property
    def decided(self) -> bool:
        return self.status not in UNDER_WAY

    def document(self) -> dict[str, Any]:
        """As plain JSON."""
        faults = [self.admission.fault, *self.admission.faults]
        return {
            "admission": self.admission.digest,
            "status": self.status.value,
            "cutover": self.record.cutover if self.record else None,
            "revision": self.record.revision if self.record else None,
            "faults": [each.model_dump(mode="json") for each in faults if each],
            "holds": [
                {name: getattr(hold, name) for name in ("code", "field", "found", "wanted", "mend", "owner")}
                for hold in self.holds
            ],
        }

    def text(self) -> str:
        """For a person."""
        if self.record is None:
            faults = (each for each in (self.admission.fault, *self.admission.faults) if each)
            lines = [f"  {each.pointer}: {each.message} ({each.code})" for each in faults]
            return "\n".join([f"{self.status}: {self.reason or 'nothing decided yet'}", *map(oneline, lines)])
        why = f": {self.record.reason}" if self.record.reason else ""
        first = f"{self.record.cutover} revision {self.record.revision} is {self.status}{why}"
        return "\n".join([first, *(f"  {said_of(hold)}" for hold in self.holds)])


def said_of(hold: Hold) -> str:
    """A hold on one line."""
    said = f"{hold.code} {hold.field}: found {hold.found}; wanted {hold.wanted}; {hold.mend} ({hold.owner})"
    return oneline(said)


def fate(site: Site, admission: Digest) -> Fate | None:
    """None while nothing is recorded under this digest."""
    found = site.records.admission(admission)
    if found is None or found.cutover is None or found.revision is None:
        return None if found is None else Fate(found)
    record = site.records.revision(found.cutover, found.revision)
    return Fate(found) if record is None else Fate(found, record, _holds(site, record))


def _holds(site: Site, record: RevisionRecord) -> tuple[Hold, ...]:
    stopped = record.status is Status.HELD or record.status in FINAL
    if not stopped or record.hold_register is None or site.store is None:
        return ()
    return open_holds(load(site.store, record.hold_register, HoldRegister))


def follow(site: Site, admission: Digest, *, seconds: float, say: Callable[[str], None]) -> Fate:
    """Waits until its fate is decided; ``say`` hears of each status on the way. Raises NotDecided."""
    deadline = time.monotonic() + seconds
    shown = ""
    while True:
        found = fate(site, admission)
        if found is not None and found.decided:
            return found
        if (now := found.status.value if found else "announced") != shown:
            say(shown := now)
        if time.monotonic() >= deadline:
            raise NotDecided(f"it is {shown}, and nothing was decided within {seconds:.0f} s")
        time.sleep(POLL_SECONDS)
