"""The contracts of ``ExceptionQueue`` and ``DeploymentQueue``."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from cutover.adapters.sqs_queues import DeployedQueue, SqsDeploymentQueue, SqsExceptionQueue
from cutover.errors import AmbiguousCompletion, ConfigurationError, DependencyUnavailable
from cutover.ports import DeploymentQueue, ExceptionQueue
from tests.adapters import wire
from tests.adapters.conftest import IMPLEMENTATIONS, Clients
from tests.adapters.wire import always, broken, lost, on_the_wire
from tests.fakes.clock import FakeClock
from tests.fakes.queues import FakeDeploymentQueue, FakeExceptionQueue

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

Bodies = Callable[[], list[str]]
ARN = "arn:aws:sqs:eu-central-1:123456789012:eu.fifo"


@pytest.fixture
def sqs(aws: Clients, session: boto3.Session) -> "SQSClient":
    """A client that sends once, as the deployment queue wants it."""
    return session.client("sqs", config=Config(retries={"total_max_attempts": 1}))


@pytest.fixture
def queue_url(sqs: "SQSClient") -> str:
    return sqs.create_queue(QueueName="eu.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]


def received(client: "SQSClient", url: str) -> list[str]:
    """Everything in the queue; received messages are deleted, so that FIFO groups go on."""
    bodies = []
    while found := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in found:
            bodies.append(message["Body"])
            client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


@dataclass(frozen=True)
class OpenQueue:
    port: DeploymentQueue
    bodies: Bodies


def deploying(client: "SQSClient", url: str) -> SqsDeploymentQueue:
    return SqsDeploymentQueue(lambda _region: client, queues={"eu": DeployedQueue(arn=ARN, url=url)})


@pytest.fixture(params=IMPLEMENTATIONS)
def deployment(request: pytest.FixtureRequest) -> OpenQueue:
    if request.param == "fake":
        fake = FakeDeploymentQueue(["eu"])
        return OpenQueue(fake, lambda: [message.body.decode() for message in fake.messages("eu")])
    client: SQSClient = request.getfixturevalue("sqs")
    url: str = request.getfixturevalue("queue_url")
    return OpenQueue(deploying(client, url), lambda: received(client, url))


@pytest.fixture(params=IMPLEMENTATIONS)
def exceptions(request: pytest.FixtureRequest) -> tuple[ExceptionQueue, Bodies]:
    if request.param == "fake":
        fake = FakeExceptionQueue()
        return fake, lambda: [message.body.decode() for message in fake.messages]
    client: SQSClient = request.getfixturevalue("sqs")
    url: str = request.getfixturevalue("queue_url")
    return SqsExceptionQueue(client, queue_url=url), lambda: received(client, url)


def test_a_message_is_sent_as_it_is(deployment: OpenQueue) -> None:
    assert deployment.port.send("eu", body='{"é":1}'.encode(), group="shop", deduplication_id="h1")
    assert deployment.bodies() == ['{"é":1}']


def test_the_same_hand_off_is_one_message(deployment: OpenQueue) -> None:
    for _ in range(3):
        deployment.port.send("eu", body=b"one", group="shop", deduplication_id="h1")
    deployment.port.send("eu", body=b"two", group="shop", deduplication_id="h2")
    assert deployment.bodies() == ["one", "two"]


def test_a_target_without_a_queue_is_a_wrong_deployment(deployment: OpenQueue) -> None:
    with pytest.raises(ConfigurationError):
        deployment.port.send("us", body=b"one", group="shop", deduplication_id="h1")
    assert deployment.bodies() == []


def test_one_hold_is_one_message(exceptions: tuple[ExceptionQueue, Bodies]) -> None:
    queue, bodies = exceptions
    for messages in [("h1", b"first")], [("h1", b"first"), ("h2", b"second")], []:
        queue.send(group="shop@eu.1", messages=messages)
    assert bodies() == ["first", "second"]


@pytest.mark.parametrize(("count", "size"), [(25, 10), (10, 60_000), (3, 200_000)])
def test_many_holds_are_as_many_messages_in_their_order(
    exceptions: tuple[ExceptionQueue, Bodies], count: int, size: int
) -> None:
    """More, or larger ones, than SQS takes in one call."""
    queue, bodies = exceptions
    said = [f"{number:0{size}}" for number in range(count)]
    queue.send(group="shop@eu.1", messages=[(f"h{number}", body.encode()) for number, body in enumerate(said)])
    assert bodies() == said


def test_a_hold_that_the_queue_did_not_take_is_told(sqs: "SQSClient", queue_url: str) -> None:
    """SQS answers 200 to a batch of which it took a part."""
    taken = {"Id": "0", "MessageId": "m", "MD5OfMessageBody": ""}
    failed = {"Id": "1", "Code": "InternalError", "SenderFault": False}
    with (
        on_the_wire(sqs, "SendMessageBatch", lambda _: wire.success(Successful=[taken], Failed=[failed])),
        pytest.raises(DependencyUnavailable, match="1 not sent, InternalError"),
    ):
        SqsExceptionQueue(sqs, queue_url=queue_url).send(group="g", messages=[("h1", b"first"), ("h2", b"second")])


def test_the_fake_forgets_after_five_minutes_as_sqs_does() -> None:
    clock = FakeClock()
    fake = FakeDeploymentQueue(["eu"], clock)
    for minutes in (0, 4, 1, 5):
        clock.move(timedelta(minutes=minutes))
        fake.send("eu", body=b"one", group="shop", deduplication_id="h1")
    assert len(fake.messages("eu")) == 3, "at 0, 5 and 10 minutes"


def test_the_fake_can_lose_answers_and_refuse() -> None:
    fake = FakeDeploymentQueue(["eu"])
    fake.refuse()
    with pytest.raises(DependencyUnavailable):
        fake.send("eu", body=b"one", group="shop", deduplication_id="h1")
    assert fake.messages("eu") == []
    fake.lose_answers()
    with pytest.raises(AmbiguousCompletion):
        fake.send("eu", body=b"one", group="shop", deduplication_id="h1")
    assert len(fake.messages("eu")) == 1
    assert fake.send("eu", body=b"one", group="shop", deduplication_id="h1") == fake.messages("eu")[0].id
    assert fake.sends == 3


@pytest.fixture
def adapter(sqs: "SQSClient", queue_url: str) -> SqsDeploymentQueue:
    return deploying(sqs, queue_url)


def send(queue: DeploymentQueue) -> str:
    return queue.send("eu", body=b"one", group="shop", deduplication_id="h1")


@pytest.mark.parametrize("fault", [None, ReadTimeoutError(endpoint_url="x"), ConnectionClosedError(endpoint_url="x")])
def test_a_lost_answer_is_ambiguous_and_not_tried_again(
    adapter: SqsDeploymentQueue, sqs: "SQSClient", queue_url: str, fault: Exception | None
) -> None:
    with on_the_wire(sqs, "SendMessage", lost(times=1, fault=fault)) as tries, pytest.raises(AmbiguousCompletion):
        send(adapter)
    assert len(tries) == 1
    assert received(sqs, queue_url) == ["one"]


@pytest.mark.parametrize("fault", [EndpointConnectionError(endpoint_url="x"), ConnectTimeoutError(endpoint_url="x")])
def test_what_never_left_was_surely_not_sent(adapter: SqsDeploymentQueue, sqs: "SQSClient", fault: Exception) -> None:
    with on_the_wire(sqs, "SendMessage", broken(fault)) as tries, pytest.raises(DependencyUnavailable):
        send(adapter)
    assert len(tries) == 1


@pytest.mark.parametrize("code", ["AccessDeniedException", "RequestThrottled", "QueueDoesNotExist"])
def test_a_definite_refusal_was_surely_not_sent(adapter: SqsDeploymentQueue, sqs: "SQSClient", code: str) -> None:
    refused = always(lambda: wire.error(400, code))
    with on_the_wire(sqs, "SendMessage", refused) as tries, pytest.raises(DependencyUnavailable):
        send(adapter)
    assert len(tries) == 1


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_error_is_ambiguous(adapter: SqsDeploymentQueue, sqs: "SQSClient", status: int) -> None:
    failing = always(lambda: wire.error(status, "InternalFailure"))
    with on_the_wire(sqs, "SendMessage", failing) as tries, pytest.raises(AmbiguousCompletion):
        send(adapter)
    assert len(tries) == 1


def test_an_answer_that_cannot_be_read_is_ambiguous(adapter: SqsDeploymentQueue, sqs: "SQSClient") -> None:
    garbled = always(lambda: wire.response(200, b"<html>"))
    with on_the_wire(sqs, "SendMessage", garbled), pytest.raises(AmbiguousCompletion):
        send(adapter)


def test_a_client_that_would_send_twice_is_refused(aws: Clients, queue_url: str) -> None:
    with pytest.raises(ConfigurationError, match="must not retry"):
        send(deploying(aws("sqs"), queue_url))


def test_each_queue_is_sent_to_in_its_own_region(aws: Clients, session: boto3.Session) -> None:
    """An imported queue may lie in another region, where only that region's endpoint knows it."""
    queues: dict[str, DeployedQueue] = {}
    clients: dict[str, SQSClient] = {}
    made: list[str] = []
    for region in ("eu-west-1", "us-east-1"):
        client = session.client("sqs", region_name=region, config=Config(retries={"total_max_attempts": 1}))
        url = client.create_queue(QueueName=f"{region}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        arn = f"arn:aws:sqs:{region}:123456789012:{region}.fifo"
        clients[region], queues[region] = client, DeployedQueue(arn=arn, url=url)

    def client_in(region: str) -> "SQSClient":
        made.append(region)
        return clients[region]

    queue = SqsDeploymentQueue(client_in, queues=queues)
    for target in ("eu-west-1", "us-east-1", "eu-west-1"):
        queue.send(target, body=target.encode(), group="shop", deduplication_id=f"{target}-{len(made)}")
    assert made == ["eu-west-1", "us-east-1"]
    assert received(clients["us-east-1"], queues["us-east-1"].url) == ["us-east-1"]
    assert received(clients["eu-west-1"], queues["eu-west-1"].url) == ["eu-west-1", "eu-west-1"]


def test_an_unreachable_exception_queue_is_unavailable(aws: Clients, queue_url: str) -> None:
    client = aws("sqs")
    with (
        on_the_wire(client, "SendMessageBatch", broken(ReadTimeoutError(endpoint_url="x"))),
        pytest.raises(DependencyUnavailable),
    ):
        SqsExceptionQueue(client, queue_url=queue_url).send(group="g", messages=[("d", b"one")])
