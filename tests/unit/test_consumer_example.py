"""The example of a consumer: what it acts on, what it leaves, what it answers, and that it can be killed anywhere."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cutover.contracts.handoff import HANDOFF_TYPE, Handoff
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.errors import Refused
from examples.consumer.consumer import Consumer, Left
from tests.building.keys import seal_bytes
from tests.building.policy import CLOSES_AT, OPENS_AT
from tests.simulator.events import Sent, deliver, delivery_order, signed
from tests.simulator.journeys import handed_off
from tests.simulator.world import World

CUTOVER, TARGET, REGION = "service@production.1", "production", "eu-central-1"
NOBODY: dict[str, Any] = {"aws_access_key_id": "none", "aws_secret_access_key": "none", "region_name": REGION}


class Bus:
    """EventBridge as a consumer sees it: what it puts reaches the door of receipts. ``down``: it takes nothing."""

    def __init__(self, world: World) -> None:
        self.world, self.down, self.receipts = world, False, list[dict[str, Any]]()

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - as boto3 calls it
        (entry,) = Entries
        if self.down:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "Throttled"}]}
        assert (entry["EventBusName"], entry["DetailType"]) == ("bus", "Receipt")
        detail = json.loads(entry["Detail"])
        self.receipts.append(json.loads(dsse.decode_base64(detail["envelope"]["payload"])))
        body = json.dumps({"id": f"r-{len(self.receipts)}", "detail-type": "Receipt", "detail": detail})
        self.world.wiring.idempotency.clear()
        deliver(self.world, Sent("receipts", body, "", ""))
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}


@dataclasses.dataclass
class Scene:
    """A release that has been handed off, and its consumer."""

    world: World
    bus: Bus
    consumer: Consumer
    sqs: Any
    deployed: list[str]
    answer: dict[str, Any]

    @property
    def message(self) -> bytes:
        return self.world.wiring.deployment.messages(TARGET)[0].body

    def arrives(self, body: bytes, name: str = "1") -> None:
        self.sqs.send_message(
            QueueUrl=self.consumer.queue_url, MessageBody=body.decode(), MessageGroupId=CUTOVER,
            MessageDeduplicationId=name,
        )  # fmt: skip

    def told(self) -> list[tuple[str, str]]:
        entries = (*self.world.ledger(CUTOVER), *self.world.ledger("orders"))
        return [(each.event, each.result) for each in entries if each.actor.role == "receipts"]


@pytest.fixture
def scene() -> Iterator[Scene]:
    world = World()
    handed_off(world)
    with mock_aws():
        sqs, dynamodb = boto3.client("sqs", **NOBODY), boto3.client("dynamodb", **NOBODY)
        url = sqs.create_queue(QueueName="ours.fifo", Attributes={"FifoQueue": "true", "VisibilityTimeout": "0"})
        dynamodb.create_table(
            TableName="seen", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "handoff_id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "handoff_id", "KeyType": "HASH"}],
        )  # fmt: skip
        bus, deployed, answer = Bus(world), list[str](), dict[str, Any](outcome="accepted")

        def deploy(handoff: Handoff) -> dict[str, Any]:
            deployed.append(handoff.handoff_id)
            return answer

        def running(handoff: Handoff) -> dict[str, Any] | None:
            return answer if handoff.handoff_id in deployed else None

        consumer = Consumer(
            sqs=sqs, dynamodb=dynamodb, events=bus, queue_url=url["QueueUrl"], table="seen", bus="bus",
            queue_arn=world.deployment.queue_arn, audience=world.deployment.audience,
            trust=world.deployment.trust_file(), root=canonical.digest_model(world.deployment.root()),
            signer=world.deployment.key("receipt"), deploy=deploy, deployed=running,
            now=world.clock.now,
            fetch=lambda each: world.wiring.store.get(each.digest, limit=each.size),
        )  # fmt: skip
        yield Scene(world, bus, consumer, sqs, deployed, answer)


def test_it_has_less_than_a_hundred_lines(repository: Path) -> None:
    assert len((repository / "examples/consumer/consumer.py").read_text("utf-8").splitlines()) < 100


def test_a_message_is_proved_acted_on_answered_and_deleted(scene: Scene) -> None:
    scene.arrives(scene.message)
    assert scene.consumer.poll(wait=0) == "accepted"
    assert scene.deployed == [scene.world.record().handoff_id]
    assert scene.told() == [("receipt", "RECEIPT_ACCEPTED")]
    assert scene.consumer.poll(wait=0) is None


def test_dead_letters_are_taken_by_the_same_consumer(scene: Scene) -> None:
    """A redrive would be a send, and nobody may send but Cutover: it polls the queue behind its own."""
    behind = scene.sqs.create_queue(QueueName="ours-dead-letters.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    again = dataclasses.replace(scene.consumer, queue_url=behind)
    scene.sqs.send_message(
        QueueUrl=behind, MessageBody=scene.message.decode(), MessageGroupId=CUTOVER, MessageDeduplicationId="1"
    )
    assert [again.poll(wait=0), again.poll(wait=0)] == ["accepted", None]


def test_a_duplicate_is_dropped(scene: Scene) -> None:
    """Also one that was asked for once more: it comes under another deduplication id, and is no other hand-off."""
    for name in ("1", "2"):
        scene.arrives(scene.message, name)
    assert [scene.consumer.poll(wait=0) for _ in range(3)] == ["accepted", "duplicate", None]
    assert (len(scene.deployed), len(scene.bus.receipts)) == (1, 1)


@pytest.mark.parametrize(
    ("said", "result"),
    [({"outcome": "corrected", "cause": "version-drift", "detail": "1.4.1 runs already."}, "RECEIPT_CORRECTED"),
     ({"outcome": "rejected", "cause": "hidden-hold"}, "RECEIPT_REJECTED")],
)  # fmt: skip
def test_what_deploying_says_is_what_is_answered(scene: Scene, said: dict[str, Any], result: str) -> None:
    scene.answer.clear()
    scene.answer.update(said)
    assert scene.consumer.take(scene.message) == said["outcome"]
    assert scene.told() == [("receipt", result)]
    assert said.items() <= scene.bus.receipts[0].items()


def tampered(scene: Scene) -> bytes:
    handoff = json.loads(dsse.decode_base64(dsse.parse(scene.message).payload))
    handoff["revision"] = 2
    signatures = json.loads(scene.message)["signatures"]
    changed = json.loads(seal_bytes(HANDOFF_TYPE, canonical.encode(handoff), scene.world.deployment.key("handoff")))
    return canonical.encode(changed | {"signatures": signatures})


def signed_by_another(scene: Scene) -> bytes:
    payload = dsse.decode_base64(dsse.parse(scene.message).payload)
    return seal_bytes(HANDOFF_TYPE, payload, scene.world.deployment.key("candidate"))


@pytest.mark.parametrize("forge", [tampered, signed_by_another])
def test_what_nobody_proves_is_left_and_answered_by_nobody(scene: Scene, forge: Callable[[Scene], bytes]) -> None:
    scene.arrives(forge(scene))
    for _ in range(2):
        with pytest.raises(Left):
            scene.consumer.poll(wait=0)
    assert (scene.deployed, scene.bus.receipts) == ([], [])


def test_what_is_no_envelope_is_left(scene: Scene) -> None:
    scene.arrives(b'{"deploy": "everything"}')
    with pytest.raises(Refused):
        scene.consumer.poll(wait=0)
    assert scene.sqs.receive_message(QueueUrl=scene.consumer.queue_url).get("Messages")


@pytest.mark.parametrize(
    "other",
    [{"queue_arn": f"arn:aws:sqs:{REGION}:123456789012:another.fifo"},
     {"audience": f"cutover:shop:123456789012:{REGION}:production"}, {"root": "sha256:" + "7" * 64}],
    ids=["queue", "audience", "root"],
)  # fmt: skip
def test_what_is_for_somebody_else_is_left(scene: Scene, other: dict[str, Any]) -> None:
    consumer = dataclasses.replace(scene.consumer, **other)
    with pytest.raises(Left):
        consumer.take(scene.message)
    assert (scene.deployed, scene.bus.receipts) == ([], [])


def test_too_late_is_rejected_and_too_early_comes_again(scene: Scene) -> None:
    """Late: it would fail again for ever, and who approved it is to hear. Early: our clock is behind."""
    early = dataclasses.replace(scene.consumer, now=lambda: OPENS_AT - timedelta(seconds=1))
    with pytest.raises(Left):
        early.take(scene.message)
    scene.world.clock.move_to(CLOSES_AT)
    assert scene.consumer.take(scene.message) == "rejected"
    assert scene.bus.receipts[0]["detail"].startswith("WINDOW_NOT_OPEN")
    assert (scene.deployed, scene.told()) == ([], [("receipt", "RECEIPT_REJECTED")])


def test_other_documents_than_it_names_are_left_until_the_right_ones_come(scene: Scene) -> None:
    """An error page for a document says something of the store, and nothing of the release that people approved."""
    scene.arrives(scene.message)
    with pytest.raises(Left, match="DOCUMENT_ALTERED"):
        dataclasses.replace(scene.consumer, fetch=lambda _: b"<Error>SlowDown</Error>").poll(wait=0)
    assert (scene.deployed, scene.bus.receipts) == ([], [])
    assert scene.consumer.poll(wait=0) == "accepted"


def test_a_test_message_is_recognised_and_dropped(scene: Scene) -> None:
    deliver(scene.world, signed(scene.world, delivery_order(scene.world, "test", target=TARGET)))
    scene.arrives(scene.world.wiring.deployment.messages(TARGET)[-1].body)
    assert [scene.consumer.poll(wait=0) for _ in range(2)] == ["test", None]
    assert (scene.deployed, scene.bus.receipts) == ([], [])


class Killed(Exception):
    """The process ends here."""


class Dying:
    """A client that is gone at its n-th call: before it has done anything, or after."""

    def __init__(self, real: Any, at: int, *, after: bool) -> None:
        self.real, self.left, self.after = real, at, after

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.after:
                raise Killed
            answer = getattr(self.real, name)(*args, **kwargs)
            if self.left == 0:
                raise Killed
            return answer

        return call


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("client", "at"), [("sqs", 1), ("sqs", 2), ("dynamodb", 1), ("dynamodb", 2), ("dynamodb", 3), ("events", 1)]
)
def test_killed_anywhere_it_ends_in_one_receipt(scene: Scene, client: str, at: int, *, after: bool) -> None:
    scene.arrives(scene.message)
    dying: dict[str, Any] = {client: Dying(getattr(scene.consumer, client), at, after=after)}
    with pytest.raises(Killed):
        dataclasses.replace(scene.consumer, **dying).poll(wait=0)
    scene.world.clock.move(timedelta(seconds=1))
    while scene.consumer.poll(wait=0) is not None:
        pass
    assert scene.told() == [("receipt", "RECEIPT_ACCEPTED")], "however often it was sent"
    assert set(scene.deployed) == {scene.world.record().handoff_id}


def test_a_bus_that_is_down_keeps_the_message(scene: Scene) -> None:
    scene.arrives(scene.message)
    scene.bus.down = True
    with pytest.raises(Left):
        scene.consumer.poll(wait=0)
    scene.bus.down = False
    assert scene.consumer.poll(wait=0) == "accepted"
    assert len(scene.deployed) == 1, "its answer was kept"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_what_was_started_is_answered_for_after_its_window(scene: Scene, *, after: bool) -> None:
    """Killed when it had deployed and its answer was not kept yet; the message comes again when all is over."""
    scene.arrives(scene.message)
    dying = Dying(scene.consumer.dynamodb, 2, after=after)
    with pytest.raises(Killed):
        dataclasses.replace(scene.consumer, dynamodb=dying).poll(wait=0)
    scene.world.clock.move_to(CLOSES_AT)
    assert scene.consumer.poll(wait=0) == "accepted"
    assert scene.told() == [("receipt", "RECEIPT_ACCEPTED")]
    assert len(scene.deployed) == 1, "found, and not started again"
