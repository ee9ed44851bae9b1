"""Alarms, their topic and the dashboard: nothing goes unheard, and what they look at is what the code says."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest

from cutover.contracts.told import SOURCE
from cutover.domain import gauges, tallies
from infra.config import ROOT, load
from tests.infra.reading import Assembled, Resource, listed
from tests.infra.synthesis import synthesize

RUNBOOK = "docs/alarms.md"
ANCHORS = set(re.findall(r"(?m)^### (alarm-[a-z-]+)$", (ROOT / RUNBOOK).read_text("utf-8")))
"""Where the page says what to do."""
COUNTED = set(re.findall(r'(?:Tally|_by_target|_by_cause)\(\s*"(\w+)"', inspect.getsource(tallies))) | set(
    tallies._WITH_CAUSE.values()
)
STANDING = set(re.findall(r'Gauge\(\s*"(\w+)"', inspect.getsource(gauges)))
BY_HANDLERS = {"Succeeded": "clock", "UnknownHandoff": "receipts"}
"""Metrics of one function, with it."""


def alarms(stage: Assembled) -> list[dict[str, Any]]:
    return [stage.render(each.properties) for each in stage.of("AWS::CloudWatch::Alarm")]


def dimensions(alarm: dict[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in alarm["Dimensions"]}


def service(stage: Assembled) -> str:
    return str(stage.render(stage.function("Seal")["Environment"]["Variables"])["POWERTOOLS_SERVICE_NAME"])


def test_every_queue_for_what_nobody_could_handle_has_its_alarm(stage: Assembled) -> None:
    """The last queue of each way is one that leads no further."""
    last = {
        f"{{{each.path}.QueueName}}" for each in stage.of("AWS::SQS::Queue") if "RedrivePolicy" not in each.properties
    }
    looked_at = [
        dimensions(each)["QueueName"]
        for each in alarms(stage)
        if each["MetricName"] == "ApproximateNumberOfMessagesVisible"
    ]
    assert sorted(looked_at) == sorted(last)
    assert len(last) > 15


def test_each_alarm_tells_the_topic_when_it_begins_and_ends_and_names_its_runbook(stage: Assembled) -> None:
    found = alarms(stage)
    (topic,) = stage.of("AWS::SNS::Topic")
    assert {each["AlarmDescription"].partition(f"{RUNBOOK}#")[2] for each in found} == ANCHORS, "no more and no less"
    for each in found:
        assert each["AlarmActions"] == each["OKActions"] == [f"{{{topic.path}}}"]
        assert len(each["AlarmDescription"]) < 1024
    names = [each["AlarmName"] for each in found]
    assert len(set(names)) == len(names)
    assert all(name.startswith(f"cutover-{stage.stage} ") for name in names)


def test_what_the_alarms_of_our_own_metrics_look_at_is_what_the_code_says(stage: Assembled) -> None:
    ours = [each for each in alarms(stage) if each["Namespace"] == "Cutover"]
    assert len(ours) >= 8
    for each in ours:
        name, found = each["MetricName"], dimensions(each)
        assert found.pop("service") == service(stage)
        if name in BY_HANDLERS:
            assert found == {"function": BY_HANDLERS[name]}
        else:
            assert name in COUNTED | STANDING
            assert not found, "a total has no dimension of its own"


def test_a_clock_that_says_nothing_is_an_alarm_and_a_gauge_that_is_not_said_is_none(stage: Assembled) -> None:
    missing = {each["MetricName"]: each["TreatMissingData"] for each in alarms(stage)}
    (clock,) = [each for each in alarms(stage) if each["MetricName"] == "Succeeded"]
    assert (clock["ComparisonOperator"], clock["Threshold"], clock["Statistic"]) == ("LessThanThreshold", 1, "Sum")
    assert [name for name, said in missing.items() if said == "breaching"] == ["Succeeded"]
    assert {name for name, said in missing.items() if said == "ignore"} <= STANDING
    others = [each for each in alarms(stage) if each["MetricName"] != "Succeeded"]
    assert {each["ComparisonOperator"] for each in others} == {"GreaterThanThreshold"}


def test_alarms_of_row_47_are_there(stage: Assembled) -> None:
    found = {(each["Namespace"], each["MetricName"]) for each in alarms(stage)}
    assert found >= {
        ("Cutover", "OldestHoldSeconds"), ("Cutover", "OldestApprovalSeconds"), ("Cutover", "UncertainOpen"),
        ("Cutover", "BrakeEngaged"), ("Cutover", "BrakeUnknown"), ("Cutover", "UnknownHandoff"),
        ("AWS/States", "ExecutionsFailed"), ("AWS/States", "ExecutionsTimedOut"), ("AWS/States", "ExecutionsAborted"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage"), ("AWS/Lambda", "Errors"), ("AWS/Lambda", "Throttles"),
        ("AWS/Lambda", "IteratorAge"),
    }  # fmt: skip
    behind = [each for each in alarms(stage) if each["MetricName"] == "IteratorAge"]
    readers = {
        stage.render(each.properties["FunctionName"])
        for each in stage.of("AWS::Lambda::EventSourceMapping")
        if "StreamArn" in stage.render(each.properties["EventSourceArn"])
    }
    assert {dimensions(each)["FunctionName"] for each in behind} == readers


def test_only_alarms_of_this_account_may_tell_the_topic_and_use_its_key(stage: Assembled) -> None:
    (topic,), (policy,) = stage.of("AWS::SNS::Topic"), stage.of("AWS::SNS::TopicPolicy")
    key: Resource = stage.resources["Keys/Data"]
    assert stage.render(topic.properties["KmsMasterKeyId"]) == f"{{{key.path}}}"
    told = [stage.render(each) for each in policy.properties["PolicyDocument"]["Statement"]]
    used = stage.statements(key)
    for statements, actions in ((told, {"sns:Publish"}), (used, {"kms:Decrypt", "kms:GenerateDataKey*"})):
        (said,) = [each for each in statements if each.get("Principal") == {"Service": "cloudwatch.amazonaws.com"}]
        assert (said["Effect"], set(listed(said["Action"]))) == ("Allow", actions)
        assert said["Condition"]["StringEquals"] == {"aws:SourceAccount": "{AWS::AccountId}"}
    assert [each["Effect"] for each in told if each.get("Condition", {}).get("Bool")] == ["Deny"]


def test_a_topic_that_is_given_is_told_and_none_is_made(tmp_path: Path) -> None:
    arn = "arn:aws:sns:eu-west-1:222222222222:on-call"
    deployment = load()
    development = deployment.stages.development.model_copy(update={"alarm_topic_arn": arn})
    changed = deployment.model_copy(
        update={"stages": deployment.stages.model_copy(update={"development": development})}
    )
    found = synthesize(tmp_path, deployment=changed)["development"]
    assert not [each for each in found.resources.values() if each.kind.startswith("AWS::SNS::")]
    assert {each for alarm in alarms(found) for each in alarm["AlarmActions"]} == {arn}
    assert found.template["Outputs"]["AlarmTopicArn"]["Value"] == arn


@pytest.fixture
def dashboard(stage: Assembled) -> dict[str, Any]:
    (found,) = stage.of("AWS::CloudWatch::Dashboard")
    body: dict[str, Any] = json.loads(stage.render(found.properties["DashboardBody"]))
    return body


def test_the_dashboard_shows_every_tally_and_gauge(dashboard: dict[str, Any], stage: Assembled) -> None:
    graphs = json.dumps([each["properties"] for each in dashboard["widgets"] if each["type"] == "metric"])
    shown = set(re.findall(r'"Cutover", "(\w+)"', graphs)) | set(re.findall(r'MetricName=\\+"(\w+)\\+"', graphs))
    assert shown == (COUNTED | STANDING) - {"Entered", "Rehearsed"}
    assert set(re.findall(r'service=\\+"([\w-]+)\\+"', graphs)) == {service(stage)}


def test_the_dashboard_lists_every_alarm(dashboard: dict[str, Any], stage: Assembled) -> None:
    (listing,) = [each for each in dashboard["widgets"] if each["type"] == "alarm"]
    assert len(set(listing["properties"]["alarms"])) == len(stage.of("AWS::CloudWatch::Alarm"))


def test_no_two_widgets_stand_in_one_place(dashboard: dict[str, Any]) -> None:
    taken = [
        (x, y)
        for each in dashboard["widgets"]
        for x in range(each["x"], each["x"] + each["width"])
        for y in range(each["y"], each["y"] + each["height"])
    ]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < 24


def test_no_rule_of_ours_picks_what_we_tell_ourselves(stage: Assembled) -> None:
    """An event of ours that came back as one of CI's would go round for ever."""
    patterns = [
        each.properties["EventPattern"] for each in stage.of("AWS::Events::Rule") if "EventPattern" in each.properties
    ]
    assert len(patterns) > 7
    for each in patterns:
        sources = each["source"]
        assert sources
        assert all(isinstance(source, str) and source != SOURCE for source in sources), "exact names and no prefixes"


def test_only_seal_tells_and_only_in_our_name(stage: Assembled) -> None:
    found = {
        (role, each.resource, each.when)
        for role, granted in stage.permissions.items()
        for each in granted
        if each.action.startswith("events:")
    }
    assert found == {("Seal", "{Inbox/Bus}", f"events:source StringEquals {SOURCE}")}
