"""The contract of ``Announcements``: what is put reaches a rule of the bus, all of it or an error."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from cutover.adapters.eventbridge_announcements import BATCH, EventBridgeAnnouncements
from cutover.contracts.told import SOURCE
from cutover.errors import DependencyUnavailable
from cutover.ports import Announcement, Announcements
from tests.adapters import wire
from tests.adapters.conftest import IMPLEMENTATIONS, Clients
from tests.adapters.wire import always, broken, on_the_wire
from tests.fakes.queues import FakeAnnouncements

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
BUS = "cutover-production"


@dataclass(frozen=True)
class OpenBus:
    """``details``: of all that a rule for our events has matched, in order, with their types."""

    port: Announcements
    details: Callable[[], list[tuple[str, Any]]]


@pytest.fixture
def events(aws: Clients) -> "EventBridgeClient":
    client: EventBridgeClient = aws("events")
    client.create_event_bus(Name=BUS)
    return client


@pytest.fixture(params=IMPLEMENTATIONS)
def bus(request: pytest.FixtureRequest) -> OpenBus:
    if request.param == "fake":
        fake = FakeAnnouncements()
        return OpenBus(fake, lambda: [(each.detail_type, json.loads(each.detail)) for each in fake.announcements])
    client, sqs = request.getfixturevalue("events"), request.getfixturevalue("aws")("sqs")
    url = sqs.create_queue(QueueName="receiver")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    client.put_rule(Name="ours", EventBusName=BUS, EventPattern=json.dumps({"source": [SOURCE]}))
    client.put_targets(Rule="ours", EventBusName=BUS, Targets=[{"Id": "1", "Arn": arn}])

    def details() -> list[tuple[str, Any]]:
        found = []
        while received := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(each["Body"]) for each in received]
            for each in received:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        assert all(each["time"] == "2026-01-31T12:00:00Z" for each in found)
        return [(each["detail-type"], each["detail"]) for each in found]

    return OpenBus(EventBridgeAnnouncements(client, bus_name=BUS), details)


def some(count: int) -> list[Announcement]:
    return [Announcement("Release Held", json.dumps({"n": number}).encode(), AT) for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, BATCH, 2 * BATCH + 1])
def test_everything_that_is_put_arrives(bus: OpenBus, count: int) -> None:
    bus.port.put(some(count))
    assert bus.details() == [("Release Held", {"n": number}) for number in range(count)]


def test_putting_again_is_another_event(bus: OpenBus) -> None:
    bus.port.put(some(1))
    bus.port.put(some(1))
    assert len(bus.details()) == 2


def answering(client: "EventBridgeClient", answer: dict[str, Any], count: int = 3) -> list[Any]:
    """Put events, and let the service answer this; the requests that were made."""
    body = always(lambda: wire.response(200, json.dumps(answer).encode()))
    with on_the_wire(client, "PutEvents", body) as tries, pytest.raises(DependencyUnavailable) as raised:
        EventBridgeAnnouncements(client, bus_name=BUS).put(some(count))
    assert "Release" not in str(raised.value)
    return tries


def test_one_that_was_not_taken_is_an_error_and_nothing_follows_it(events: "EventBridgeClient") -> None:
    """PutEvents answers 200 all the same (EventBridge API Reference). The batch after it waits for its turn."""
    refused = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
    entries = [{"EventId": "1"}] * (BATCH - 1) + [refused]
    assert len(answering(events, {"FailedEntryCount": 1, "Entries": entries}, count=2 * BATCH)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}] * 3},
        {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}] * 2},
        {"FailedEntryCount": 0, "Entries": []},
    ],
)
def test_an_answer_that_does_not_speak_of_all_is_an_error(events: "EventBridgeClient", answer: dict[str, Any]) -> None:
    answering(events, answer)


def test_a_bus_that_cannot_be_reached_is_unavailable(events: "EventBridgeClient") -> None:
    lost = broken(ReadTimeoutError(endpoint_url="x"))
    with on_the_wire(events, "PutEvents", lost), pytest.raises(DependencyUnavailable):
        EventBridgeAnnouncements(events, bus_name=BUS).put(some(1))


def test_a_permission_that_is_missing_is_seen_as_one(events: "EventBridgeClient") -> None:
    denied = always(lambda: wire.error(400, "AccessDeniedException"))
    with on_the_wire(events, "PutEvents", denied), pytest.raises(ClientError):
        EventBridgeAnnouncements(events, bus_name=BUS).put(some(1))
