"""Queues, the bus, the streams and the clock: nothing is lost between two of them."""

import json

import pytest

from infra.plan import FUNCTIONS
from tests.infra.reading import Assembled, Resource, listed


def queues(stage: Assembled) -> dict[str, Resource]:
    return {each.path: each for each in stage.of("AWS::SQS::Queue")}


# The function that takes each kind of event, where its queue stands, and what the rule looks for.
ENTRANCES = {
    "Intake": ("Inbox", ["cutover.ci"], "ReleaseCandidate"),
    "Resolutions": ("Inbox/Resolutions", ["cutover.ci", "cutover.operators"], "HoldResolution"),
    "Withdrawals": ("Inbox/Withdrawals", ["cutover.ci", "cutover.operators"], "Withdrawal"),
    "BrakeOrders": ("Inbox/BrakeOrders", ["cutover.ci", "cutover.operators"], "BrakeOrder"),
    "Deliveries": ("Inbox/Deliveries", ["cutover.operators"], "DeliveryOrder"),
    "Receipts": ("Inbox/Receipts", ["cutover.ci", "cutover.operators"], "Receipt"),
    "Invitations": ("Inbox/Invitations", ["cutover.operators"], "PasskeyInvitation"),
    "AfterActions": ("Inbox/AfterActions", ["cutover.operators"], "AfterAction"),
}


CAME_BACK = ["Email Bounced", "Email Complaint Received", "Email Rejected"]
RULES = {path for path, *_ in ENTRANCES.values()} | {"Returns"}


def dead_letters(stage: Assembled) -> set[str]:
    """The queues behind others, and those that a rule or a stream parks its failures in."""
    behind = {
        stage.render(each.properties["RedrivePolicy"]["deadLetterTargetArn"]).strip("{}")
        for each in queues(stage).values()
        if "RedrivePolicy" in each.properties
    }
    return behind | {f"{path}/Undelivered" for path in RULES} | {"StreamFailures"}


def test_queues_are_encrypted_and_patient(stage: Assembled) -> None:
    for queue in queues(stage).values():
        assert stage.render(queue.properties["KmsMasterKeyId"]) == "{Keys/Data}"
        assert queue.properties["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


def test_every_queue_has_dead_letters_behind_it(stage: Assembled) -> None:
    lost = dead_letters(stage)
    for path, queue in queues(stage).items():
        assert ("RedrivePolicy" in queue.properties) is (path not in lost), path
        if redrive := queue.properties.get("RedrivePolicy"):
            assert redrive["maxReceiveCount"] == 5
            behind = queues(stage)[stage.render(redrive["deadLetterTargetArn"]).strip("{}")]
            assert behind.properties.get("FifoQueue") == queue.properties.get("FifoQueue")


def test_queues_refuse_plain_text(stage: Assembled) -> None:
    for path, queue in queues(stage).items():
        denials = [each for each in stage.statements(queue) if each["Action"] == "sqs:*"]
        assert [each["Condition"] for each in denials] == [{"Bool": {"aws:SecureTransport": "false"}}], path
        assert denials[0]["Effect"] == "Deny"
        assert denials[0]["Principal"] == {"AWS": "*"}


def test_fifo_queues_ask_for_a_deduplication_id(stage: Assembled) -> None:
    fifo = {path for path, queue in queues(stage).items() if queue.properties.get("FifoQueue")}
    own = {f"Targets/{target.pascal}" for target in stage.config.targets if not target.queue_arn}
    assert {path for path in fifo if path not in dead_letters(stage)} == {"Exceptions", *own}
    for path in fifo - dead_letters(stage):
        assert queues(stage)[path].properties["ContentBasedDeduplication"] is False


def test_targets_are_owned_or_imported(stage: Assembled) -> None:
    told = stage.render(stage.function("HandOff")["Environment"]["Variables"]["CUTOVER_TARGETS"])
    targets = json.loads(told)
    assert list(targets) == [target.name for target in stage.config.targets]
    for target in stage.config.targets:
        path = f"Targets/{target.pascal}"
        assert (path in stage.resources) is (target.queue_arn is None)
        assert targets[target.name]["queue_arn"] == (target.queue_arn or f"{{{path}}}")
        assert targets[target.name]["environment"] == target.environment
        assert targets[target.name]["account"] == (target.account or "{AWS::AccountId}")


def test_an_imported_queue_is_addressed_where_it_lives(production: Assembled) -> None:
    told = production.render(production.function("HandOff")["Environment"]["Variables"]["CUTOVER_TARGETS"])
    url = json.loads(told)["production-eu"]["queue_url"]
    assert url == "https://sqs.eu-west-1.{AWS::URLSuffix}/222222222222/deployments.fifo"


@pytest.mark.parametrize(("path", "sources", "kind"), ENTRANCES.values(), ids=ENTRANCES)
def test_each_rule_picks_its_events_and_loses_none(stage: Assembled, path: str, sources: list[str], kind: str) -> None:
    rule = stage.resources[f"{path}/Rule"].properties
    assert stage.resources["Inbox/Bus"].properties["Name"] == f"cutover-{stage.stage}"
    assert stage.render(rule["EventBusName"]) == "{Inbox/Bus}"
    assert rule["EventPattern"] == {"source": sources, "detail-type": [kind]}
    (target,) = stage.render(rule["Targets"])
    assert target["Arn"] == f"{{{path}/Queue}}"
    assert target["DeadLetterConfig"] == {"Arn": f"{{{path}/Undelivered}}"}


def test_no_event_is_picked_twice_and_no_rule_stands_beside_these(stage: Assembled) -> None:
    rules = [each for each in stage.of("AWS::Events::Rule") if each.path not in {"Minute", "Hour"}]
    assert {each.path for each in rules} == {f"{path}/Rule" for path in RULES}
    kinds = [kind for each in rules for kind in each.properties["EventPattern"]["detail-type"]]
    assert len(set(kinds)) == len(kinds) == len(ENTRANCES) + len(CAME_BACK)


def test_what_comes_back_of_mail_is_picked_from_the_default_bus_and_is_of_this_stage(stage: Assembled) -> None:
    rule = stage.resources["Returns/Rule"].properties
    assert "EventBusName" not in rule
    assert rule["EventPattern"] == {
        "source": ["aws.ses"],
        "detail-type": CAME_BACK,
        "detail": {"mail": {"tags": {"ses:configuration-set": [f"cutover-{stage.stage}"]}}},
    }
    (target,) = stage.render(rule["Targets"])
    assert target["Arn"] == "{Returns/Queue}"
    assert target["DeadLetterConfig"] == {"Arn": "{Returns/Undelivered}"}


@pytest.mark.parametrize(("source", "queue"), [("Mail", "Returns/Queue"), ("Slack", "Returns/Slack")])
def test_what_comes_back_waits_in_queues_of_its_own(stage: Assembled, source: str, queue: str) -> None:
    mapping = stage.resources[f"{source}ToFeedback"].properties
    assert stage.render(mapping["FunctionName"]) == "{Feedback/Function}"
    assert stage.render(mapping["EventSourceArn"]) == f"{{{queue}}}"
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert queues(stage)[queue].properties["VisibilityTimeout"] == 6 * FUNCTIONS["Feedback"].timeout_seconds
    taking = {
        who
        for who, granted in stage.permissions.items()
        for each in granted
        if (each.action, each.resource) == ("sqs:ReceiveMessage", f"{{{queue}}}")
    }
    assert taking == {"Feedback"}


def test_only_slacks_door_puts_what_slack_tells(stage: Assembled) -> None:
    putting = {
        who
        for who, granted in stage.permissions.items()
        for each in granted
        if (each.action, each.resource) == ("sqs:SendMessage", "{Returns/Slack}")
    }
    assert putting == {"SlackEvents"}
    assert not [each for each in stage.statements(stage.resources["Returns/Slack"]) if each["Effect"] == "Allow"]


@pytest.mark.parametrize("queue", ["Queue", "Undelivered"])
@pytest.mark.parametrize("path", sorted(RULES))
def test_only_its_rule_may_fill_an_entrance_from_outside(stage: Assembled, path: str, queue: str) -> None:
    (allowed,) = [each for each in stage.statements(stage.resources[f"{path}/{queue}"]) if each["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert allowed["Action"] == "sqs:SendMessage"
    assert allowed["Condition"] == {
        "ArnEquals": {"aws:SourceArn": f"{{{path}/Rule}}"},
        "StringEquals": {"aws:SourceAccount": "{AWS::AccountId}"},
    }


@pytest.mark.parametrize("name", ENTRANCES)
def test_each_function_takes_its_own_events_and_only_these(stage: Assembled, name: str) -> None:
    queue = f"{{{ENTRANCES[name][0]}/Queue}}"
    taking = {
        (who, each.resource)
        for who, granted in stage.permissions.items()
        for each in granted
        if each.action in {"sqs:ReceiveMessage", "sqs:DeleteMessage"}
    }
    assert {who for who, resource in taking if resource == queue} == {name}
    assert {resource for who, resource in taking if who == name} == {queue}


@pytest.mark.parametrize("name", ENTRANCES)
def test_queues_hide_a_message_six_times_as_long_as_its_function_may_run(stage: Assembled, name: str) -> None:
    mapping = stage.resources[f"InboxTo{name}"].properties
    assert stage.render(mapping["FunctionName"]) == f"{{{name}/Function}}"
    queue = queues(stage)[stage.render(mapping["EventSourceArn"]).strip("{}")]
    assert queue.path == f"{ENTRANCES[name][0]}/Queue"
    assert queue.properties["VisibilityTimeout"] == 6 * FUNCTIONS[name].timeout_seconds
    assert mapping["BatchSize"] == (1 if name in {"BrakeOrders", "Deliveries"} else 5)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_streams_feed_relay_seal_and_messenger(stage: Assembled) -> None:
    fed = {
        each.path: (
            stage.render(each.properties["EventSourceArn"]),
            stage.render(each.properties["FunctionName"]),
            each.properties.get("FilterCriteria"),
        )
        for each in stage.of("AWS::Lambda::EventSourceMapping")
        if "StartingPosition" in each.properties
    }
    ledger = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "LEDGER#"}]}}}}
    patterns = {
        path: [json.loads(each["Pattern"]) for each in criteria["Filters"]]
        for path, (_, _, criteria) in fed.items()
        if criteria
    }
    signalled = {
        "eventName": ["INSERT", "MODIFY"],
        "dynamodb": {"Keys": {"sk": {"S": ["ADMISSION", {"prefix": "REVISION#"}]}}},
    }
    revisions = {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "REVISION#"}]}}}}
    assert patterns == {"MainToSeal": [ledger], "MainToRelay": [signalled], "MainToMessenger": [revisions]}
    assert fed == {
        "MainToSeal": ("{Tables/Main.StreamArn}", "{Seal/Function}", fed["MainToSeal"][2]),
        "MainToRelay": ("{Tables/Main.StreamArn}", "{Relay/Function}", fed["MainToRelay"][2]),
        "MainToMessenger": ("{Tables/Main.StreamArn}", "{Messenger/Function}", fed["MainToMessenger"][2]),
        "TokensToRelay": ("{Tables/Tokens.StreamArn}", "{Relay/Function}", None),
    }


def test_a_poisonous_stream_record_blocks_nobody_for_ever(stage: Assembled) -> None:
    for mapping in stage.of("AWS::Lambda::EventSourceMapping"):
        if "StartingPosition" not in mapping.properties:
            continue
        properties = stage.render(mapping.properties)
        assert properties["MaximumRetryAttempts"] == 8
        assert properties["BisectBatchOnFunctionError"] is True
        assert "FunctionResponseTypes" not in properties, "no stream's handler answers with failed items"
        assert properties["DestinationConfig"] == {"OnFailure": {"Destination": "{StreamFailures}"}}


MINUTELY = ("Clock", "Messenger")


def test_each_hour_seal_does_again_what_was_lost(stage: Assembled) -> None:
    rule = stage.render(stage.resources["Hour"].properties)
    assert rule["ScheduleExpression"] == "rate(1 hour)"
    (target,) = rule["Targets"]
    assert (target["Arn"], json.loads(target["Input"])) == ("{Seal/Function}", {"repair": True})


def test_the_clock_ticks_every_minute_and_the_messenger_repairs(stage: Assembled) -> None:
    rule = stage.render(stage.resources["Minute"].properties)
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert [each["Arn"] for each in rule["Targets"]] == [f"{{{name}/Function}}" for name in MINUTELY]
    permissions = [
        stage.render(each.properties)
        for each in stage.of("AWS::Lambda::Permission")
        if each.properties["Principal"] == "events.amazonaws.com"
    ]
    called = sorted((each["SourceArn"], each["FunctionName"]) for each in permissions)
    minutely = [("{Minute}", f"{{{name}/Function}}") for name in MINUTELY]
    assert called == [("{Hour}", "{Seal/Function}"), *minutely]


def test_mappings_wait_for_a_function_that_has_its_grants(stage: Assembled) -> None:
    for mapping in stage.of("AWS::Lambda::EventSourceMapping"):
        (function,) = listed(stage.render(mapping.properties["FunctionName"]))
        assert stage.resources[function.strip("{}")].body["DependsOn"]
