"""Mail that came back: the deployed rule on the account's default bus, its queue, and the function that takes it.

Nobody but AWS' services may put an event of theirs on a bus, here as there, and the emulator's SES puts none. So the
rule is asked what it would pick, and what it picks is put into its queue by hand.
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cutover.domain import base64url
from cutover_cli.local.stack import LocalStack
from tests.local.releasing import wait


def bounce(*, configuration: str, cutover: str = "nobody@staging.1", source: str = "aws.ses") -> str:
    """As SES publishes it, for a mail about a cutover that nobody knows."""
    about = {"cutover": cutover, "revision": "1", "person": "erin", "role": "engineering"}
    tags = {name: [base64url.encode(value.encode())] for name, value in about.items()}
    tags |= {"ses:configuration-set": [configuration], "ses:from-domain": ["example.com"]}
    detail: dict[str, Any] = {
        "eventType": "Bounce",
        "bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": "erin@example.com"}]},
        "mail": {"messageId": "0100018f-made-up", "destination": ["erin@example.com"], "tags": tags},
    }
    return json.dumps(
        {
            "version": "0", "id": "8c6b4b5e-0000-4000-8000-000000000000", "detail-type": "Email Bounced",
            "source": source, "account": "000000000000", "time": "2026-11-21T12:00:00Z", "region": "us-east-1",
            "resources": [], "detail": detail,
        }
    )  # fmt: skip


@pytest.fixture
def rule(local_stack: LocalStack) -> dict[str, Any]:
    """The one rule with a pattern that stands on the default bus."""
    (found,) = [
        each
        for each in local_stack.clients.events.list_rules(EventBusName="default")["Rules"]
        if each.get("EventPattern")
    ]
    return dict(found)


@pytest.mark.parametrize(
    ("event", "picked"),
    [
        (bounce(configuration="cutover-development"), True),
        (bounce(configuration="cutover-production"), False),
        (bounce(configuration="newsletter"), False),
        (bounce(configuration="cutover-development", source="cutover.ci"), False),
    ],
    ids=["ours", "another stage's", "somebody else's", "not of SES"],
)
def test_the_rule_picks_what_is_of_this_stages_mail(
    local_stack: LocalStack, rule: dict[str, Any], event: str, picked: bool
) -> None:
    answer = local_stack.clients.events.test_event_pattern(EventPattern=rule["EventPattern"], Event=event)
    assert answer["Result"] is picked


def test_nobody_says_in_the_name_of_ses_that_a_mail_came_back(local_stack: LocalStack) -> None:
    said = json.loads(bounce(configuration="cutover-development"))
    entry = {"Source": "aws.ses", "DetailType": said["detail-type"], "Detail": json.dumps(said["detail"])}
    try:
        answer = local_stack.clients.events.put_events(Entries=[entry])  # type: ignore[list-item]
    except ClientError:
        return
    assert answer["FailedEntryCount"] == 1


def test_what_is_picked_reaches_the_function_that_takes_it(local_stack: LocalStack, rule: dict[str, Any]) -> None:
    (target,) = local_stack.clients.events.list_targets_by_rule(Rule=rule["Name"], EventBusName="default")["Targets"]
    url = local_stack.clients.sqs.get_queue_url(QueueName=target["Arn"].rpartition(":")[2])["QueueUrl"]
    local_stack.clients.sqs.send_message(QueueUrl=url, MessageBody=bounce(configuration="cutover-development"))

    def taken() -> list[str] | None:
        lines = (json.loads(line) for line in local_stack.logs("Feedback") if line.startswith("{"))
        return [line["decision"] for line in lines if line.get("event_name") == "message-taken"] or None

    assert wait(taken, 60, lambda: str(local_stack.logs("Feedback")[-5:])) == ["UNKNOWN_MESSAGE"]
