"""Deployment queues: owned by the stack, or somebody else's by ARN."""

from dataclasses import dataclass

from aws_cdk import Arn, ArnFormat, Aws, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.components.queues import queue
from infra.components.settings import StageSettings
from infra.config import Target


@dataclass(frozen=True, kw_only=True)
class DeployedTarget:
    """A target with the queue that it resolved to. `own` is None for an imported queue."""

    config: Target
    queue_arn: str
    queue_url: str
    account: str
    own: sqs.Queue | None

    def setting(self) -> dict[str, str]:
        """What the functions are told about it (values may be unresolved tokens)."""
        return {
            "queue_arn": self.queue_arn,
            "queue_url": self.queue_url,
            "environment": self.config.environment,
            "account": self.account,
        }


class Targets(Construct):
    """Every target of a stage, in the order of the configuration."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.all = tuple(self._deploy(target, key) for target in settings.config.targets)

    def setting(self) -> str:
        """What the functions are told: JSON, target name to queue, environment and account."""
        described = {target.config.name: target.setting() for target in self.all}
        return Stack.of(self).to_json_string(described)

    def _deploy(self, target: Target, key: kms.IKey) -> DeployedTarget:
        account = target.account or Aws.ACCOUNT_ID
        if target.queue_arn:
            url = _queue_url(target.queue_arn)
            return DeployedTarget(config=target, queue_arn=target.queue_arn, queue_url=url, account=account, own=None)
        own = queue(self, target.pascal, key=key, fifo=True)
        return DeployedTarget(config=target, queue_arn=own.queue_arn, queue_url=own.queue_url, account=account, own=own)


def _queue_url(arn: str) -> str:
    parts = Arn.split(arn, ArnFormat.NO_RESOURCE_NAME)
    return f"https://sqs.{parts.region}.{Aws.URL_SUFFIX}/{parts.account}/{parts.resource}"
