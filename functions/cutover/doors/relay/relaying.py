"""The relay: the only one that talks to Step Functions. It reads records and tokens; it decides nothing.

Driven by the streams of both tables, and by the clock as repair. Whatever it misses is due again,
so a message that cannot be handled is logged and left, and never holds up those behind it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cutover.domain import canonical, waits
from cutover.domain.record import FINAL, Admission, RevisionRecord, Signal
from cutover.domain.schedule import PATIENCE
from cutover.ports import Clock, Records, Tokens, Workflow

_REVISION = re.compile(r"REVISION#(\d{6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Concern:
    """What a stream record is about: an admission, or a revision."""

    admission: str | None = None
    cutover: str = ""
    revision: int = 0


def concerns(stream: Iterable[Mapping[str, Any]]) -> tuple[Concern, ...]:
    """Each admission or revision of a stream's batch once, in order; other items concern nobody."""
    found = (_concern(record) for record in stream if record.get("eventName") != "REMOVE")
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _concern(record: Mapping[str, Any]) -> Concern | None:
    """From the item's key alone; whether it still carries a signal is read where it matters."""
    key = record.get("dynamodb", {}).get("Keys", {})
    primary, sort = (key.get(name, {}).get("S", "") for name in ("pk", "sk"))
    kind, _, rest = primary.partition("#")
    if (kind, sort) == ("ADMISSION", "ADMISSION"):
        return Concern(admission=rest)
    if kind != "CUTOVER":
        return None
    if match := _REVISION.fullmatch(sort):
        return Concern(cutover=rest, revision=int(match[1]))
    if sort == "TOKEN":
        cutover, _, revision = rest.rpartition("#")
        return Concern(cutover=cutover, revision=int(revision))
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    records: Records
    tokens: Tokens
    workflow: Workflow
    clock: Clock

    def settle(self, concern: Concern) -> str:
        """Start or wake what this concerns: ``started``, ``woken``, ``orphaned``, or ``skipped``."""
        if concern.admission is not None:
            return self._start(concern.admission)
        return self._wake(concern.cutover, concern.revision)

    def _start(self, digest: str) -> str:
        admission = self.records.admission(digest)
        if admission is None or admission.signal is not Signal.START:
            return "skipped"
        document: dict[str, object] = {
            "begin": "admit", "admission": admission.digest, "attempt": admission.attempt,
        }  # fmt: skip
        self.workflow.start(execution_name(admission), document)
        self.records.clear_signal(admission)
        return "started"

    def _wake(self, cutover: str, revision: int) -> str:
        token, record = self.tokens.newest(cutover, revision), self.records.revision(cutover, revision)
        if record is None:
            return "skipped"
        if token is not None and token.execution < record.execution:
            # Its execution was taken for lost. If it waits after all, it wakes, reads that it is fenced, and ends.
            self.workflow.succeed(token)
            self.tokens.delete(token)
            token = None
        if record.signal is Signal.START:
            return self._resume(record)
        now = self.clock.now()
        if token is None or not waits.over(token.state, record, now):
            # Without a token nobody waits yet. The wait's own token comes through here, and may get lost: so of what
            # has ended the clock reminds us until its execution has had its time to wait, or to end.
            if token is None and record.status in FINAL and now >= record.moved_at + PATIENCE:
                self.records.clear_signal(record)
            if token is not None and record.signal is Signal.WAKE:
                # It waits, and rightly: what there was to be told it has read already, on its way here.
                self.records.clear_signal(record)
            return "skipped"
        woken = self.workflow.succeed(token)
        self.tokens.delete(token)
        if not woken and record.status not in FINAL:
            # Nobody waits on it: the execution was stopped, failed or timed out. The record says what to do, and the
            # clock gives it to another one.
            self.records.nudge(record, signal=Signal.ADOPT, due_at=self.clock.now())
            return "orphaned"
        self.records.clear_signal(record)
        return "woken"

    def _resume(self, record: RevisionRecord) -> str:
        """An execution for a revision that stands in the record: opened without a candidate's, or adopted."""
        reference = {
            "cutover": record.cutover, "revision": record.revision, "execution": record.execution,
            "status": record.status.value,
        }  # fmt: skip
        self.workflow.start(revision_execution_name(record), {"begin": "resume", "record": reference})
        self.records.clear_signal(record)
        return "started"


def execution_name(admission: Admission) -> str:
    """One name for each attempt at an admission, so that starting it twice is starting it once."""
    return f"admission-{admission.digest.removeprefix('sha256:')[:40]}-{admission.attempt}"


def revision_execution_name(record: RevisionRecord) -> str:
    """One name for each execution of a revision."""
    mark = canonical.digest(f"{record.cutover}#{record.revision}".encode()).removeprefix("sha256:")
    return f"revision-{mark[:40]}-{record.execution}"
