"""Follows one release through the stack from outside: its execution's history and its record."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from cutover.contracts.base import Digest
from cutover.contracts.holds import Hold, HoldRegister
from cutover.domain import holds
from cutover.domain.record import FINAL, Admission, RevisionRecord, Status
from cutover.loading import load
from cutover.ports import Records, Store
from cutover_cli.demo import road
from cutover_cli.demo.errors import NotAsPromised, ReleaseStopped, StepTimedOut
from cutover_cli.demo.logs import last_errors
from cutover_cli.demo.progress import Progress
from cutover_cli.local.stack import LocalStack
from cutover_cli.output import CommandError

T = TypeVar("T")
_POLL_SECONDS = 0.2
_BROKEN = frozenset({"ABORTED", "FAILED", "TIMED_OUT"})


class Follower:
    """One announced candidate. It only reads; what it prints is what the history and the record say."""

    def __init__(
        self,
        stack: LocalStack,
        progress: Progress,
        *,
        admission: Digest,
        definition: Mapping[str, Any],
        records: Records,
        store: Store,
    ) -> None:
        self._stack, self._progress = stack, progress
        self._admission, self._definition = admission, definition
        self._records, self._store = records, store
        self._execution: str | None = None
        self._printed = 0
        self._revision: int | None = None

    def until(self, what: str, ready: Callable[[], T | None], *, seconds: float) -> T:
        """Waits for `ready` to give something, and prints states as they are entered.

        Raises ReleaseStopped when the release ends or is held before; StepTimedOut after `seconds`, with the
        last errors of the functions.
        """
        deadline = time.monotonic() + seconds
        while True:
            stopped = self._stopped()  # looked at first: what has been awaited may itself be a stop, such as a hold
            found = ready()
            self.show()
            if found is not None:
                return found
            if stopped is not None:
                raise stopped
            if time.monotonic() > deadline:
                raise StepTimedOut(f"no {what} within {seconds:.0f} s.{last_errors(self._stack)}")
            time.sleep(_POLL_SECONDS)

    def admission(self) -> Admission | None:
        """What Intake and Admit wrote down about exactly this announcement."""
        return self._records.admission(self._admission)

    def record(self) -> RevisionRecord | None:
        """The revision that it opened."""
        found = self.admission()
        if found is None or found.cutover is None or found.revision is None:
            return None
        return self._records.revision(found.cutover, self._revision or found.revision)

    def go_on_with(self, revision: int) -> None:
        """From here on: a revision that followed the first one, in an execution of its own."""
        self._revision, self._execution, self._printed = revision, None, 0

    def open_holds(self, record: RevisionRecord) -> tuple[Hold, ...]:
        """What keeps a revision from being bound."""
        if record.hold_register is None:
            return ()
        return holds.open_holds(load(self._store, record.hold_register, HoldRegister))

    def reached(self, *statuses: Status) -> Callable[[], RevisionRecord | None]:
        """For `until`: the record, once it has one of these statuses."""

        def ready() -> RevisionRecord | None:
            found = self.record()
            return found if found is not None and found.status in statuses else None

        return ready

    def execution(self) -> str | None:
        """The ARN of the execution that was started for this announcement."""
        if self._execution is None:
            for arn in self._stack.executions():
                described = self._stack.clients.stepfunctions.describe_execution(executionArn=arn)
                if self._is_ours(json.loads(described.get("input", "{}"))):
                    self._execution = arn
                    break
        return self._execution

    def _is_ours(self, given: Mapping[str, Any]) -> bool:
        if self._revision is None:
            return given.get("admission") == self._admission
        record, served = self.record(), given.get("record", {})
        return record is not None and (served.get("cutover"), served.get("revision")) == (
            record.cutover, record.revision
        )  # fmt: skip

    def status(self) -> str | None:
        """What Step Functions says of the execution; None before it is started."""
        arn = self.execution()
        if arn is None:
            return None
        return self._stack.clients.stepfunctions.describe_execution(executionArn=arn)["status"]

    def succeeded(self) -> bool | None:
        """For `until`: whether the execution has succeeded."""
        return self.status() == "SUCCEEDED" or None

    def states(self) -> list[str]:
        """The states entered so far, in order."""
        arn = self.execution()
        return road.visited(self._stack.history(arn), self._definition) if arn else []

    def kept_to_the_road(self) -> int:
        """How many states it took. Raises NotAsPromised unless they are those of the main road."""
        entered = self.states()
        road.check(entered, self._definition, resumed=self._revision is not None)
        return len(set(entered))

    def show(self) -> None:
        """Prints the states that were entered since the last time, on one line."""
        entered = self.states()
        if new := entered[self._printed :]:
            self._progress.say(f"{self._progress.seconds:5.1f} s  {' · '.join(new)}")
            self._printed = len(entered)

    def _stopped(self) -> CommandError | None:
        """Why it goes no further, if so."""
        admission, record = self.admission(), self.record()
        if record is None and admission is not None and admission.status is Status.REFUSED:
            faults = [admission.fault, *admission.faults]
            lines = [f"{fault.pointer}: {fault.message} ({fault.code})" for fault in faults if fault]
            return ReleaseStopped("\n  ".join([f"the candidate was refused: {admission.reason}", *lines]))
        if record is None or record.status is Status.HANDED_OFF:
            return None
        if record.status is Status.HELD:
            return ReleaseStopped("\n  ".join([f"{record.cutover} is held:", *self._holds(record)]))
        if record.status in FINAL:
            lines = self._holds(record)
            return ReleaseStopped("\n  ".join([f"{record.cutover} ended {record.status}: {record.reason}", *lines]))
        if (status := self.status()) in _BROKEN:
            return NotAsPromised(f"the execution ended {status}.{last_errors(self._stack)}")
        return None

    def _holds(self, record: RevisionRecord) -> list[str]:
        return [
            f"{hold.code} at {hold.field}: found {hold.found}; wanted {hold.wanted}; to mend it: {hold.mend}"
            for hold in self.open_holds(record)
        ]
