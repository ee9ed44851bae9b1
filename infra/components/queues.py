"""SQS queues with one manner: encrypted by the data key, TLS only, and a dead-letter queue behind each."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.components.conditions import deny, unless

RETENTION = Duration.days(14)  # the longest that SQS keeps a message


def dead_letter_queue(scope: Construct, construct_id: str, *, key: kms.IKey, fifo: bool = False) -> sqs.Queue:
    """A queue for what nobody could handle."""
    return sqs.Queue(
        scope,
        construct_id,
        fifo=fifo or None,
        encryption=sqs.QueueEncryption.KMS,
        encryption_master_key=key,
        enforce_ssl=True,
        retention_period=RETENTION,
    )


def queue(
    scope: Construct,
    construct_id: str,
    *,
    key: kms.IKey,
    fifo: bool = False,
    visibility_seconds: int = 30,
    receives: int = 5,
) -> sqs.Queue:
    """A queue with its dead-letter queue; a message moves there after `receives` failed attempts.

    A FIFO queue wants an explicit deduplication id from its sender: content alone says too little.
    """
    behind = dead_letter_queue(scope, f"{construct_id}DeadLetters", key=key, fifo=fifo)
    return sqs.Queue(
        scope,
        construct_id,
        fifo=fifo or None,
        content_based_deduplication=False if fifo else None,
        encryption=sqs.QueueEncryption.KMS,
        encryption_master_key=key,
        enforce_ssl=True,
        retention_period=RETENTION,
        visibility_timeout=Duration.seconds(visibility_seconds),
        dead_letter_queue=sqs.DeadLetterQueue(queue=behind, max_receive_count=receives),
    )


def only(target: sqs.Queue, *, senders: Sequence[iam.IRole]) -> None:
    """Denies sending to every principal but these roles, whatever its own policy says."""
    target.add_to_resource_policy(
        deny(
            "OnlyCutoverSends",
            actions=["sqs:SendMessage"],
            resources=[target.queue_arn],
            conditions=unless(senders),
        )
    )
