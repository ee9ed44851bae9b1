"""What calls functions without being asked: the minute, the queues of events and the tables' streams.

Lambda checks a role when a mapping is made. A mapping names its function, and the function waits for its
policy, so the grants are there in time.
"""

import json
from collections.abc import Mapping

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

STREAM_BATCH = 10
# A stream shard waits for its failing record. After these attempts the record goes to the failure queue;
# the clock repairs what the record would have caused.
STREAM_ATTEMPTS = 8
STREAM_AGE_SECONDS = 24 * 60 * 60
# What the relay acts on: an admission or a revision that came or changed.
SIGNALLED = {
    "eventName": ["INSERT", "MODIFY"],
    "dynamodb": {"Keys": {"sk": {"S": ["ADMISSION", {"prefix": "REVISION#"}]}}},
}
# Three functions read the main table's stream, and AWS advises two at most ("Change data capture for DynamoDB
# Streams"). The third may be throttled for a moment: that delays records and loses none, and each of the three is
# repaired.
# What people are told of: a revision that came or changed. Not that it is waited for: that is the relay's.
REVISIONS = {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "REVISION#"}]}}}}
LEDGER_ENTRIES = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "LEDGER#"}]}}}}


def every_minute(scope: Construct, construct_id: str, *, functions: Mapping[str, lambda_.Function]) -> events.CfnRule:
    """Calls each function once a minute. A missed minute needs no retry: the next one does its work."""
    return _at_a_rate(scope, construct_id, rate="1 minute", description="The clock", functions=functions)


def every_hour(
    scope: Construct, construct_id: str, *, functions: Mapping[str, lambda_.Function], said: Mapping[str, object]
) -> events.CfnRule:
    """Calls each function once an hour, and tells it `said`."""
    description = "What was lost is done again"
    return _at_a_rate(scope, construct_id, rate="1 hour", description=description, functions=functions, said=said)


def _at_a_rate(
    scope: Construct, construct_id: str, *, rate: str, description: str, functions: Mapping[str, lambda_.Function],
    said: Mapping[str, object] | None = None,
) -> events.CfnRule:  # fmt: skip
    rule = events.CfnRule(
        scope,
        construct_id,
        description=description,
        schedule_expression=f"rate({rate})",
        targets=[
            events.CfnRule.TargetProperty(
                id=name,
                arn=function.function_arn,
                input=json.dumps(said) if said else None,
                retry_policy=events.CfnRule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=60, maximum_retry_attempts=0
                ),
            )
            for name, function in functions.items()
        ],
    )
    for function in functions.values():
        function.add_permission(
            construct_id, principal=iam.ServicePrincipal("events.amazonaws.com"), source_arn=rule.attr_arn
        )
    return rule


def from_queue(
    scope: Construct, construct_id: str, *, function: lambda_.Function, queue: sqs.Queue, batch: int
) -> lambda_.CfnEventSourceMapping:
    """Feeds the function `batch` messages at most; only those that it reports as failed come back."""
    return lambda_.CfnEventSourceMapping(
        scope,
        construct_id,
        function_name=function.function_name,
        event_source_arn=queue.queue_arn,
        batch_size=batch,
        function_response_types=["ReportBatchItemFailures"],
    )


def from_stream(
    scope: Construct,
    construct_id: str,
    *,
    function: lambda_.Function,
    table: dynamodb.Table,
    failures: sqs.Queue,
    only: Mapping[str, object] | None = None,
) -> lambda_.CfnEventSourceMapping:
    """Feeds the function from a table's stream, all records or `only` those that match a pattern.

    A batch fails as a whole, and is then halved: its functions repeat without harm what they did.
    """
    mapping = lambda_.CfnEventSourceMapping
    pattern = mapping.FilterProperty(pattern=json.dumps(only)) if only else None
    return mapping(
        scope,
        construct_id,
        function_name=function.function_name,
        event_source_arn=table.table_stream_arn,
        batch_size=STREAM_BATCH,
        starting_position="TRIM_HORIZON",
        maximum_retry_attempts=STREAM_ATTEMPTS,
        maximum_record_age_in_seconds=STREAM_AGE_SECONDS,
        bisect_batch_on_function_error=True,
        destination_config=mapping.DestinationConfigProperty(
            on_failure=mapping.OnFailureProperty(destination=failures.queue_arn)
        ),
        filter_criteria=mapping.FilterCriteriaProperty(filters=[pattern]) if pattern else None,
    )
