"""Rules, queues, targets; mail; alarms."""

import json
from typing import Any

import pytest

from cutover_cli.target_snippet import queue_policy
from tests.doctor.conftest import Aws, Examined, error, noted

TARGETS = [{"Id": "Inbox"}]


def rule(aws: Aws, physical: str = "shop-dev|R", *, targets: Any = TARGETS, **said: str) -> None:
    aws.has("AWS::Events::Rule", f"InboxRule={physical}")
    aws.on("events", describe_rule={"State": "ENABLED", **said}, list_targets_by_rule={"Targets": targets})


def test_rules_are_on_and_lead_somewhere(on: Examined, aws: Aws) -> None:
    rule(aws)
    assert on.one("rules").result == "ok"
    rule(aws, targets=[])
    assert "fail" in on.results("rules")


def test_a_disabled_rule_is_enabled_by_its_command(on: Examined, aws: Aws) -> None:
    rule(aws, State="DISABLED")
    assert on.one("rules").remedy == "aws events enable-rule --name R --event-bus-name shop-dev"


def test_a_rule_is_found_on_the_bus_that_it_is_on(on: Examined, aws: Aws) -> None:
    """Where the physical id is only its name, as an emulator says it."""
    asked: list[dict[str, str]] = []
    rule(aws, "R")
    aws.outputs["BusName"] = "shop-dev"
    aws.on("events", list_rules={"Rules": [{"Name": "R"}]})
    aws.on("events", describe_rule=noted(asked, {"State": "ENABLED"}))
    assert on.one("rules").result == "ok"
    assert asked == [{"Name": "R", "EventBusName": "shop-dev"}]


def test_no_rule_at_all(on: Examined) -> None:
    assert on.one("rules").result == "fail"


GOOD = {"Policy": "{}", "RedrivePolicy": "{}", "QueueArn": "arn:q", "ApproximateNumberOfMessages": "0"}


@pytest.mark.parametrize(
    ("name", "changes", "result"),
    [
        ("InboxQueue", {}, "ok"),
        ("InboxQueue", {"RedrivePolicy": None}, "fail"),
        ("InboxQueue", {"Policy": None}, "fail"),
        ("InboxQueue", {"ApproximateNumberOfMessages": "9"}, "ok"),
        ("InboxQueueDeadLetters", {"RedrivePolicy": None}, "ok"),
        ("InboxQueueDeadLetters", {"RedrivePolicy": None, "ApproximateNumberOfMessages": "2"}, "warn"),
        ("InboxUndelivered", {"RedrivePolicy": None, "ApproximateNumberOfMessages": "1"}, "warn"),
        ("StreamFailures", {"RedrivePolicy": None, "ApproximateNumberOfMessages": "1"}, "warn"),
    ],
)
def test_queues(on: Examined, aws: Aws, name: str, changes: dict[str, str | None], result: str) -> None:
    said = {key: value for key, value in (GOOD | changes).items() if value is not None}
    aws.has("AWS::SQS::Queue", f"{name}=https://q").on("sqs", get_queue_attributes={"Attributes": said})
    assert on.one("queues").result == result


def test_a_target_s_dead_letters_are_not_moved_back(on: Examined, aws: Aws) -> None:
    """Moving is sending, and its queue refuses everybody but Cutover's own."""
    said = {"Policy": "{}", "QueueArn": "arn:q", "ApproximateNumberOfMessages": "1"}
    aws.has("AWS::SQS::Queue", "TargetsStagingDeadLetters=https://q").on(
        "sqs", get_queue_attributes={"Attributes": said}
    )
    assert "start-message-move-task" not in on.one("queues").remedy
    aws.resources.clear()
    aws.has("AWS::SQS::Queue", "InboxDeadLetters=https://q")
    assert "start-message-move-task" in on.one("queues").remedy


ARN, HAND_OFF, DELIVERIES = "arn:aws:sqs:eu-west-1:2:q.fifo", "arn:aws:iam::1:role/H", "arn:aws:iam::1:role/D"
BOTH = [HAND_OFF, DELIVERIES]
QUEUE = {"FifoQueue": "true", "RedrivePolicy": "{}"}


def allowing(principal: Any, action: Any = "sqs:SendMessage") -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": ARN}


def denying(condition: Any = None, principal: Any = "*", **more: Any) -> dict[str, Any]:
    said = {"Effect": "Deny", "Principal": principal, "Action": "sqs:SendMessage", "Resource": ARN} | more
    return said | ({"Condition": condition} if condition else {})


def but(roles: Any) -> dict[str, Any]:
    return {"ArnNotEquals": {"aws:PrincipalArn": roles}}


ALLOWED = allowing({"AWS": BOTH})
INSECURE = denying({"Bool": {"aws:SecureTransport": "false"}}, Action="sqs:*")
POLICIES: dict[str, tuple[Any, str, str]] = {
    "the snippet": (queue_policy(ARN, (HAND_OFF, DELIVERIES))["Statement"], "ok", ""),
    "one statement each": ([allowing({"AWS": each}) for each in BOTH] + [denying(but(BOTH))], "ok", ""),
    "everybody but them denied": (
        [ALLOWED, {"Effect": "Deny", "NotPrincipal": {"AWS": BOTH}, "Action": "sqs:*", "Resource": ARN}], "ok", "",
    ),
    "no deliveries": ([allowing({"AWS": [HAND_OFF]}), denying(but(BOTH))], "fail", "let Deliveries send"),
    "no hand-off": ([allowing({"AWS": DELIVERIES}), denying(but(BOTH))], "fail", "let HandOff send"),
    "neither": ([INSECURE], "fail", "let HandOff and Deliveries send"),
    "denied by name": ([ALLOWED, denying(principal={"AWS": HAND_OFF})], "fail", "let HandOff send"),
    "all denied": ([ALLOWED, denying()], "fail", "let HandOff and Deliveries send"),
    "all but one denied": ([ALLOWED, denying(but(HAND_OFF))], "fail", "let Deliveries send"),
    "named to receive": ([allowing({"AWS": BOTH}, "sqs:ReceiveMessage")], "fail", "let HandOff and Deliveries send"),
    "open": ([ALLOWED, allowing("*", "sqs:*")], "fail", "lets anybody send"),
    "open to any account": ([ALLOWED, allowing({"AWS": "*"}, ["SQS:SendMessage"])], "fail", "lets anybody send"),
    "open, but closed": ([allowing("*"), denying(but(BOTH))], "ok", ""),
    "not closed": ([ALLOWED, INSECURE], "warn", "others of its account"),
    "closed over tls alone": (
        [ALLOWED, denying({"Bool": {"aws:SecureTransport": "false"}, **but(BOTH)})], "warn", "others of its account",
    ),
    "a statement that is none": (["x", 7], "fail", "let HandOff and Deliveries send"),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "result", "said"), POLICIES.values(), ids=POLICIES.keys())
def test_only_cutover_may_send_to_somebody_elses_queue(
    on: Examined, aws: Aws, statements: Any, result: str, said: str
) -> None:
    target(aws, QUEUE | {"Policy": json.dumps({"Statement": statements})}, own=False)
    found = on.one("targets")
    assert (found.result, said in found.found) == (result, True), found


@pytest.mark.parametrize("policy", ["", "{", "[]", "null", '{"Statement": null}'])
def test_a_policy_that_says_nothing_lets_nobody_send(on: Examined, aws: Aws, policy: str) -> None:
    target(aws, QUEUE | {"Policy": policy}, own=False)
    assert on.one("targets").result == "fail"


@pytest.mark.parametrize("own", [True, False])
def test_a_url_of_another_queue_is_found(on: Examined, aws: Aws, own: bool) -> None:
    target(aws, QUEUE | {"QueueArn": "arn:aws:sqs:eu-west-1:2:other.fifo"}, own=own)
    found = on.one("targets")
    assert (found.result, "other.fifo" in found.found) == ("fail", True)


def target(aws: Aws, attributes: dict[str, str] | Exception, *, own: bool) -> None:
    setting = {"queue_url": "https://q.fifo", "queue_arn": ARN, "environment": "p", "account": "1" * 12}
    aws.outputs |= {"TargetSettings": json.dumps({"production": setting}), "HandOffRoleArn": HAND_OFF,
                    "DeliveriesRoleArn": DELIVERIES}  # fmt: skip
    if own:
        aws.has("AWS::SQS::Queue", "Target=https://q.fifo")
    answer = attributes if isinstance(attributes, Exception) else {"Attributes": {"QueueArn": ARN} | attributes}
    aws.on("sqs", get_queue_attributes=answer)


@pytest.mark.parametrize(
    ("attributes", "own", "result"),
    [
        ({"FifoQueue": "true", "RedrivePolicy": "{}"}, True, "ok"),
        ({"FifoQueue": "true"}, True, "warn"),
        ({"RedrivePolicy": "{}"}, True, "fail"),
        (QUEUE | {"Policy": json.dumps(queue_policy(ARN, (HAND_OFF, DELIVERIES)))}, False, "ok"),
        (QUEUE | {"Policy": json.dumps(queue_policy(ARN, ("arn:other",)))}, False, "fail"),
        (error("AccessDenied"), False, "unasked"),
        (error("AWS.SimpleQueueService.NonExistentQueue"), False, "fail"),
    ],
)
def test_targets(on: Examined, aws: Aws, attributes: Any, own: bool, result: str) -> None:
    target(aws, attributes, own=own)
    found = on.one("targets")
    assert (found.result, found.subject) == (result, "production")


def test_an_older_stack_does_not_say_its_targets(on: Examined) -> None:
    assert on.one("targets").result == "fail"


# --- mail -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ({"SendingEnabled": True, "ProductionAccessEnabled": True}, "ok"),
        ({"SendingEnabled": True, "ProductionAccessEnabled": False}, "warn"),
        ({"SendingEnabled": False, "ProductionAccessEnabled": True}, "fail"),
    ],
)
def test_the_sandbox(on: Examined, aws: Aws, said: dict[str, Any], result: str) -> None:
    aws.on("sesv2", get_account=said)
    assert on.one("mail-account").result == result


def test_the_sender(on: Examined, aws: Aws) -> None:
    assert on.one("mail-sender").result == "fail"
    aws.has("AWS::SES::EmailIdentity", "Sender=cutover@example.com")
    aws.on("sesv2", get_email_identity={"VerifiedForSendingStatus": True})
    assert on.one("mail-sender").result == "ok"
    aws.on("sesv2", get_email_identity={"VerifiedForSendingStatus": False})
    assert on.one("mail-sender").result == "fail"
    aws.on("sesv2", get_email_identity=error("NotFoundException"))
    assert on.one("mail-sender").result == "fail"


@pytest.mark.parametrize(
    ("said", "told", "result"),
    [
        ({"DeliveryOptions": {"TlsPolicy": "REQUIRE"}}, [{"Enabled": True}], "ok"),
        ({"DeliveryOptions": {"TlsPolicy": "OPTIONAL"}}, [{"Enabled": True}], "warn"),
        ({"DeliveryOptions": {"TlsPolicy": "REQUIRE"}}, [{"Enabled": False}], "warn"),
        ({"DeliveryOptions": {"TlsPolicy": "REQUIRE"}}, [], "warn"),
        ({"SendingOptions": {"SendingEnabled": False}}, [{"Enabled": True}], "fail"),
    ],
)
def test_how_mail_leaves(on: Examined, aws: Aws, said: dict[str, Any], told: list[Any], result: str) -> None:
    aws.has("AWS::SES::ConfigurationSet", "shop-dev").on("sesv2", get_configuration_set=said)
    aws.on("sesv2", get_configuration_set_event_destinations={"EventDestinations": told})
    assert on.one("mail-configuration").result == result


def test_who_cannot_be_written_to_is_named_without_the_address(on: Examined, aws: Aws) -> None:
    aws.on("sesv2", get_suppressed_destination=error("NotFoundException"))
    assert on.one("mail-people").result == "ok"
    omar = on.world.deployment.facts().people["omar"].email

    def suppressed(EmailAddress: str) -> dict[str, Any]:  # noqa: N803  # boto3's name
        if EmailAddress == omar:
            return {"SuppressedDestination": {}}
        raise error("NotFoundException")

    aws.on("sesv2", get_suppressed_destination=suppressed)
    found = on.one("mail-people")
    assert (found.result, found.subject) == ("warn", "omar")
    assert omar not in str(found)
    aws.on("sesv2", get_suppressed_destination=error("AccessDeniedException"))
    assert on.results("mail-people") == ["unasked"]


# --- alarms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alarm", "results"),
    [
        ({"ActionsEnabled": True, "AlarmActions": ["arn:t"], "StateValue": "OK"}, ["ok"]),
        ({"ActionsEnabled": True, "AlarmActions": [], "StateValue": "OK"}, ["warn", "ok"]),
        ({"ActionsEnabled": False, "AlarmActions": ["arn:t"], "StateValue": "OK"}, ["warn", "ok"]),
        ({"ActionsEnabled": True, "AlarmActions": ["arn:t"], "StateValue": "ALARM"}, ["warn", "ok"]),
    ],
)
def test_alarms_tell_somebody(on: Examined, aws: Aws, alarm: dict[str, Any], results: list[str]) -> None:
    aws.has("AWS::CloudWatch::Alarm", "DeadLetters")
    aws.on("cloudwatch", describe_alarms={"MetricAlarms": [{"AlarmName": "DeadLetters", **alarm}]})
    assert on.results("alarms") == results


def test_alarms_that_are_not_there(on: Examined, aws: Aws) -> None:
    assert on.one("alarms").result == "warn"
    aws.has("AWS::CloudWatch::Alarm", "DeadLetters").on("cloudwatch", describe_alarms={"MetricAlarms": []})
    assert on.one("alarms").result == "fail"


@pytest.mark.parametrize(
    ("arns", "result"),
    [(["arn:aws:sns:x"], "ok"), (["PendingConfirmation"], "warn"), ([], "warn")],
)
def test_somebody_listens(on: Examined, aws: Aws, arns: list[str], result: str) -> None:
    aws.has("AWS::SNS::Topic", "Alarms=arn:topic")
    subscriptions = [{"SubscriptionArn": each} for each in arns]
    aws.on("sns", list_subscriptions_by_topic={"Subscriptions": subscriptions})
    assert on.one("alarm-topics").result == result


def test_a_topic_that_was_given_is_asked_too(on: Examined, aws: Aws) -> None:
    """It is not of the stack: the alarms name it."""
    given = "arn:aws:sns:eu-central-1:123456789012:theirs"
    aws.has("AWS::CloudWatch::Alarm", "DeadLetters")
    aws.on("cloudwatch", describe_alarms={"MetricAlarms": [{"AlarmName": "DeadLetters", "AlarmActions": [given]}]})
    aws.on("sns", list_subscriptions_by_topic={"Subscriptions": []})
    found = on.one("alarm-topics")
    assert (found.subject, found.result) == (given, "warn")
    assert given in found.remedy
    aws.on("sns", list_subscriptions_by_topic=error("AuthorizationError"))
    assert on.one("alarm-topics").result == "unasked"
