"""Who is told what happened: driven by the main table's stream, and every minute by what is not said yet.

A look that fails is logged and left: what is still to be said stands in the correspondence, or follows from the record,
and the minute finds it. So nothing holds up what stands behind it in the stream.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cutover.domain.policy import Policy
from cutover.errors import IntegrityError, Refused
from cutover.messaging.looking import Looking
from cutover.ports import Clock, Messages, Unreadable

BATCH = 1_000
"""Correspondences looked at in a minute; most cost one reading."""
SPEAK_FOR = timedelta(seconds=30)
"""So long a minute's run goes on; what is left is due in the next."""
Report = Callable[[str, Exception], None]
"""Told what could not be looked after, by its name, and why."""
_CUTOVER = re.compile(r"CUTOVER#(.{1,120})", re.ASCII)
_REVISION = re.compile(r"REVISION#(\d{6})", re.ASCII)


def revisions(stream: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, int], ...]:
    """Each revision whose record changed in a stream's batch, once, in order."""
    found = []
    for record in stream:
        key = record.get("dynamodb", {}).get("Keys", {})
        primary, sort = (key.get(name, {}).get("S", "") for name in ("pk", "sk"))
        cutover, revision = _CUTOVER.fullmatch(primary), _REVISION.fullmatch(sort)
        if record.get("eventName") != "REMOVE" and cutover and revision:
            found.append((cutover[1], int(revision[1])))
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Messenger:
    looking: Looking
    messages: Messages
    clock: Clock
    report: Report

    def changed(self, stream: Iterable[Mapping[str, Any]]) -> dict[str, int]:
        """How often each outcome of a look came; ``parked``: it failed, and comes again."""
        done: Counter[str] = Counter()
        for cutover, revision in revisions(stream):
            done[self._guarded(cutover, revision)] += 1
        return dict(done)

    def minute(self) -> dict[str, int]:
        """Whatever is not said to its end: reminders, deputies, and what the stream did not bring."""
        done: Counter[str] = Counter()
        try:
            policy = self.looking.messaging.policies.active()
        except Refused as refused:
            self.report("policy", refused)
            return dict(done)
        started = self.clock.now()
        for said in self.messages.open(limit=BATCH):
            if self.clock.now() - started >= SPEAK_FOR:
                break
            if isinstance(said, Unreadable):
                self.report(said.key, IntegrityError(f"{said.key} cannot be read"))
                done["parked"] += 1
                continue
            done[self._guarded(said.cutover, said.revision, policy)] += 1
        return dict(done)

    def _guarded(self, cutover: str, revision: int, policy: Policy | None = None) -> str:
        try:
            return self.looking.look(cutover, revision, policy)
        except Exception as error:  # noqa: BLE001 - one that cannot be told must not hold up the others
            self.report(f"{cutover}#{revision}", error)
            return "parked"
