"""What a consumer of the queue does: takes the one message, keeps its bytes, and fetches what it refers to."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from cutover.contracts.handoff import DocumentReference, Handoff
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover_cli.demo.errors import NotAsPromised
from cutover_cli.local.stack import LocalStack

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_WAIT_SECONDS = 2


class Delivery:
    """One target's queue."""

    def __init__(self, stack: LocalStack, queue_url: str) -> None:
        self._stack, self._url = stack, queue_url

    @property
    def queue_arn(self) -> str:
        """The queue's ARN as the queue itself states it."""
        answer = self._stack.clients.sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        return answer["Attributes"]["QueueArn"]

    def take(self) -> bytes | None:
        """The one message's body; None while there is none. It is deleted, as a consumer would in the end.

        Raises NotAsPromised when there are several.
        """
        found = self._stack.receive(self._url)
        if not found:
            return None
        self._delete(found)
        if len(found) > 1:
            raise NotAsPromised(f"{len(found)} messages lay in the queue; one was promised")
        return found[0]["Body"].encode()

    def must_be_empty(self) -> None:
        """Looks once more, for a while. Raises NotAsPromised when another message came."""
        if again := self._stack.receive(self._url, wait_seconds=_WAIT_SECONDS):
            raise NotAsPromised(f"{len(again)} more message(s) came; one was promised")

    def _delete(self, messages: "Iterable[MessageTypeDef]") -> None:
        for message in messages:
            self._stack.clients.sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])


def documents_of(body: bytes) -> tuple[DocumentReference, ...]:
    """What a message says that it refers to. Nothing is judged here: `cutover verify` does that."""
    payload = dsse.decode_base64(dsse.parse(body).payload)
    return Handoff.model_validate_json(payload).documents


def fetch(s3: "S3Client", references: Iterable[DocumentReference], folder: Path) -> int:
    """Writes each document to `folder`, named by the digits of its digest; how many there are.

    Raises NotAsPromised when the store gives other bytes than the message names.
    """
    count = 0
    for reference in references:
        answer = s3.get_object(Bucket=reference.bucket, Key=reference.key, VersionId=reference.version_id)
        content = answer["Body"].read()
        if canonical.digest(content) != reference.digest:
            raise NotAsPromised(f"{reference.name} has other bytes than the message names")
        (folder / reference.digest.removeprefix("sha256:")).write_bytes(content)
        count += 1
    return count
