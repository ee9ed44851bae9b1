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

Invoke = Callable[[str, Any], Any]
"""Function name and payload to answer; raises what the function raises."""


class Unsupported(Exception):
    """The definition uses something that this interpreter, and so our common ground, does not know."""


@dataclass
class Execution:
    """One execution. ``status``: RUNNING, WAITING (on a token), SLEEPING (in a Wait), SUCCEEDED or FAILED."""

    name: str
    document: Any
    state: str
    status: str = "RUNNING"
    token: str | None = None
    until: datetime | None = None
    visited: list[str] = field(default_factory=list)
    retries: dict[int, int] = field(default_factory=dict)


class Interpreter:
    """Runs executions of one definition."""

    def __init__(self, definition: dict[str, Any], invoke: Invoke, now: Callable[[], datetime]) -> None:
        self._definition = definition
        self._invoke = invoke
        self._now = now
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

    def step(self, execution: Execution) -> bool:
        """Run one state; False when the execution has nothing to do now."""
        now = self._now()
        if execution.status in {"WAITING", "SLEEPING"} and execution.until is not None and now >= execution.until:
            state = self._definition["States"][execution.state]
            if execution.status == "WAITING":
                self._caught(execution, state, "States.Timeout")
            else:
                self._go(execution, state["Next"])
            return True
        if execution.status != "RUNNING":
            return False
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
            try:
                results = [self._branch(execution, branch) for branch in state["Branches"]]
            except Exception as error:  # noqa: BLE001 - whatever a function raises is the machine's to route
                self._caught(execution, state, type(error).__name__)
            else:
                self._leave(execution, state, results)
        elif kind == "Choice":
            self._go(execution, self._choose(state, execution.document))
        elif kind == "Wait":
            execution.status, execution.until = "SLEEPING", self._now() + timedelta(seconds=state["Seconds"])
        elif kind in {"Succeed", "Fail"}:
            execution.status = "SUCCEEDED" if kind == "Succeed" else "FAILED"
        else:
            raise Unsupported(f"{name}: {kind}")

    def _task(self, execution: Execution, state: dict[str, Any]) -> None:
        if state["Resource"].endswith(".waitForTaskToken"):
            self._tokens += 1
            execution.token = f"token-{self._tokens}"
            execution.status = "WAITING"
            execution.until = self._now() + timedelta(seconds=state["TimeoutSeconds"])
        try:
            answer = self._call(execution, state, execution.document)
        except Exception as error:  # noqa: BLE001 - whatever a function raises is the machine's to route
            self._failed(execution, state, type(error).__name__)
            return
        execution.retries.clear()
        if execution.status != "WAITING":
            self._leave(execution, state, answer)

    def _call(self, execution: Execution, state: dict[str, Any], document: Any) -> Any:
        parameters = self._resolve(state["Parameters"], document, execution)
        answer = self._invoke(parameters["FunctionName"].removeprefix("${").removesuffix("Arn}"), parameters["Payload"])
        selector = state.get("ResultSelector")
        return self._resolve(selector, {"Payload": answer}, execution) if selector else answer

    def _failed(self, execution: Execution, state: dict[str, Any], error: str) -> None:
        """Retry at once (the schedule decides about time), then Catch, then fail."""
        if not _may_retry(state, error, execution.retries):
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
                return self._call(execution, state, document)
            except Exception as error:
                if not _may_retry(state, type(error).__name__, retries):
                    raise

    def _leave(self, execution: Execution, state: dict[str, Any], answer: Any) -> None:
        self._place(execution, state.get("ResultPath", "$"), answer)
        self._go(execution, state["Next"])

    def _go(self, execution: Execution, state: str) -> None:
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

    def _resolve(self, template: Any, document: Any, execution: Execution) -> Any:
        if not isinstance(template, dict):
            return template
        resolved = {}
        for key, value in template.items():
            if not key.endswith(".$"):
                resolved[key] = self._resolve(value, document, execution)
            elif value.startswith("$$."):
                context = {"Task": {"Token": execution.token}, "Execution": {"Name": execution.name}}
                resolved[key.removesuffix(".$")] = _path(value.removeprefix("$"), context)
            else:
                resolved[key.removesuffix(".$")] = copy.deepcopy(_path(value, document))
        return resolved


def _may_retry(state: dict[str, Any], error: str, retries: dict[int, int]) -> bool:
    """Whether the first retrier that names the error has a try left; counts it."""
    for index, retrier in enumerate(state.get("Retry", ())):
        if error in retrier["ErrorEquals"] or "States.TaskFailed" in retrier["ErrorEquals"]:
            retries[index] = retries.get(index, 0) + 1
            return bool(retries[index] <= retrier["MaxAttempts"])
    return False


def _path(path: str, document: Any) -> Any:
    value = document
    for part in path.split(".")[1:]:
        value = value[part]
    return value
