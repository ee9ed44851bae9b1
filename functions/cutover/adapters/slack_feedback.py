"""The standard queue on which what Slack tells waits for Feedback."""

from typing import TYPE_CHECKING

from cutover.adapters.aws_errors import translated

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class SqsFeedbackQueue:
    """Implements ``FeedbackQueue``. Retries are harmless: Feedback takes a message that it has seen as done."""

    def __init__(self, client: "SQSClient", *, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, body: bytes) -> None:
        with translated("SendMessage"):
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=body.decode())
