"""Intake: EventBridge, by way of the inbox queue."""

from typing import Any

from cutover.doors.intake.announcing import announce, read
from cutover.runtime.batches import Message, each_message
from cutover.runtime.idempotency import once
from cutover.runtime.observability import logger, observed
from cutover.runtime.wiring import wired


def _announce(*, key: str, message: Message) -> dict[str, Any]:
    wiring = wired()
    announcement = read(message.body, message_id=message.id, inbox=wiring.inbox)
    logger.append_keys(correlation_id=announcement.correlation_id)
    admission = announce(announcement, store=wiring.store, recorder=wiring.recorder("intake"), clock=wiring.clock)
    return {"admission": admission.digest, "status": admission.status.value}


@observed("intake")
def handler(event: dict[str, Any], context: Any) -> Any:
    announced = once("intake", _announce, context)
    return each_message("intake", event, context, lambda message: announced(key=message.key, message=message))
