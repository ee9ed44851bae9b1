"""Intake: EventBridge, by way of the inbox queue. One message that fails does not hold up its batch."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from cutover.domain import canonical
from cutover.doors.intake.announcing import announce, read
from cutover.runtime.idempotency import once
from cutover.runtime.observability import forget_record, logger, observed
from cutover.runtime.wiring import wired

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def _announce(*, key: str, body: str, message_id: str) -> dict[str, Any]:
    wiring = wired()
    announcement = read(body, message_id=message_id, inbox=wiring.inbox)
    logger.append_keys(correlation_id=announcement.correlation_id)
    admission = announce(announcement, store=wiring.store, recorder=wiring.recorder("intake"), clock=wiring.clock)
    return {"admission": admission.digest, "status": admission.status.value}


@observed("intake")
def handler(event: dict[str, Any], context: Any) -> Any:
    def received(record: SQSRecord) -> dict[str, Any]:
        forget_record()
        key = canonical.digest(record.body.encode("utf-8", "surrogatepass"))
        try:
            return once("intake", _announce, context)(key=key, body=record.body, message_id=record.message_id)
        except Exception as error:
            # The processor keeps the message in the queue and says nothing: without this line nobody would know why.
            failed = {"event_name": "message-failed", "external_ref": record.message_id, "reason": type(error).__name__}
            logger.error("intake", extra=failed)
            raise

    answer = process_partial_response(event=event, record_handler=received, processor=processor, context=context)
    forget_record()
    return answer
