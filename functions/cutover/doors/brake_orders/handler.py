"""Brake orders: the emergency brake.

It needs the bus and its queue, this function, the table, and the store, where the policy lies that says whose
orders count; and the key that these are encrypted with. It needs no state machine, no source system, no signing key,
no mail, and not the table of Powertools' idempotency: an order has one effect because of the transaction alone.
"""

from typing import Any

from cutover.domain.ledger import BRAKE_CHAIN
from cutover.doors.brake_orders.braking import KIND, Braking
from cutover.doors.signed_events import SignedEvents
from cutover.runtime.batches import Message, each_message
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired


def _take(message: Message) -> dict[str, str]:
    wiring = wired()
    journal = wiring.recorder("brake-orders")
    events = SignedEvents(
        kind=KIND, audience=wiring.settings.audience, store=wiring.store, journal=journal, policy=wiring.policy,
        clock=wiring.clock, refusals=BRAKE_CHAIN,
    )  # fmt: skip
    door = Braking(records=wiring.records, journal=journal, clock=wiring.clock)
    return events.take(message.body, message_id=message.id, obey=door.obey)


@observed("brake-orders")
def handler(event: dict[str, Any], context: Any) -> Any:
    return each_message("brake-orders", event, context, _take)
