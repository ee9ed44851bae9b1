"""A small interpreter of the state machine's own language, so that the real definition runs in milliseconds.

It knows exactly what ``statemachine/cutover.asl.json`` uses (classic JSONPath) and refuses anything
else. Executions advance one state at a time: a schedule can interleave them, kill them, or leave
them waiting on a token. Times are the fake clock's.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

_RESTING = frozenset({"WAITING", "SLEEPING"})
Invoke = Callable[[str, Any], Any]
"""Function name and payload to answer; raises what the function raises."""


class Unsupported(Exception):
    """The definition uses something that this interpreter, and so our common ground, does not know."""


@dataclass
class Execution:
    """One execution. ``status``: RUNNING, WAITING (on a token), SLEEPING (in a Wait), SUCCEEDED, FAILED or STOPPED."""

    name: str
    document: Any
    state: str
    status: str = "RUNNING"
    token: str | None = None
    until: datetime | None = None
    visited: list[str] = field(default_factory=list)
    retries: dict[int, int] = field(default_factory=dict)
    moves: int = 0
    """Rises whenever it goes on to a state, or is stopped: what a function answers after that is for nobody."""
    busy: bool = False
    """A function that it called is running at this moment."""


class Interpreter:
    """Runs executions of one definition."""

    def __init__(
        self,
        definition: dict[str, Any],
        invoke: Invoke,
        now: Callable[[], datetime],
        pause: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self._definition = definition
        self._invoke = invoke
        self._now = now
        self._pause = pause
        self.executions: dict[str, Execution] = {}
        self.flowed: list[Any] = []
        """Each document that went from one state to the next."""
        self._tokens = 0

    def start(self, name: str, document: Any) -> Execution:
        """An execution of a name starts once."""
        if name not in self.executions:
            self.executions[name] = Execution(name, copy.deepcopy(document), self._definition["StartAt"])
        return self.executions[name]

    def succeed(self, token: str) -> bool:
        """Wake whoever waits on a token; False when nobody does."""
        waiting = [each for each in self.executions.values() if each.token == token and each.status == "WAITING"]
        for execution in waiting:
            state = self._definition["States"][execution.state]
            self._leave(execution, state, {"woken": True})
        return bool(waiting)

    def stop(self, name: str) -> None:
        """As ``StopExecution``: whatever runs for it goes on, and is answered to nobody."""
        execution = self.executions[name]
        execution.moves += 1
        execution.status, execution.token, execution.until = "STOPPED", None, None

    def ready(self, execution: Execution) -> bool:
        """Whether ``step`` would do something."""
        over = execution.until is not None and self._now() >= execution.until
        return not execution.busy and (execution.status == "RUNNING" or (execution.status in _RESTING and over))

    def step(self, execution: Execution) -> bool:
        """Run one state; False when the execution has nothing to do now."""
        if not self.ready(execution):
            return False
        execution.busy = True
        try:
            return self._step(execution)
        finally:
            execution.busy = False

    def _step(self, execution: Execution) -> bool:
        now = self._now()
        if execution.status in _RESTING and execution.until is not None and now >= execution.until:
            state = self._definition["States"][execution.state]
            if execution.status == "WAITING":
                self._caught(execution, state, "States.Timeout")
            else:
                self._go(execution, state["Next"])
            return True
        self._run(execution, execution.state, self._definition["States"][execution.state])
        return True

    def _run(self, execution: Execution, name: str, state: dict[str, Any]) -> None:
        if execution.visited[-1:] != [name]:  # a retry enters nothing
            execution.visited.append(name)
            self.flowed.append(copy.deepcopy(execution.document))
        kind = state["Type"]
        if kind == "Task":
            self._task(execution, state)
        elif kind == "Parallel":
            self._parallel(execution, state)
        elif kind == "Choice":
            self._go(execution, self._choose(state, execution.document))
        elif kind == "Wait":
            execution.status, execution.until = "SLEEPING", self._now() + timedelta(seconds=state["Seconds"])
        elif kind in {"Succeed", "Fail"}:
            execution.status = "SUCCEEDED" if kind == "Succeed" else "FAILED"
        else:
            raise Unsupported(f"{name}: {kind}")

    def _parallel(self, execution: Execution, state: dict[str, Any]) -> None:
        """The branches run one after another. What comes of them after the execution was stopped is for nobody."""
        moves = execution.moves
        try:
            results = [self._branch(execution, branch) for branch in state["Branches"]]
        except Exception as error:  # noqa: BLE001 - whatever a function raises is the machine's to route
            if execution.moves == moves:
                self._caught(execution, state, type(error).__name__)
            return
        if execution.moves == moves:
            self._leave(execution, state, results)

    def _task(self, execution: Execution, state: dict[str, Any]) -> None:
        if state["Resource"].endswith(".waitForTaskToken"):
            self._tokens += 1
            execution.token = f"token-{self._tokens}"
            execution.status = "WAITING"
            execution.until = self._now() + timedelta(seconds=state["TimeoutSeconds"])
        moves = execution.moves
        try:
            answer = self._call(execution, state, execution.document, sum(execution.retries.values()))
        except Exception as error:  # noqa: BLE001 - whatever a function raises is the machine's to route
            if execution.moves == moves:
                self._failed(execution, state, type(error).__name__)
            return
        if execution.moves != moves:
            return  # its token was answered, or it was stopped, while the function ran
        execution.retries.clear()
        if execution.status != "WAITING":
            self._leave(execution, state, answer)

    def _call(self, execution: Execution, state: dict[str, Any], document: Any, retries: int) -> Any:
        context = {
            "Task": {"Token": execution.token}, "Execution": {"Name": execution.name}, "State": {"RetryCount": retries},
        }  # fmt: skip
        parameters = resolved(state["Parameters"], document, context)
        answer = self._invoke(parameters["FunctionName"].removeprefix("${").removesuffix("Arn}"), parameters["Payload"])
        selector = state.get("ResultSelector")
        return resolved(selector, {"Payload": answer}, context) if selector else answer

    def _failed(self, execution: Execution, state: dict[str, Any], error: str) -> None:
        """Retry after its pause, then Catch, then fail."""
        pause = _may_retry(state, error, execution.retries)
        if pause is not None:
            self._pause(pause)
        else:
            execution.retries.clear()
            self._caught(execution, state, error)

    def _caught(self, execution: Execution, state: dict[str, Any], error: str) -> None:
        for catcher in state.get("Catch", ()):
            if "States.ALL" in catcher["ErrorEquals"]:
                self._place(execution, catcher["ResultPath"], {"Error": error, "Cause": "hidden"})
                self._go(execution, catcher["Next"])
                return
        execution.status = "FAILED"

    def _branch(self, execution: Execution, branch: dict[str, Any]) -> Any:
        """A branch's states run to their end at once; its own Catch is honoured."""
        document, name = copy.deepcopy(execution.document), branch["StartAt"]
        while True:
            state = branch["States"][name]
            execution.visited.append(name)
            if state["Type"] == "Pass":
                document = state.get("Result", document)
            else:
                try:
                    document = self._retried(execution, state, document)
                except Exception:
                    if "Catch" not in state:
                        raise
                    name = state["Catch"][0]["Next"]
                    continue
            if state.get("End"):
                return document
            name = state["Next"]

    def _retried(self, execution: Execution, state: dict[str, Any], document: Any) -> Any:
        retries: dict[int, int] = {}
        while True:
            try:
                return self._call(execution, state, document, sum(retries.values()))
            except Exception as error:
                pause = _may_retry(state, type(error).__name__, retries)
                if pause is None:
                    raise
                self._pause(pause)

    def _leave(self, execution: Execution, state: dict[str, Any], answer: Any) -> None:
        self._place(execution, state.get("ResultPath", "$"), answer)
        self._go(execution, state["Next"])

    def _go(self, execution: Execution, state: str) -> None:
        execution.moves += 1
        execution.state, execution.status, execution.token, execution.until = state, "RUNNING", None, None

    @staticmethod
    def _place(execution: Execution, path: str, answer: Any) -> None:
        if path == "$":
            execution.document = answer
        else:
            execution.document = {**execution.document, path.removeprefix("$."): answer}

    @staticmethod
    def _choose(state: dict[str, Any], document: Any) -> str:
        for choice in state["Choices"]:
            if _path(choice["Variable"], document) == choice["StringEquals"]:
                return str(choice["Next"])
        return str(state["Default"])


def resolved(template: Any, document: Any, context: dict[str, Any]) -> Any:
    """A payload template with its paths replaced: ``$.`` into the document, ``$$.`` into the context object."""
    if not isinstance(template, dict):
        return template
    filled = {}
    for key, value in template.items():
        if not key.endswith(".$"):
            filled[key] = resolved(value, document, context)
        elif value.startswith("$$."):
            filled[key.removesuffix(".$")] = _path(value.removeprefix("$"), context)
        else:
            filled[key.removesuffix(".$")] = copy.deepcopy(_path(value, document))
    return filled


def _may_retry(state: dict[str, Any], error: str, retries: dict[int, int]) -> float | None:
    """The seconds to wait if the first retrier that names the error has a try left, which it counts; else None."""
    for index, retrier in enumerate(state.get("Retry", ())):
        if error in retrier["ErrorEquals"] or "States.TaskFailed" in retrier["ErrorEquals"]:
            retries[index] = retries.get(index, 0) + 1
            if retries[index] > retrier["MaxAttempts"]:
                return None
            pause = retrier["IntervalSeconds"] * retrier["BackoffRate"] ** (retries[index] - 1)
            return float(min(pause, retrier.get("MaxDelaySeconds", pause)))
    return None


def _path(path: str, document: Any) -> Any:
    value = document
    for part in path.split(".")[1:]:
        value = value[part]
    return value
