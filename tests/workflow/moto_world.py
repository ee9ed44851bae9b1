"""The world, but its executions run in moto's Step Functions: another reader of the same definition."""

import json
import threading
import time
from typing import Any

import boto3
from moto.awslambda_simple.models import LambdaSimpleBackend

from tests.simulator.world import DEFINITION, World

REGION, ACCOUNT = "eu-central-1", "123456789012"
DEADLINE = 30.0
"""Seconds for moto's threads to come to rest. A definition that is read as we read it needs a fraction of one."""


class MotoWorld(World):
    """Moto calls the stages' handlers from its threads; the test's own thread is everything else."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._parked: dict[str, str] = {}
        """The token that each execution waits on."""
        self._stopped: set[str] = set()
        self._started: dict[str, str] = {}
        super().__init__()
        self.steps = boto3.client(
            "stepfunctions", region_name=REGION, aws_access_key_id="none", aws_secret_access_key="none"
        )
        definition = json.dumps(DEFINITION)
        for name in {state.removesuffix("Arn}").removeprefix("${") for state in functions(DEFINITION)}:
            definition = definition.replace(f"${{{name}Arn}}", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
        self.arn = self.steps.create_state_machine(
            name="cutover", definition=definition, roleArn=f"arn:aws:iam::{ACCOUNT}:role/cutover"
        )["stateMachineArn"]

    def called(self, function_arn: str, body: str, headers: dict[str, str]) -> bytes:
        """What Lambda answers to moto: the handler's answer, or its error by name."""
        name = function_arn.rsplit(":", 1)[-1]
        payload = json.loads(body)
        with self._changed:
            try:
                answer = self.invoke_stage(name, payload)
            except Exception as error:  # noqa: BLE001 - Lambda answers with whatever a function raises
                headers["x-amz-function-error"] = "Unhandled"
                return json.dumps({"errorType": type(error).__name__, "errorMessage": "hidden"}).encode()
            if name == "AwaitToken":
                self._parked[payload["execution"]] = payload["token"]
                self.wiring.workflow.wait(payload["token"])
            self._changed.notify_all()
            return json.dumps(answer).encode()

    def _relay(self) -> bool:
        done = False
        for name, document in self.wiring.workflow.executions.items():
            if name not in self._started:
                started = self.steps.start_execution(stateMachineArn=self.arn, name=name, input=document.decode())
                self._started[name] = started["executionArn"]
                done = True
        for token in self.wiring.workflow.woken:
            self._parked = {name: value for name, value in self._parked.items() if value != token.value}
            self.steps.send_task_success(taskToken=token.value, output="{}")
            done = True
        self.wiring.workflow.woken.clear()
        return done

    def _advance(self) -> bool:
        """Wait until each execution has ended, or waits on a token that nobody has answered."""
        give_up = time.monotonic() + DEADLINE
        before = len(self.wiring.records.changes) + len(self.wiring.tokens.changes)
        while any(self._runs(name) for name in self._started):
            assert time.monotonic() < give_up, f"moto did not come to rest: {self.visited()}"
            with self._changed:
                self._changed.wait(0.02)
        return len(self.wiring.records.changes) + len(self.wiring.tokens.changes) > before

    def _runs(self, name: str) -> bool:
        return name not in self._parked and name not in self._stopped and self.status(name) == "RUNNING"

    def stop(self) -> None:
        """Somebody stops the newest execution. AWS lets nobody answer its token after that."""
        name = self.names()[-1]
        self.steps.stop_execution(executionArn=self._started[name])
        self.wiring.workflow.time_out(self._parked.pop(name))
        self._stopped.add(name)  # moto goes on saying that it runs

    def names(self) -> list[str]:
        """Every execution, the newest last."""
        return list(self._started)

    def status(self, name: str | None = None) -> str:
        """What Step Functions says of an execution; of the newest, unless another is named."""
        described = self.steps.describe_execution(executionArn=self._started[name or self.names()[-1]])
        return str(described["status"])

    def visited(self, name: str | None = None) -> list[str]:
        """The states that the execution entered, in the order of its history."""
        arn = self._started[name or self.names()[-1]]
        pages = self.steps.get_paginator("get_execution_history").paginate(executionArn=arn)
        events = (event for page in pages for event in page["events"])
        return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]


def functions(machine: Any) -> set[str]:
    """Every ``FunctionName`` of a definition."""
    if isinstance(machine, dict):
        own = {machine["FunctionName"]} if "FunctionName" in machine else set()
        return own.union(*(functions(each) for each in machine.values()))
    if isinstance(machine, list):
        return set().union(*(functions(each) for each in machine))
    return set()


def install(world: MotoWorld, patch: Any) -> None:
    """Let moto's simple Lambda backend call this world's handlers."""

    def invoke(_self: object, name: str, _qualifier: str, body: Any, _headers: Any, answer: dict[str, str]) -> bytes:
        return world.called(name, body, answer)

    patch.setattr(LambdaSimpleBackend, "invoke", invoke)
