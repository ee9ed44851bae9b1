"""The ways in: the bus, and for each kind of event a rule that picks it and the queue that keeps it safe."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Aws
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.components.queues import dead_letter_queue, queue
from infra.components.settings import StageSettings
from infra.plan import DOORS

CI, OPERATORS = "cutover.ci", "cutover.operators"
SOURCE = "cutover"
"""Of the events that Cutover puts on the bus itself (`cutover.contracts.told`). No rule of its own picks them."""
# AWS asks for six times the timeout of the function that consumes ("Using Lambda with Amazon SQS").
VISIBILITY_PER_TIMEOUT = 6


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of event. `sources` sort, they prove nothing: each event is signed, and its door judges that.

    `batch` is how many messages its function gets at once, at most.
    """

    detail_type: str
    description: str
    sources: tuple[str, ...] = (CI, OPERATORS)
    batch: int = 5


KINDS: Mapping[str, Kind] = {
    "Intake": Kind(detail_type="ReleaseCandidate", description="Release candidates", sources=(CI,)),
    "Resolutions": Kind(detail_type="HoldResolution", description="Answers to holds"),
    "Withdrawals": Kind(detail_type="Withdrawal", description="Withdrawals"),
    # An emergency waits for nobody before it, and not long for another try: its function has a short timeout.
    "BrakeOrders": Kind(detail_type="BrakeOrder", description="Orders to the emergency brake", batch=1),
    "Deliveries": Kind(
        detail_type="DeliveryOrder",
        description="Orders to send a message again, or a test",
        sources=(OPERATORS,),
        batch=1,
    ),
    "Receipts": Kind(detail_type="Receipt", description="Receipts of consumers"),
    "Invitations": Kind(
        detail_type="PasskeyInvitation", description="Invitations to register a passkey", sources=(OPERATORS,)
    ),
    "AfterActions": Kind(detail_type="AfterAction", description="After-action records", sources=(OPERATORS,)),
}
"""By the function that takes the events."""


@dataclass(frozen=True, kw_only=True)
class Entrance:
    """A queue that a rule fills, and what the rule could not deliver."""

    kind: Kind
    queue: sqs.Queue
    undelivered: sqs.Queue


class Inbox(Construct):
    """An event is never lost between the bus and its function: it waits in one of three queues."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.bus = events.EventBus(self, "Bus", event_bus_name=f"{settings.instance}-{settings.name}")
        # Candidates were there first: their queue has no folder, and so keeps its messages when a stack is updated.
        self.entrances = {
            name: self._entrance(self if name == "Intake" else Construct(self, name), name, kind, key)
            for name, kind in KINDS.items()
        }

    def _entrance(self, scope: Construct, name: str, kind: Kind, key: kms.IKey) -> Entrance:
        return entrance(
            scope,
            takes=name,
            kind=kind,
            key=key,
            pattern={"source": list(kind.sources), "detail-type": [kind.detail_type]},
            bus_name=self.bus.event_bus_name,
        )


def entrance(
    scope: Construct, *, takes: str, kind: Kind, key: kms.IKey, pattern: Mapping[str, object], bus_name: str | None
) -> Entrance:
    """A rule for what matches the pattern, and its queues. `takes` names the function that the events are for.

    Without `bus_name` it is the account's default bus, where AWS' own services tell what they know.
    """
    visibility = VISIBILITY_PER_TIMEOUT * DOORS[takes].timeout_seconds
    made = Entrance(
        kind=kind,
        queue=queue(scope, "Queue", key=key, visibility_seconds=visibility),
        undelivered=dead_letter_queue(scope, "Undelivered", key=key),
    )
    rule = events.CfnRule(
        scope,
        "Rule",
        description=kind.description,
        event_bus_name=bus_name,
        event_pattern=pattern,
        targets=[
            events.CfnRule.TargetProperty(
                id="Inbox",
                arn=made.queue.queue_arn,
                dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=made.undelivered.queue_arn),
            )
        ],
    )
    for receiver in (made.queue, made.undelivered):
        let_rule_send(receiver, rule)
    return made


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
