"""A deployed Cutover as an operator reaches it: its bus and its table, in AWS or in the local stack."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from cutover.adapters.system_clock import SystemClock
from cutover.contracts.base import Audience
from cutover.errors import DependencyUnavailable
from cutover.ports import Clock, Records
from cutover_cli.output import BadArgument, CommandError, Exit

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_events import EventBridgeClient

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
    def put(self, detail_type: str, detail: str) -> str:
        """The id of the event; ``RemoteFailed`` when the bus refuses it."""


@dataclass(frozen=True, slots=True)
class Site:
    audience: Audience
    records: Records
    bus: Bus
    clock: Clock = field(default_factory=SystemClock)


@dataclass(frozen=True, slots=True)
class EventBridgeBus:
    """Implements ``Bus``."""

    client: "EventBridgeClient"
    name: str

    def put(self, detail_type: str, detail: str) -> str:
        answer = self.client.put_events(
            Entries=[{"EventBusName": self.name, "Source": SOURCE, "DetailType": detail_type, "Detail": detail}]
        )
        entry = answer["Entries"][0]
        if answer["FailedEntryCount"] or "EventId" not in entry:
            raise RemoteFailed(f"the bus refused it: {entry.get('ErrorCode')}: {entry.get('ErrorMessage')}")
        return entry["EventId"]


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
    from cutover.adapters.dynamodb_records import DynamoRecords
    from cutover_cli.local import lifecycle

    stack = lifecycle.attach(state_dir=state_dir)
    return Site(
        audience=stack.outputs["Audience"],
        records=DynamoRecords(stack.clients.dynamodb, table=stack.outputs["TableName"]),
        bus=EventBridgeBus(stack.clients.events, stack.outputs["BusName"]),
    )


def deployed(session: "boto3.Session", stack: str) -> Site:
    """The stack in this session's account and region. Raises BadArgument where it is none of ours."""
    from cutover.adapters.dynamodb_records import DynamoRecords

    described = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", ())}
    if missing := {"Audience", "BusName", "TableName"} - outputs.keys():
        raise BadArgument(f"the stack {stack} is no Cutover: it has no output {', '.join(sorted(missing))}")
    return Site(
        audience=outputs["Audience"],
        records=DynamoRecords(session.client("dynamodb"), table=outputs["TableName"]),
        bus=EventBridgeBus(session.client("events"), outputs["BusName"]),
    )


@contextmanager
def remote() -> Iterator[None]:
    """What a service did not do, as an error of the command line."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError, DependencyUnavailable) as error:
        raise RemoteFailed(str(error)) from error
