"""What calls functions without being asked: the minute, the inbox queue and the tables' streams."""

from collections.abc import Mapping

from aws_cdk import (
    Duration,
)
from aws_cdk import (
    aws_dynamodb as dynamodb,
)
from aws_cdk import (
    aws_events as events,
)
from aws_cdk import (
    aws_iam as iam,
)
from aws_cdk import (
    aws_lambda as lambda_,
)
from aws_cdk import (
    aws_lambda_event_sources as sources,
)
from aws_cdk import (
    aws_sqs as sqs,
)
from constructs import Construct

INBOX_BATCH = 5
STREAM_BATCH = 10
# A stream shard waits for its failing record. After these attempts the record goes to the failure queue;
# the clock repairs what the record would have caused.
STREAM_ATTEMPTS = 8
LEDGER_ENTRIES = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "LEDGER#"}]}}}}


def every_minute(scope: Construct, construct_id: str, *, function: lambda_.Function) -> events.CfnRule:
    """Calls the function once a minute. A missed minute needs no retry: the next one does its work."""
    rule = events.CfnRule(
        scope,
        construct_id,
        description="The clock",
        schedule_expression="rate(1 minute)",
        targets=[
            events.CfnRule.TargetProperty(
                id="Clock",
                arn=function.function_arn,
                retry_policy=events.CfnRule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=60, maximum_retry_attempts=0
                ),
            )
        ],
    )
    function.add_permission(
        "Minute", principal=iam.ServicePrincipal("events.amazonaws.com"), source_arn=rule.attr_arn
    )
    return rule


def from_queue(function: lambda_.Function, queue: sqs.Queue) -> None:
    """Feeds the function from the queue; only the messages that it reports as failed come back."""
    function.add_event_source(
        sources.SqsEventSource(queue, batch_size=INBOX_BATCH, report_batch_item_failures=True)
    )


def from_stream(
    function: lambda_.Function,
    table: dynamodb.Table,
    *,
    failures: sqs.Queue,
    only: Mapping[str, object] | None = None,
) -> None:
    """Feeds the function from a table's stream, all records or `only` those that match a pattern."""
    function.add_event_source(
        sources.DynamoEventSource(
            table,
            batch_size=STREAM_BATCH,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            retry_attempts=STREAM_ATTEMPTS,
            bisect_batch_on_error=True,
            report_batch_item_failures=True,
            on_failure=sources.SqsDlq(failures),
            max_record_age=Duration.hours(24),
            filters=[lambda_.FilterCriteria.filter(dict(only))] if only else None,
        )
    )
