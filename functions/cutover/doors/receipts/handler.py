"""Receipts: signed by the consumers of deployment queues, by way of their own queue."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from cutover.doors.receipts.receiving import KIND, Receiving
from cutover.doors.signed_events import SignedEvents
from cutover.runtime.batches import Message, each_message
from cutover.runtime.idempotency import once
from cutover.runtime.observability import metrics, observed
from cutover.runtime.wiring import wired


def _take(*, key: str, message: Message) -> dict[str, str]:
    wiring = wired()
    recorder = wiring.recorder("receipts")
    events = SignedEvents(
        kind=KIND, audience=wiring.settings.audience, store=wiring.store, journal=recorder, policy=wiring.policy,
        clock=wiring.clock,
    )  # fmt: skip
    door = Receiving(recorder=recorder, outbox=wiring.store, alarm=_alarm)
    return events.take(message.body, message_id=message.id, obey=door.obey)


def _alarm() -> None:
    metrics.add_metric("UnknownHandoff", MetricUnit.Count, 1)


@observed("receipts")
def handler(event: dict[str, Any], context: Any) -> Any:
    taken = once("receipts", _take, context)
    return each_message("receipts", event, context, lambda message: taken(key=message.key, message=message))
