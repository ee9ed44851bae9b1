"""Watching a stage: its alarms, the topic that they tell, and a dashboard.

All of it stands in the stage's own stack, so that `cdk deploy` brings what it needs to be run with.
"""

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.components.alarms import Watched, watched
from infra.components.dashboard import body
from infra.resources import Resources

RUNBOOK = "docs/alarms.md"
CLOUDWATCH = iam.ServicePrincipal("cloudwatch.amazonaws.com")


class Watching(Construct):
    """`topic_arn` is told when an alarm goes off and when it is over: the stage's own topic, or one that is given.

    Nobody is subscribed to the stage's own topic: that is its operators' (`docs/alarms.md`).
    """

    def __init__(self, scope: Construct, construct_id: str, *, resources: Resources, topic_arn: str | None) -> None:
        super().__init__(scope, construct_id)
        self.topic: sns.ITopic = (
            sns.Topic.from_topic_arn(self, "Given", topic_arn) if topic_arn else _topic(self, resources.keys.data)
        )
        alarms = [self._alarm(resources, each) for each in watched(resources)]
        cloudwatch.CfnDashboard(
            self,
            "Dashboard",
            dashboard_name=resources.name,
            dashboard_body=Stack.of(self).to_json_string(body(resources, [each.alarm_arn for each in alarms])),
        )

    def _alarm(self, r: Resources, each: Watched) -> cloudwatch.Alarm:
        said = f"{each.name} {each.of}".strip()
        comparison = cloudwatch.ComparisonOperator
        alarm = cloudwatch.Alarm(
            self,
            "".join(part.capitalize() for part in each.name.split("-")) + each.of,
            alarm_name=f"{r.name} {said}",
            alarm_description=f"{each.says}. What to do: {RUNBOOK}#{each.anchor}",
            metric=cloudwatch.Metric(
                namespace=each.namespace,
                metric_name=each.metric,
                dimensions_map=each.dimensions,
                statistic=each.statistic,
                period=Duration.seconds(each.period),
            ),
            threshold=each.below if each.above is None and each.below is not None else each.above or 0,
            comparison_operator=(
                comparison.LESS_THAN_THRESHOLD if each.above is None else comparison.GREATER_THAN_THRESHOLD
            ),
            evaluation_periods=each.times,
            treat_missing_data=cloudwatch.TreatMissingData[_MISSING[each.missing]],
        )
        told = actions.SnsAction(self.topic)
        alarm.add_alarm_action(told)
        alarm.add_ok_action(told)
        return alarm


_MISSING = {"breaching": "BREACHING", "notBreaching": "NOT_BREACHING", "ignore": "IGNORE"}


def _topic(scope: Construct, key: kms.Key) -> sns.Topic:
    """Encrypted by the data key, which CloudWatch may use for alarms of this account; over TLS only."""
    topic = sns.Topic(scope, "Topic", master_key=key, enforce_ssl=True)
    alarms = f"arn:{Aws.PARTITION}:cloudwatch:{Aws.REGION}:{Aws.ACCOUNT_ID}:alarm:*"
    conditions = {"ArnLike": {"aws:SourceArn": alarms}, "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
    for receiver, sid, does, resource in (
        (topic, "AlarmsTell", ["sns:Publish"], topic.topic_arn),
        (key, "AlarmsToTopic", ["kms:Decrypt", "kms:GenerateDataKey*"], "*"),
    ):
        receiver.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid, principals=[CLOUDWATCH], actions=does, resources=[resource], conditions=conditions
            )
        )
    return topic
