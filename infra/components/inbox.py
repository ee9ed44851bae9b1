"""The way in: the bus, the rule that picks release candidates, and the queue that keeps them safe."""

from aws_cdk import Aws
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.components.queues import dead_letter_queue, queue
from infra.components.settings import StageSettings

SOURCE, DETAIL_TYPE = "cutover.ci", "ReleaseCandidate"
# AWS asks for six times the timeout of the function that consumes: Intake has 30 s.
VISIBILITY_SECONDS = 180


class Inbox(Construct):
    """A candidate is never lost between the bus and Intake: it waits in one of three queues."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.bus = events.EventBus(self, "Bus", event_bus_name=f"{settings.instance}-{settings.name}")
        self.queue = queue(self, "Queue", key=key, visibility_seconds=VISIBILITY_SECONDS)
        self.undelivered = dead_letter_queue(self, "Undelivered", key=key)
        rule = events.CfnRule(
            self,
            "Rule",
            description="Release candidates from CI",
            event_bus_name=self.bus.event_bus_name,
            event_pattern={"source": [SOURCE], "detail-type": [DETAIL_TYPE]},
            targets=[
                events.CfnRule.TargetProperty(
                    id="Inbox",
                    arn=self.queue.queue_arn,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self.undelivered.queue_arn),
                )
            ],
        )
        for receiver in (self.queue, self.undelivered):
            let_rule_send(receiver, rule)


def let_rule_send(receiver: sqs.Queue, rule: events.CfnRule) -> None:
    """Lets one rule put messages into a queue."""
    receiver.add_to_resource_policy(
        iam.PolicyStatement(
            sid="EventBridgeRuleSends",
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            actions=["sqs:SendMessage"],
            resources=[receiver.queue_arn],
            conditions={
                "ArnEquals": {"aws:SourceArn": rule.attr_arn},
                "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
            },
        )
    )
