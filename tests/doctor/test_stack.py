"""The stack, its functions, and what calls them."""

from typing import Any

import pytest

from infra.refusals import REFUSED
from tests.doctor.conftest import Aws, Examined, error


@pytest.mark.parametrize(
    ("status", "result"),
    [
        ("CREATE_COMPLETE", "ok"),
        ("UPDATE_COMPLETE", "ok"),
        ("UPDATE_ROLLBACK_COMPLETE", "warn"),
        ("UPDATE_IN_PROGRESS", "warn"),
        ("UPDATE_ROLLBACK_FAILED", "fail"),
        ("ROLLBACK_COMPLETE", "fail"),
    ],
)
def test_the_stack_is_in_a_good_state(on: Examined, aws: Aws, status: str, result: str) -> None:
    aws.on("cloudformation", describe_stacks={"Stacks": [{"StackStatus": status}]})
    found = on.one("stack")
    assert found.result == result
    assert bool(found.remedy) is (result != "ok")


def functions(aws: Aws, digests: dict[str, str], **changes: Any) -> None:
    aws.has("AWS::Lambda::Function", *digests)
    aws.on(
        "lambda",
        get_function_configuration=lambda FunctionName: {  # noqa: N803  # boto3's name
            "Handler": "cutover.doors.x.handler.handler", "CodeSha256": digests[FunctionName], "State": "Active",
            "LastUpdateStatus": "Successful", **changes,
        },
    )  # fmt: skip


def test_one_package_runs_everywhere(on: Examined, aws: Aws) -> None:
    functions(aws, {"Admit": "a", "Bind": "a", "Seal": "a"})
    assert (on.one("functions").result, on.one("functions").found) == ("ok", "3 functions run the package a")


def test_a_function_that_was_left_behind_is_named(on: Examined, aws: Aws) -> None:
    functions(aws, {"Admit": "a", "Bind": "b", "Seal": "a"})
    found = on.one("functions")
    assert (found.result, found.found) == ("fail", "2 packages run at once; not like the others: Bind")


def test_a_function_that_is_not_ready(on: Examined, aws: Aws) -> None:
    functions(aws, {"Admit": "a"}, State="Failed", StateReason="no subnet")
    first, _ = on.find("functions")
    assert (first.result, first.subject) == ("fail", "Admit")
    assert "no subnet" in first.found


@pytest.mark.parametrize("setting", REFUSED)
def test_a_function_that_is_told_what_is_for_tests(on: Examined, aws: Aws, setting: str) -> None:
    functions(
        aws, {"Admit": "a"}, Environment={"Variables": {setting: "/proc/sys/kernel/pid_max", "CUTOVER_TABLE": "t"}}
    )
    first, _ = on.find("functions")
    assert (first.result, first.subject) == ("fail", "Admit")
    assert setting in first.found
    assert "/proc" not in first.found


def test_functions_of_others_are_not_compared(on: Examined, aws: Aws) -> None:
    functions(aws, {"Custom": "z"}, Handler="index.handler")
    assert on.results("functions") == ["fail"], "none of ours is there"


@pytest.mark.parametrize(
    ("state", "problem", "result"),
    [("Enabled", "OK", "ok"), ("Disabled", "", "fail"), ("Enabled", "PROBLEM: Function call failed", "warn")],
)
def test_what_feeds_functions_is_on(on: Examined, aws: Aws, state: str, problem: str, result: str) -> None:
    aws.has("AWS::Lambda::EventSourceMapping", "MainToRelay=u-1")
    aws.on("lambda", get_event_source_mapping={"State": state, "LastProcessingResult": problem})
    assert on.one("event-sources").result == result


def test_a_stack_that_calls_nothing_fails(on: Examined) -> None:
    assert on.results("event-sources") == ["fail"]


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ({"status": "ACTIVE", "tracingConfiguration": {"enabled": True}}, "ok"),
        ({"status": "ACTIVE"}, "warn"),
        ({"status": "DELETING"}, "fail"),
        (error("StateMachineDoesNotExist"), "fail"),
        (error("AccessDeniedException"), "unasked"),
    ],
)
def test_the_state_machine(on: Examined, aws: Aws, answer: dict[str, object], result: str) -> None:
    aws.outputs["StateMachineArn"] = "arn:machine"
    aws.on("stepfunctions", describe_state_machine=answer)
    assert on.one("state-machine").result == result


def test_an_older_stack_does_not_say_its_machine(on: Examined) -> None:
    assert on.one("state-machine").result == "fail"


INDEXES = [{"IndexName": "due", "IndexStatus": "ACTIVE"}, {"IndexName": "day", "IndexStatus": "ACTIVE"}]
WHOLE = {"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": INDEXES, "StreamSpecification": {"StreamEnabled": True}}


@pytest.mark.parametrize(
    ("changes", "backups", "results"),
    [
        ({}, "ENABLED", ["ok"]),
        ({}, "DISABLED", ["warn"]),
        ({"GlobalSecondaryIndexes": INDEXES[:1]}, "ENABLED", ["fail", "ok"]),
        ({"GlobalSecondaryIndexes": [INDEXES[0], INDEXES[1] | {"IndexStatus": "CREATING"}]}, "ENABLED", ["warn", "ok"]),
        ({"StreamSpecification": {}}, "ENABLED", ["fail", "ok"]),
        ({"TableStatus": "UPDATING"}, "ENABLED", ["warn", "ok"]),
    ],
)
def test_tables(on: Examined, aws: Aws, changes: dict[str, object], backups: str, results: list[str]) -> None:
    aws.has("AWS::DynamoDB::Table", "Main=main").outputs["TableName"] = "main"
    said = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": backups}}
    aws.on("dynamodb", describe_table={"Table": WHOLE | changes})
    aws.on("dynamodb", describe_continuous_backups={"ContinuousBackupsDescription": said})
    assert on.results("tables") == results


@pytest.mark.parametrize(
    ("groups", "result"),
    [
        ([{"logGroupName": "shop-Log", "retentionInDays": 30}], "ok"),
        ([{"logGroupName": "shop-Log"}], "warn"),
        ([{"logGroupName": "shop-Log2", "retentionInDays": 30}], "fail"),
    ],
)
def test_logs_are_forgotten_some_day(on: Examined, aws: Aws, groups: list[object], result: str) -> None:
    aws.has("AWS::Logs::LogGroup", "Log=shop-Log").on("logs", describe_log_groups={"logGroups": groups})
    assert on.one("log-retention").result == result
