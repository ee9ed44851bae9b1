"""Where the command line works: the stack's own outputs say it, and what the bus refuses is not taken for sent."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cutover.domain.record import Brake
from cutover_cli.output import BadArgument
from cutover_cli.site import SOURCE, EventBridgeBus, RemoteFailed, deployed, remote
from tests.adapters.conftest import Clients, make_table

OUTPUTS = {"Audience": "cutover:shop:123456789012:eu-west-1:dev", "BusName": "shop-dev", "TableName": "main"}


class Described:
    """CloudFormation, as far as it is asked."""

    def __init__(self, outputs: Mapping[str, str]) -> None:
        self._outputs = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803  # boto3's name
        assert StackName == "shop-dev"
        return {"Stacks": [{"Outputs": self._outputs}]}


class Session:
    """A session of moto's AWS, in which one stack is described."""

    def __init__(self, aws: Clients, outputs: Mapping[str, str]) -> None:
        self._aws, self._outputs = aws, outputs

    def client(self, service: str) -> Any:
        return Described(self._outputs) if service == "cloudformation" else self._aws(service)


def test_a_stack_says_where_everything_is(aws: Clients) -> None:
    make_table(aws("dynamodb"), "main")
    aws("events").create_event_bus(Name="shop-dev")
    site = deployed(Session(aws, OUTPUTS), "shop-dev")  # type: ignore[arg-type]
    site.records.set_brake(Brake(engaged=True))
    assert site.audience == OUTPUTS["Audience"]
    assert site.records.brake() == Brake(engaged=True)
    assert site.targets is None, "it was deployed before stacks said it"
    assert site.bus.put("BrakeOrder", "{}")


def test_a_stack_says_where_its_store_inbox_and_queues_are(aws: Clients) -> None:
    for name, versioned in (("shop-store", True), ("shop-inbox", True)):
        make_bucket(aws("s3"), name, versioned=versioned)
    url = aws("sqs").create_queue(QueueName="payments")["QueueUrl"]
    more = {
        "StoreBucket": "shop-store", "InboxBucket": "shop-inbox", "TargetPaymentsProdQueueUrl": url,
        "TargetNames": "payments-prod,billing",
    }  # fmt: skip
    site = deployed(Session(aws, OUTPUTS | more), "shop-dev")  # type: ignore[arg-type]
    digest = site.documents.put(b"hello")
    assert site.documents.get(digest, limit=10) == b"hello"
    assert site.inbox is not None
    first, second = (site.inbox.put("candidates/x.json", b"{}") for _ in range(2))
    assert first != second, "an event names one version"
    assert (site.queues("payments-prod") or "").endswith(":payments")
    assert site.queues("staging") is None
    assert site.targets == frozenset({"payments-prod", "billing"})


def test_an_inbox_without_versions_takes_nothing(aws: Clients) -> None:
    make_bucket(aws("s3"), "shop-inbox", versioned=False)
    site = deployed(Session(aws, OUTPUTS | {"InboxBucket": "shop-inbox"}), "shop-dev")  # type: ignore[arg-type]
    assert site.inbox is not None
    with pytest.raises(RemoteFailed, match="keeps no versions"):
        site.inbox.put("candidates/x.json", b"{}")
    with pytest.raises(BadArgument, match="StoreBucket"):
        _ = site.documents
    with pytest.raises(BadArgument, match="RootFingerprint"):
        site.policy()


def make_bucket(s3: Any, name: str, *, versioned: bool) -> None:
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    if versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


class Denying:
    """SQS, as somebody sees it who may not ask a queue."""

    @staticmethod
    def get_queue_attributes(**_: Any) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "AWS.SimpleQueueService.AccessDenied"}}, "GetQueueAttributes")


def test_a_queue_that_one_may_not_ask_is_unknown(aws: Clients) -> None:
    class Watched(Session):
        def client(self, service: str) -> Any:
            return Denying() if service == "sqs" else super().client(service)

    site = deployed(Watched(aws, OUTPUTS | {"TargetProdQueueUrl": "https://x"}), "shop-dev")  # type: ignore[arg-type]
    assert site.queues("prod") is None


@pytest.mark.parametrize("missing", OUTPUTS)
def test_another_stack_is_none_of_ours(aws: Clients, missing: str) -> None:
    outputs = {key: value for key, value in OUTPUTS.items() if key != missing}
    with pytest.raises(BadArgument, match=missing):
        deployed(Session(aws, outputs), "shop-dev")  # type: ignore[arg-type]


def test_an_event_goes_to_its_bus_as_an_operator_s(aws: Clients) -> None:
    events, sqs = aws("events"), aws("sqs")
    events.create_event_bus(Name="shop-dev")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = json.dumps({"source": [SOURCE], "detail-type": ["BrakeOrder"]})
    events.put_rule(Name="orders", EventBusName="shop-dev", EventPattern=pattern)
    events.put_targets(Rule="orders", EventBusName="shop-dev", Targets=[{"Id": "orders", "Arn": arn}])
    sent = EventBridgeBus(events, "shop-dev").put("BrakeOrder", '{"x": 1}')
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    event = json.loads(message["Body"])
    assert (event["id"], event["detail-type"], event["detail"]) == (sent, "BrakeOrder", {"x": 1})


class Refusing:
    """EventBridge answers 200 and says in its answer that it took nothing."""

    @staticmethod
    def put_events(**_: Any) -> dict[str, Any]:
        return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}]}


def test_an_event_that_the_bus_did_not_take_was_not_sent() -> None:
    with pytest.raises(RemoteFailed, match="slow down"):
        EventBridgeBus(Refusing(), "shop-dev").put("BrakeOrder", "{}")  # type: ignore[arg-type]


def test_what_aws_refuses_is_a_remote_failure(aws: Clients) -> None:
    site = deployed(Session(aws, OUTPUTS), "shop-dev")  # type: ignore[arg-type]
    with pytest.raises(RemoteFailed, match="ResourceNotFoundException"), remote():
        site.records.brake()
