"""The handler as Lambda calls it: the secret, the first guard and the queue as moto plays them."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cutover.domain.policy import Policy
from cutover.doors.slack_events import handler as module
from cutover.runtime import wiring
from cutover.runtime.settings import Settings
from tests.approving import http_event, lambda_context
from tests.fakes.clock import START, FakeClock
from tests.fakes.slack import SECRET
from tests.fakes.slack_caller import SlackCaller, SlackRequest
from tests.unit.test_slack_events import World

TABLE, NAME = "idempotency", "cutover/cutover-test/slack"
SLACK = SlackCaller()


class _Wiring(wiring.Wiring):
    """The real one, but for its clock and its policy."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.clock = FakeClock()

    def policy(self) -> Policy:
        return World().policy()


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The queue's address, in a deployment with Slack."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setattr(wiring, "_installed", {})
    with mock_aws():
        url = boto3.client("sqs").create_queue(QueueName="feedback")["QueueUrl"]
        secret = json.dumps({"token": SECRET.token, "signing_secret": SECRET.signing_secret})
        boto3.client("secretsmanager").create_secret(Name=NAME, SecretString=secret)
        boto3.client("dynamodb").create_table(
            TableName=TABLE, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )  # fmt: skip
        settings = {
            "CUTOVER_IDEMPOTENCY_TABLE": TABLE, "CUTOVER_SLACK_SECRET": NAME, "CUTOVER_FEEDBACK_QUEUE_URL": url,
        }  # fmt: skip
        wiring.install(_Wiring(Settings(settings)))
        yield url


def call(request: SlackRequest) -> tuple[int, dict[str, str]]:
    event = http_event(request.method, request.path, request.body, request.headers)
    answer = module.handler(event, lambda_context())
    return answer["statusCode"], json.loads(answer["body"])


def waiting(url: str) -> list[dict[str, Any]]:
    messages = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(each["Body"]) for each in messages]


def test_what_slack_tells_waits_on_the_queue_once(queue: str) -> None:
    request = SLACK.event("app_uninstalled", START)
    assert [call(request) for _ in range(2)] == [(200, {}), (403, {"reason": "REPLAYED"})]
    told = {"kind": "slack", "event": "app_uninstalled", "team": SLACK.team, "at": "2026-03-02T09:00:00Z"}
    assert waiting(queue) == [told]


def test_what_could_not_be_stored_may_come_again(queue: str) -> None:
    request = SLACK.event("app_uninstalled", START)
    boto3.client("sqs").delete_queue(QueueUrl=queue)
    assert call(request)[0] == 503
    boto3.client("sqs").create_queue(QueueName="feedback")
    assert call(request) == (200, {})
    assert len(waiting(queue)) == 1


def test_without_the_guard_nothing_is_taken(queue: str) -> None:
    boto3.client("dynamodb").delete_table(TableName=TABLE)
    assert call(SLACK.event("app_uninstalled", START)) == (503, {"reason": "UNAVAILABLE"})
    assert waiting(queue) == []


def test_without_the_secret_nobody_is_believed(queue: str) -> None:
    boto3.client("secretsmanager").delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)
    assert call(SLACK.event("app_uninstalled", START)) == (503, {"reason": "SLACK_SECRET_MISSING"})


def test_no_line_of_the_whole_handler_has_what_is_secret(
    queue: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level("DEBUG"):
        for request in (SLACK.pressed("U1ERIN", START), SLACK.challenge(START), SLACK.pressed("U9STRANGER", START)):
            call(request)
    ours = [str(vars(record)) for record in caplog.records if record.name == "cutover"]
    told = [*ours, *capfd.readouterr()]
    assert any("block_actions" in each for each in told)
    for secret in (SECRET.token, SECRET.signing_secret, "s3cr3t", "v0=", "3eZbrw1aBm2rZg"):
        assert not [each for each in told if secret in each]
