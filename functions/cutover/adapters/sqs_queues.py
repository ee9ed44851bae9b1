"""The FIFO queues that Cutover writes to: exceptions for owners of holds, and the targets' deployment queues."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from cutover.adapters.aws_errors import code_of, status_of, translated
from cutover.errors import AmbiguousCompletion, ConfigurationError, DependencyUnavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_BAD_REQUEST, _SERVER_ERROR = 400, 500
_BATCH, _BATCH_BYTES = 10, 262_144
"""Messages, and bytes of them together, in one call."""


class SqsExceptionQueue:
    """Implements ``ExceptionQueue``. Retries are harmless: the deduplication id is the hold's."""

    def __init__(self, client: "SQSClient", *, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, *, group: str, messages: Sequence[tuple[str, bytes]]) -> None:
        for batch in _batches(messages):
            entries: list[SendMessageBatchRequestEntryTypeDef] = [
                {
                    "Id": str(number), "MessageBody": body.decode(),
                    "MessageGroupId": group, "MessageDeduplicationId": deduplication_id,
                }
                for number, (deduplication_id, body) in enumerate(batch)
            ]  # fmt: skip
            with translated("SendMessageBatch"):
                answer = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
            if failed := answer.get("Failed"):
                raise DependencyUnavailable(f"SendMessageBatch: {len(failed)} not sent, {failed[0]['Code']}")


def _batches(messages: Sequence[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    """As many together as one call may have: a release can have thousands of holds, and Bind half a minute."""
    batch: list[tuple[str, bytes]] = []
    size = 0
    for each in messages:
        if batch and (len(batch) == _BATCH or size + len(each[1]) > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += len(each[1])
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class DeployedQueue:
    """A target's queue. Its region is the ARN's: an imported queue may lie anywhere."""

    arn: str
    url: str

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]


class SqsDeploymentQueue:
    """Implements ``DeploymentQueue`` for the targets of ``queues`` (target name to queue).

    ``client_in`` makes a client for a region, once for each: a client sends to its own region's endpoint, whatever
    host the queue's URL names. It must not retry: a retry after a lost answer would be a second send.
    """

    def __init__(self, client_in: Callable[[str], "SQSClient"], *, queues: Mapping[str, DeployedQueue]) -> None:
        self._client_in = client_in
        self._queues = queues
        self._clients: dict[str, SQSClient] = {}

    def send(self, target: str, *, body: bytes, group: str, deduplication_id: str) -> str:
        """Whether the message can have arrived decides the error:

        - never connected, or a definite refusal (4xx): surely not sent, ``DependencyUnavailable``;
        - anything after the request may have left (lost or unreadable answer, 5xx): ``AmbiguousCompletion``.
        """
        if target not in self._queues:
            raise ConfigurationError(f"this deployment has no queue for the target {target!r}")
        queue = self._queues[target]
        client = self._client(queue.region)
        try:
            answer = client.send_message(
                QueueUrl=queue.url,
                MessageBody=body.decode(),
                MessageGroupId=group,
                MessageDeduplicationId=deduplication_id,
            )
        except ClientError as error:
            if _BAD_REQUEST <= status_of(error) < _SERVER_ERROR:
                raise DependencyUnavailable(f"SendMessage was refused: {code_of(error)}") from error
            raise AmbiguousCompletion(f"SendMessage: {code_of(error)}") from error
        except (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError) as error:
            raise DependencyUnavailable(f"SendMessage never left: {type(error).__name__}") from error
        except (HTTPClientError, SSLError, ResponseParserError) as error:
            raise AmbiguousCompletion(f"SendMessage: {type(error).__name__}") from error
        if not answer.get("MessageId"):
            raise AmbiguousCompletion("SendMessage: an answer without a message id")
        return answer["MessageId"]

    def _client(self, region: str) -> "SQSClient":
        if region not in self._clients:
            client = self._client_in(region)
            if not _sends_once(client):
                raise ConfigurationError("the deployment queue's client must not retry (total_max_attempts=1)")
            self._clients[region] = client
        return self._clients[region]


def _sends_once(client: "SQSClient") -> bool:
    # botocore's options are set from its keyword arguments; the stubs do not know them as attributes
    retries = getattr(client.meta.config, "retries", None) or {}
    return bool(retries.get("total_max_attempts") == 1)
