"""A deployed Cutover as an operator reaches it: bus, table, store and inbox, in AWS or in the local stack."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from cutover.adapters.system_clock import SystemClock
from cutover.contracts.base import Audience, Digest
from cutover.errors import TransientError
from cutover.ports import Clock, LockedStore, Messages, Records
from cutover_cli.output import BadArgument, CommandError, Exit

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client

    from cutover.domain.policy import Policy
    from cutover.policies import PolicyReader

SOURCE = "cutover.operators"

StackOption = Annotated[
    str | None, typer.Option("--stack", metavar="NAME", help="The CloudFormation stack, such as cutover-development.")
]
ProfileOption = Annotated[str | None, typer.Option("--profile", help="The AWS profile to use.")]
RegionOption = Annotated[str | None, typer.Option("--region", help="The AWS region of the stack.")]
LocalOption = Annotated[bool, typer.Option("--local", help="The local stack of this checkout instead of AWS.")]
StateDirOption = Annotated[
    Path | None, typer.Option("--state-dir", metavar="DIR", help="Where the local stack keeps its state.")
]


class RemoteFailed(CommandError):
    """AWS did not answer, or refused what was asked of it."""

    exit_code = Exit.REMOTE
    reason = "REMOTE_FAILED"


class Bus(Protocol):
    def put(self, detail_type: str, detail: str, *, source: str = SOURCE) -> str:
        """The id of the event; ``RemoteFailed`` when the bus refuses it."""


class Uploads(Protocol):
    def put(self, key: str, content: bytes) -> str:
        """Leaves bytes for Intake under a key; the version that they got. ``RemoteFailed`` when they got none."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as CloudFormation describes it; ``client`` makes the boto3 client of a service, for who looks closer."""

    name: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    client: Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Site:
    """``store`` and ``inbox`` are None where the stack does not say where they are, ``stack`` where there is none."""

    audience: Audience
    records: Records
    bus: Bus
    clock: Clock = field(default_factory=SystemClock)
    store: LockedStore | None = None
    inbox: Uploads | None = None
    fingerprint: Digest | None = None
    """The root that the stack pins."""
    queues: Callable[[str], str | None] = lambda _target: None
    """The ARN of a target's queue; None where the stack has no such target, or the caller may not ask its queue."""
    targets: frozenset[str] | None = None
    """The targets that are deployed; None where the stack does not say."""
    messages: Messages | None = None
    stack: Stack | None = None

    @property
    def documents(self) -> LockedStore:
        """Raises BadArgument where the stack does not say which bucket is its store."""
        if self.store is None:
            raise BadArgument("the stack has no output StoreBucket: deploy this version of Cutover")
        return self.store

    @property
    def policies(self) -> "PolicyReader":
        """Reads policy, proved from the stack's own root. Raises BadArgument where the stack does not say which."""
        from cutover.policies import PolicyReader

        if self.fingerprint is None:
            raise BadArgument("the stack has no parameter RootFingerprint")
        return PolicyReader(records=self.records, store=self.documents, fingerprint=self.fingerprint)

    def policy(self) -> "Policy":
        """The policy that is active there. Raises ``Refused``, BadArgument."""
        return self.policies.active()


@dataclass(frozen=True, slots=True)
class EventBridgeBus:
    """Implements ``Bus``."""

    client: "EventBridgeClient"
    name: str

    def put(self, detail_type: str, detail: str, *, source: str = SOURCE) -> str:
        answer = self.client.put_events(
            Entries=[{"EventBusName": self.name, "Source": source, "DetailType": detail_type, "Detail": detail}]
        )
        entry = answer["Entries"][0]
        if answer["FailedEntryCount"] or "EventId" not in entry:
            raise RemoteFailed(f"the bus refused it: {entry.get('ErrorCode')}: {entry.get('ErrorMessage')}")
        return entry["EventId"]


@dataclass(frozen=True, slots=True)
class InboxBucket:
    """Implements ``Uploads``. The bucket keeps versions: an event names the very bytes that it means."""

    client: "S3Client"
    bucket: str

    def put(self, key: str, content: bytes) -> str:
        answer = self.client.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType="application/json")
        version = answer.get("VersionId")
        if not version or version == "null":
            raise RemoteFailed(f"the inbox bucket {self.bucket} keeps no versions")
        return version


def site(
    ctx: typer.Context, *, stack: str | None, profile: str | None, region: str | None, local: bool,
    state_dir: Path | None,
) -> Site:  # fmt: skip
    """Where the command is to work. Whoever calls it from Python may give the context another site."""
    given = ctx.find_object(Site)
    if given is not None:
        return given
    if local == (stack is not None):
        raise BadArgument("give either --stack NAME or --local")
    if stack is None:
        return _local(state_dir)
    import boto3

    return deployed(boto3.Session(profile_name=profile, region_name=region), stack)


def _local(state_dir: Path | None) -> Site:
    from cutover_cli.local import lifecycle

    stack = lifecycle.attach(state_dir=state_dir)
    parameters = {"RootFingerprint": stack.root_fingerprint}
    return _of(Stack(stack.stack_name, stack.outputs, parameters, stack.clients.of))


def deployed(session: "boto3.Session", stack: str) -> Site:
    """The stack in this session's account and region. Raises BadArgument where it is none of ours."""
    described = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", ())}
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", ())}
    if missing := {"Audience", "BusName", "TableName"} - outputs.keys():
        raise BadArgument(f"the stack {stack} is no Cutover: it has no output {', '.join(sorted(missing))}")
    client: Callable[[Any], Any] = session.client
    return _of(Stack(stack, outputs, parameters, client))


def _of(stack: Stack) -> Site:
    """A stack by its own outputs."""
    from cutover.adapters.dynamodb_messages import DynamoMessages
    from cutover.adapters.dynamodb_records import DynamoRecords
    from cutover.adapters.s3_store import S3Store

    outputs, client = stack.outputs, stack.client
    store, inbox = outputs.get("StoreBucket"), outputs.get("InboxBucket")
    return Site(
        audience=outputs["Audience"],
        records=DynamoRecords(client("dynamodb"), table=outputs["TableName"]),
        bus=EventBridgeBus(client("events"), outputs["BusName"]),
        store=S3Store(client("s3"), bucket=store) if store else None,
        inbox=InboxBucket(client("s3"), inbox) if inbox else None,
        fingerprint=stack.parameters.get("RootFingerprint"),
        queues=lambda target: _queue_arn(outputs, client, target),
        targets=frozenset(outputs["TargetNames"].split(",")) if "TargetNames" in outputs else None,
        messages=DynamoMessages(client("dynamodb"), table=outputs["TableName"]),
        stack=stack,
    )


def _queue_arn(outputs: Mapping[str, str], client: Callable[[Any], Any], target: str) -> str | None:
    from botocore.exceptions import ClientError

    name = "".join(part.capitalize() for part in target.split("-"))
    url = outputs.get(f"Target{name}QueueUrl")
    if url is None:
        return None
    try:
        answer = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    except ClientError as error:
        if "AccessDenied" in str(error.response.get("Error", {}).get("Code")):
            return None
        raise
    arn: str = answer["Attributes"]["QueueArn"]
    return arn


@contextmanager
def remote() -> Iterator[None]:
    """What a service did not do, as an error of the command line."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError, TransientError) as error:
        raise RemoteFailed(str(error)) from error
