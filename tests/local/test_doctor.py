"""`cutover doctor` on the whole local stack: what cannot be told is not called good, and what breaks is found."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cutover_cli.doctor.examining import CHECKS
from cutover_cli.local.stack import LocalStack
from tests.local.conftest import Run

NEED_A_POLICY = {"signing-keys", "trusted-keys", "target-rules", "sources", "mail-people"}
"""Of the session's stack nobody has activated one."""
GOOD = {
    "stack", "functions", "event-sources", "store-lock", "versions", "keys", "links-key", "rules", "targets",
    "mail-sender", "mail-configuration", "log-retention",
}  # fmt: skip


@pytest.fixture
def examined(cutover: Run, local_stack: LocalStack, local_state: Path) -> Any:
    """Runs some checks: the exit code, and of each check what it found."""

    def run(*only: str) -> tuple[int, dict[str, list[dict[str, str]]]]:
        words = [word for name in only for word in ("--only", name)]
        code, document = cutover("doctor", "--local", "--state-dir", local_state, *words)
        found: dict[str, list[dict[str, str]]] = {}
        for each in document["findings"]:
            found.setdefault(each["check"], []).append(each)
        return code, found

    return run


def test_every_check_is_asked_and_none_is_called_good_that_was_not(examined: Any) -> None:
    code, found = examined()
    assert code == 3, "no policy is active there"
    assert CHECKS.keys() - found.keys() <= {"alarm-topics"}, "a stack without topics has none to ask"
    assert {name: {each["result"] for each in found[name]} for name in GOOD} == {name: {"ok"} for name in GOOD}
    for name in NEED_A_POLICY:
        assert {each["result"] for each in found[name]} == {"unasked"}, name
    assert [each["result"] for each in found["policy"]] == ["fail"]
    assert [each["result"] for each in found["brake"]] == ["fail"]
    assert all(each["remedy"] for each in found["policy"])


def test_a_rule_that_somebody_disabled(examined: Any, local_stack: LocalStack) -> None:
    events, bus = local_stack.clients.events, local_stack.outputs["BusName"]
    name = events.list_rules(EventBusName=bus)["Rules"][0]["Name"]
    with undone(lambda: events.enable_rule(Name=name, EventBusName=bus)):
        events.disable_rule(Name=name, EventBusName=bus)
        code, found = examined("rules")
        (wrong,) = [each for each in found["rules"] if each["result"] != "ok"]
        assert (code, wrong["result"]) == (3, "fail")
        assert wrong["remedy"] == f"aws events enable-rule --name {name} --event-bus-name {bus}"
    assert examined("rules")[0] == 0


def test_what_nobody_could_handle_is_a_warning(examined: Any, local_stack: LocalStack) -> None:
    sqs = local_stack.clients.sqs
    urls = sqs.list_queues()["QueueUrls"]
    url = next(each for each in urls if "WithdrawalsUndelivered" in each)
    with undone(lambda: sqs.purge_queue(QueueUrl=url)):
        sqs.send_message(QueueUrl=url, MessageBody="{}")
        code, found = examined("queues")
        (wrong,) = [each for each in found["queues"] if each["result"] != "ok"]
        assert (code, wrong["result"]) == (0, "warn")
        assert "start-message-move-task" in wrong["remedy"]


def test_a_mapping_that_is_off(examined: Any, local_stack: LocalStack) -> None:
    lambda_ = local_stack.clients.lambda_
    uuid = next(
        each["UUID"]
        for each in lambda_.list_event_source_mappings()["EventSourceMappings"]
        if "Invitations" in each.get("EventSourceArn", "")
    )
    with undone(lambda: lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)):
        lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
        code, found = examined("event-sources")
        (wrong,) = [each for each in found["event-sources"] if each["result"] != "ok"]
        assert (code, wrong["result"]) == (3, "fail")
        assert uuid in wrong["remedy"]


@contextmanager
def undone(undo: Any) -> Iterator[None]:
    """Others use the same stack."""
    try:
        yield
    finally:
        undo()
