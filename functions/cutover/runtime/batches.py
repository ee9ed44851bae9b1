"""Messages of an SQS queue, one by one: one that fails does not hold up its batch, and comes again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from cutover.contracts.base import Digest
from cutover.domain import canonical
from cutover.runtime.observability import forget_record, logger


@dataclass(frozen=True, slots=True)
class Message:
    """One message; ``key`` is the digest of its body."""

    id: str
    body: str

    @property
    def key(self) -> Digest:
        return canonical.digest(self.body.encode("utf-8", "surrogatepass"))


Taken = Mapping[str, str]
"""What came of a message: ``result``, where something was decided."""


def each_message(name: str, event: dict[str, Any], context: Any, take: Callable[[Message], Taken]) -> Any:
    """The answer that tells SQS which messages ``take`` failed on. Logged: what came of each, or its error's class."""

    def received(record: SQSRecord) -> Taken:
        forget_record()
        try:
            taken = take(Message(record.message_id, record.body))
        except Exception as error:
            # The processor keeps the message in the queue and says nothing: without this line nobody would know why.
            failed = {"event_name": "message-failed", "external_ref": record.message_id, "reason": type(error).__name__}
            logger.error(name, extra=failed)
            raise
        if "result" in taken:
            said = {"event_name": "message-taken", "external_ref": record.message_id, "decision": taken["result"]}
            logger.info(name, extra=said)
        return taken

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    answer = process_partial_response(event=event, record_handler=received, processor=processor, context=context)
    forget_record()
    return answer
