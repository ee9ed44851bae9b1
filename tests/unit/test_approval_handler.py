"""The handler as Lambda calls it: wiring, the first guard, and what of a request reaches the log."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from cutover.doors.approvals import handler as module
from cutover.doors.approvals.app import build
from cutover.errors import Conflict, DependencyUnavailable, Refused
from cutover.runtime import wiring
from cutover.runtime.observability import logger
from cutover.runtime.settings import Settings
from tests.approving import World, http_event, lambda_context

TABLE = "idempotency"


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Powertools' table on moto, and the environment of the function."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "1")
    monkeypatch.setattr(wiring, "_installed", {})
    with mock_aws():
        wiring.install(wiring.Wiring(Settings({"CUTOVER_IDEMPOTENCY_TABLE": TABLE})))
        boto3.client("dynamodb").create_table(
            TableName=TABLE, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )  # fmt: skip
        module.app.lambda_context = lambda_context()
        yield TABLE


def counting(answer: str = "approved") -> tuple[list[int], Callable[[], str]]:
    calls: list[int] = []

    def action() -> str:
        calls.append(1)
        return answer

    return calls, action


def test_one_key_acts_once(table: str) -> None:
    calls, action = counting()
    assert [module._once("sha256:1", action) for _ in range(2)] == ["approved", "approved"]
    assert len(calls) == 1
    module._once("sha256:2", action)
    assert len(calls) == 2


def test_what_was_refused_is_forgotten(table: str) -> None:
    def refusing() -> str:
        raise Refused("BRAKE_ENGAGED", "the brake")

    with pytest.raises(Refused):
        module._once("sha256:1", refusing)
    calls, action = counting()
    module._once("sha256:1", action)
    assert calls


def test_the_same_form_at_once_is_a_conflict(table: str) -> None:
    def meanwhile() -> str:
        return module._once("sha256:1", lambda: "never")

    with pytest.raises(Conflict):
        module._once("sha256:1", meanwhile)


def test_a_guard_that_cannot_be_reached_is_said(table: str) -> None:
    boto3.client("dynamodb").delete_table(TableName=TABLE)
    calls, action = counting()
    with pytest.raises(DependencyUnavailable):
        module._once("sha256:1", action)
    assert calls == []


def test_no_line_of_the_whole_handler_holds_the_link(
    table: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    monkeypatch.setattr(module, "app", build(lambda: replace(world.door, log=logger), lambda: world.waiting_door))
    link = world.link()
    with caplog.at_level("DEBUG"):
        for text, status in ((link, 200), (link[:-3], 404)):
            event = http_event("GET", f"/approvals/{text}", b"", {})
            assert module.handler(event, lambda_context())["statusCode"] == status
    ours = [vars(record) for record in caplog.records if record.name == "cutover"]
    assert [line["reason"] for line in ours if "reason" in line] == ["LINK_MALFORMED"]
    assert {line["actor"] for line in ours if "actor" in line} == {"erin"}
    for line in ours:
        assert link[:24] not in str(line)
