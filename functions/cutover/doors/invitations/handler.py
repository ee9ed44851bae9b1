"""Invitations to register a passkey: signed events (``PasskeyInvitation``), by way of their own queue.

It needs: what every door of signed events needs (policy, store, the items CHAIN and NONCE), the links keys
(GenerateMac with the first), CUTOVER_PAGE_URL and CUTOVER_SENDER with the right to send mail.
"""

from typing import Any

from cutover.doors.invitations.inviting import KIND, Inviting
from cutover.doors.signed_events import SignedEvents
from cutover.runtime.batches import Message, each_message
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired


def _take(message: Message) -> dict[str, str]:
    wiring = wired()
    recorder = wiring.recorder("invitations")
    events = SignedEvents(
        kind=KIND, audience=wiring.settings.audience, store=wiring.store, journal=recorder, policy=wiring.policy,
        clock=wiring.clock,
    )  # fmt: skip
    door = Inviting(
        journal=recorder, clock=wiring.clock, mailer=lambda: wiring.mailer, mac=lambda: wiring.links_mac,
        page_url=wiring.settings.text("CUTOVER_PAGE_URL"),
    )  # fmt: skip
    return events.take(message.body, message_id=message.id, obey=door.obey)


@observed("invitations")
def handler(event: dict[str, Any], context: Any) -> Any:
    return each_message("invitations", event, context, _take)
