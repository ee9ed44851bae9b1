"""What the owner of a deployment queue has to allow, and how such a queue should be set: as JSON that AWS takes.

Neither CDK nor Terraform: whoever uses those knows where a policy goes, and everybody else has `aws sqs`.
"""

from typing import Any

DAY = 86_400
VISIBILITY_SECONDS = 360
"""For a consumer that may take a minute: AWS asks for six times that."""
ADVICE = (
    "A dead-letter queue behind it, FIFO as well, with an alarm on its first message: whatever lies there was proved"
    " by nobody, or its consumer failed five times.",
    "A redrive from there is a send, which this policy refuses: let the consumer poll the dead-letter queue, or ask for"
    " the message once more.",
    "Hide a message for six times as long as the consumer may take; the same hand-off comes again after that.",
    "Deduplication by content stays off: Cutover names each message itself.",
    "What is asked for once more (`cutover target resend`) has another deduplication id: drop it by handoff_id.",
)


def queue_policy(queue_arn: str, senders: tuple[str, ...]) -> dict[str, Any]:
    """The queue's whole policy: these roles may send, over TLS, and nobody else, whatever their own policies say.

    For the session of a role, `aws:PrincipalArn` is the ARN of the role (IAM User Guide).
    """
    roles = list(senders)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "CutoverSends", "Effect": "Allow", "Principal": {"AWS": roles},
                "Action": "sqs:SendMessage", "Resource": queue_arn,
            },
            {
                "Sid": "OnlyCutoverSends", "Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage",
                "Resource": queue_arn, "Condition": {"ArnNotEquals": {"aws:PrincipalArn": roles}},
            },
            {
                "Sid": "OnlyOverTls", "Effect": "Deny", "Principal": "*", "Action": "sqs:*",
                "Resource": queue_arn, "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    }  # fmt: skip


def key_statement(queue_arn: str, senders: tuple[str, ...]) -> dict[str, Any]:
    """One statement for the policy of the customer key that encrypts the queue. In a key's policy, `*` is that key."""
    _, partition, _, region, *_ = queue_arn.split(":")
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return {
        "Sid": "CutoverSends", "Effect": "Allow", "Principal": {"AWS": list(senders)},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*",
        "Condition": {"StringEquals": {"kms:ViaService": f"sqs.{region}.{suffix}"}},
    }  # fmt: skip


def settings(queue_arn: str) -> dict[str, Any]:
    """Attributes of the queue (SQS API Reference, SetQueueAttributes); those of a FIFO queue are given at its making.

    A hand-off's message may have 1 MiB, and queues that are older than that limit take 256 KiB.
    """
    return {
        "FifoQueue": "true", "ContentBasedDeduplication": "false", "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": str(14 * DAY), "VisibilityTimeout": str(VISIBILITY_SECONDS),
        "RedrivePolicy": {"deadLetterTargetArn": dead_letters(queue_arn), "maxReceiveCount": 5},
    }  # fmt: skip


def dead_letters(queue_arn: str) -> str:
    """A name for the queue behind it: one of the same kind, in the same account and region."""
    return f"{queue_arn.removesuffix('.fifo')}-dead-letters.fifo"
