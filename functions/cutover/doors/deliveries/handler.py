"""Deliveries: signed orders about deployment queues, by way of their own queue.

It may send to the targets' queues and has no signing key: it can only repeat what HandOff has signed, or pass on the
operator's own order. No table of Powertools stands before it: an order has one entry, and is looked for before a send.
"""

from typing import Any

from cutover.doors.deliveries.delivering import KIND, Delivering
from cutover.doors.deliveries.judging import Judging
from cutover.doors.signed_events import SignedEvents
from cutover.runtime.batches import Message, each_message
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired


def _take(message: Message) -> dict[str, str]:
    wiring = wired()
    recorder = wiring.recorder("deliveries")
    events = SignedEvents(
        kind=KIND, audience=wiring.settings.audience, store=wiring.store, journal=recorder, policy=wiring.policy,
        clock=wiring.clock,
    )  # fmt: skip
    judging = Judging(
        records=wiring.records, store=wiring.store, outbox=wiring.store, policies=wiring.policies,
        destinations=wiring.destinations, clock=wiring.clock, together=wiring.together,
    )  # fmt: skip
    door = Delivering(recorder=recorder, judging=judging, store=wiring.store, deployment=wiring.deployment)
    return events.take(message.body, message_id=message.id, obey=door.obey)


@observed("deliveries")
def handler(event: dict[str, Any], context: Any) -> Any:
    return each_message("deliveries", event, context, _take)
