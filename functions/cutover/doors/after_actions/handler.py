"""After-action records: signed events, by way of their own queue.

No table of Powertools stands before it: every event spends its nonce with the entry that it leads to.
"""

from typing import Any

from cutover.doors.after_actions.recording import KIND, Recording
from cutover.doors.signed_events import SignedEvents
from cutover.runtime.batches import Message, each_message
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired


def _take(message: Message) -> dict[str, str]:
    wiring = wired()
    recorder = wiring.recorder("after-actions")
    events = SignedEvents(
        kind=KIND, audience=wiring.settings.audience, store=wiring.store, journal=recorder, policy=wiring.policy,
        clock=wiring.clock,
    )  # fmt: skip
    door = Recording(recorder=recorder, clock=wiring.clock)
    return events.take(message.body, message_id=message.id, obey=door.obey)


@observed("after-actions")
def handler(event: dict[str, Any], context: Any) -> Any:
    return each_message("after-actions", event, context, _take)
