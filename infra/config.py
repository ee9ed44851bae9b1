"""What a deployment may choose, typed. Read from a JSON file; everything else is the same everywhere."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_CONFIG = ROOT / "infra" / "deployment.json"

StageName = Literal["development", "production"]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
FifoArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[\w-]+\.fifo$")]
KeyArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[\w-]+$")]
RepositoryArn = Annotated[
    str,
    StringConstraints(pattern=r"^arn:aws[a-z-]*:ecr:[a-z0-9-]+:[0-9]{12}:repository/[a-z0-9][a-z0-9._/-]*(?:/\*)?$"),
]
Profile = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{4,7}/[a-z0-9]{4,7}$")]
TopicArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[\w-]+$")]
PolicyArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:policy/.+$")]
Sender = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[a-z0-9.-]+\.[a-z]{2,}$")]
SubnetId = Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-f]{8,17}$")]
SecurityGroupId = Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-f]{8,17}$")]
LinksKeyNumber = Annotated[int, Field(ge=1, le=999)]
LogRetention = Literal[30, 60, 90, 180, 365, 731, 1827, 2557]

YEARS_7_DAYS = 2557


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(_Model):
    """One deployment queue with the environment and account that it deploys to.

    Without `queue_arn` the stack owns a FIFO queue; with it, that existing queue is only sent to.
    `queue_key_arn` is the customer key of an imported queue, if it has one.
    """

    name: Name
    environment: Name
    account: AccountId | None = None
    queue_arn: FifoArn | None = None
    queue_key_arn: KeyArn | None = None

    @property
    def pascal(self) -> str:
        """The name as it stands in logical ids and outputs: `payments-prod` is `PaymentsProd`."""
        return "".join(part.capitalize() for part in self.name.split("-"))

    @model_validator(mode="after")
    def _key_only_with_queue(self) -> Self:
        if self.queue_key_arn and not self.queue_arn:
            raise ValueError("queue_key_arn belongs to an imported queue: give queue_arn too")
        return self


class LinksKeys(_Model):
    """The keys of links, by number: `current` makes links, and those that it and the `accepted` ones made are taken.

    A number is given once: a key that is named no more is gone, and its links with it.
    """

    current: LinksKeyNumber = 1
    accepted: Annotated[tuple[LinksKeyNumber, ...], Field(max_length=3)] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """All of them, the one that makes links first."""
        return (self.current, *self.accepted)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.numbers)) != len(self.numbers):
            raise ValueError("a links key is either the current one or an accepted one, and named once")
        return self


class Network(_Model):
    """The VPC that the functions reach everything through: its subnets, of several zones, and their security groups."""

    subnet_ids: Annotated[tuple[SubnetId, ...], Field(min_length=2, max_length=16)]
    security_group_ids: Annotated[tuple[SecurityGroupId, ...], Field(min_length=1, max_length=5)]


class Stage(_Model):
    """One deployed Cutover. `retention_days` is how long the store keeps each object undeletable.

    `source_key_arns` are the customer keys of the source buckets, where they have any. `registries` are the ARNs of ECR
    repositories (a last `/*` stands for all below), `appconfig_profiles` are profiles of AppConfig in the stack's own
    account and region (`application/profile`, by id), and `credentials_key_arn` is the customer key of the secrets with
    the source systems' credentials and Slack's, if they have one. With `slack`, messages go to Slack too: the workspace
    is named by the facts, its credentials lie in the stage's own secret. With `network`, the functions run in that VPC.
    `alarm_topic_arn` is a topic of SNS that alarms tell instead of the stage's own; CloudWatch must be allowed to.
    """

    sender: Sender
    links_keys: LinksKeys = LinksKeys()
    slack: bool = False
    targets: Annotated[tuple[Target, ...], Field(min_length=1)]
    source_buckets: tuple[BucketName, ...] = ()
    source_key_arns: tuple[KeyArn, ...] = ()
    registries: tuple[RepositoryArn, ...] = ()
    appconfig_profiles: tuple[Profile, ...] = ()
    credentials_key_arn: KeyArn | None = None
    retention_days: Annotated[int, Field(ge=1, le=36500)]
    log_retention_days: LogRetention
    alarm_topic_arn: TopicArn | None = None
    permissions_boundary: PolicyArn | None = None
    network: Network | None = None

    @model_validator(mode="after")
    def _names_are_distinct(self) -> Self:
        names = [target.pascal for target in self.targets]
        if len(set(names)) != len(names):
            raise ValueError("two targets share a name")
        queues = [target.queue_arn for target in self.targets if target.queue_arn]
        if len(set(queues)) != len(queues):
            raise ValueError("two targets share a queue")
        return self


class Stages(_Model):
    """Development may be taken down again; production keeps everything for seven years at least."""

    development: Stage
    production: Stage

    @model_validator(mode="after")
    def _production_is_stricter(self) -> Self:
        if self.production.retention_days < YEARS_7_DAYS:
            raise ValueError(f"production.retention_days must be at least {YEARS_7_DAYS}")
        if not self.production.source_buckets:
            raise ValueError("production.source_buckets must name the buckets that CI publishes to")
        return self


class Deployment(_Model):
    """The whole file. `instance` tells apart several Cutovers in one account."""

    instance: Name = "cutover"
    stages: Stages

    def stage(self, name: StageName) -> Stage:
        """The configuration of one stage."""
        return self.stages.development if name == "development" else self.stages.production


def load(path: Path = DEFAULT_CONFIG) -> Deployment:
    """Reads a deployment file. Raises pydantic.ValidationError, which lists every fault with its path."""
    return Deployment.model_validate_json(path.read_bytes())


def engine_version() -> str:
    """The project's version, from pyproject.toml."""
    found = re.search(r'(?m)^version = "([^"]+)"$', (ROOT / "pyproject.toml").read_text("utf-8"))
    if not found:
        raise ValueError("pyproject.toml states no version")
    return found[1]
