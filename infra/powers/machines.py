"""Queues, the bus, executions, targets, logs and traces."""

from collections.abc import Iterator

from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from infra.components.inbox import SOURCE
from infra.plan import STAGES
from infra.powers.words import Power, Statements, allow, power, through
from infra.resources import Resources

report_exceptions = power("sqs:SendMessage", on=lambda r: r.exceptions.queue_arn)
tell_events = power(  # the bus takes from Seal only what says that it is Cutover's
    "events:PutEvents", on=lambda r: r.inbox.bus.event_bus_arn, StringEquals={"events:source": SOURCE}
)
pass_on_feedback = power("sqs:SendMessage", on=lambda r: r.feedback.slack.queue_arn)
start_executions = power("states:StartExecution", on=lambda r: r.machine_arn())

# AWS names no resource for these actions and demands the star (Service Authorization Reference). A task
# token is its own address: whoever has none can answer none.
wake_executions = power("states:SendTaskSuccess", on=lambda _: "*")
trace = power("xray:PutTelemetryRecords", "xray:PutTraceSegments", on=lambda _: "*")
sample_traces = power("xray:GetSamplingRules", "xray:GetSamplingTargets", on=lambda _: "*")
deliver_log = power(
    "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries",
    "logs:PutResourcePolicy", "logs:UpdateLogDelivery", on=lambda _: "*",
)  # fmt: skip


def call_stages(r: Resources) -> Statements:
    """The functions that the state machine's definition names."""
    return [allow(["lambda:InvokeFunction"], *(r.functions[name].function.function_arn for name in STAGES))]


def send_to_targets(r: Resources) -> Statements:
    """Every deployed target's queue, with the key of an imported one."""
    return list(_sending(r))


def _sending(r: Resources) -> Iterator[iam.PolicyStatement]:
    yield allow(["sqs:SendMessage"], *(target.queue_arn for target in r.targets.all))
    for target in r.targets.all:
        if key := target.config.queue_key_arn:
            region = key.split(":")[3]
            yield allow(["kms:Decrypt", "kms:GenerateDataKey"], key, **through("sqs", region=region))


def consume(door: str) -> Power:
    """Taking the events of one kind from the queue of the function that handles them."""
    return power(
        "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage",
        on=lambda r: r.inbox.entrances[door].queue.queue_arn,
    )  # fmt: skip


def take_feedback(r: Resources) -> Statements:
    """What came back of mail, and what Slack told, each from its own queue."""
    actions = [
        "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"
    ]  # fmt: skip
    return [allow(actions, r.feedback.mail.queue.queue_arn, r.feedback.slack.queue_arn)]


def write_log(group: logs.ILogGroup) -> iam.PolicyStatement:
    """A function's own log group and no other."""
    return allow(["logs:CreateLogStream", "logs:PutLogEvents"], group.log_group_arn)
