"""A deployment before AWS as the tests say it answers."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cutover_cli.doctor.examining import CHECKS, examine
from cutover_cli.doctor.findings import Deployed, Finding
from cutover_cli.site import Site, Stack
from tests.simulator.command_line import site_of
from tests.simulator.world import World

Answer = dict[str, Any] | Exception | Callable[..., Any]


def error(code: str, operation: str = "Describe", status: int = 400) -> ClientError:
    """What AWS answers when it does not do what it was asked."""
    response: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)


class Service:
    """One service of AWS: each operation with its answer. What no test foresaw fails the test."""

    def __init__(self, name: str, answers: dict[str, Answer]) -> None:
        self._name, self._answers = name, answers

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return lambda **given: self._answer(operation, given)

    def get_paginator(self, operation: str) -> "Pages":
        return Pages(lambda given: self._answer(operation, given))

    def _answer(self, operation: str, given: dict[str, Any]) -> Any:
        answer = self._answers.get(operation)
        assert answer is not None, f"nobody said what {self._name} answers to {operation}"
        if isinstance(answer, Exception):
            raise answer
        return answer(**given) if callable(answer) else answer


def noted(into: list[Any], answer: Any) -> Callable[..., Any]:
    """Answers, and writes down what was asked."""

    def ask(**given: Any) -> Any:
        into.append(given)
        return answer

    return ask


class Pages:
    """A paginator of one page."""

    def __init__(self, ask: Callable[[dict[str, Any]], Any]) -> None:
        self._ask = ask

    def paginate(self, **given: Any) -> Iterator[Any]:
        yield self._ask(given)


class Aws:
    """All services, and the stack's resources, as far as a test says them. ``service__operation`` names an answer."""

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, Answer]] = {}
        self.resources: list[tuple[str, str, str]] = []
        self.outputs: dict[str, str] = {}

    def on(self, service: str, **answers: Answer) -> "Aws":
        self.answers.setdefault(service, {}).update(answers)
        return self

    def has(self, kind: str, *ids: str) -> "Aws":
        """Resources of one type; an id that is ``Logical=physical`` has both."""
        self.resources += [(kind, *(each.split("=", 1) if "=" in each else (each, each))) for each in ids]
        return self

    def client(self, service: str) -> Service:
        answers = dict(self.answers.get(service, {}))
        if service == "cloudformation":
            names = ("ResourceType", "LogicalResourceId", "PhysicalResourceId")
            found = [dict(zip(names, each, strict=True)) for each in self.resources]
            answers.setdefault("list_stack_resources", {"StackResourceSummaries": found})
        return Service(service, answers)


class Examined:
    """A world's site in front of these answers."""

    def __init__(self, world: World, aws: Aws) -> None:
        self.world, self.aws = world, aws
        self.site = site_of(world)[0]

    def deployed(self, **changes: Any) -> Deployed:
        stack = Stack("shop-dev", self.aws.outputs, {}, self.aws.client)
        fields = {name: getattr(self.site, name) for name in Site.__slots__}
        return Deployed.of(Site(**{**fields, "stack": stack, **changes}))

    def find(self, check: str, **changes: Any) -> list[Finding]:
        return list(examine(self.deployed(**changes), {check: CHECKS[check]}))

    def one(self, check: str, **changes: Any) -> Finding:
        (found,) = self.find(check, **changes)
        return found

    def results(self, check: str, **changes: Any) -> list[str]:
        return [each.result for each in self.find(check, **changes)]


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def on(aws: Aws) -> Examined:
    """A world whose policy is active and whose brake is off."""
    return Examined(World(), aws)


def http_date(at: datetime) -> dict[str, Any]:
    """What stands around an answer that was given then."""
    return {"HTTPHeaders": {"date": f"{at.astimezone(UTC):%a, %d %b %Y %H:%M:%S} GMT"}}
