"""Feedback: what SES and Slack tell of messages that did not arrive.

Called by the feedback queue, one message an event: events of EventBridge's default bus with ``source`` ``aws.ses`` and
the detail types ``Email Bounced``, ``Email Complaint Received`` and ``Email Rejected``; and what ``slack_events`` puts
there. It needs what the messenger needs, and appends to the ledger of a cutover (``CHAIN#``, ``NONCE#``).
"""

from typing import Any

from cutover.doors.feedback.hearing import Hearing
from cutover.messaging.looking import Looking
from cutover.runtime.batches import Message, each_message
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired


def _take(message: Message) -> dict[str, str]:
    wiring = wired()
    hearing = Hearing(
        messages=wiring.messages,
        looking=Looking(records=wiring.records, messaging=wiring.messaging(wiring.owners)),
        owners=wiring.owners,
        recorder=wiring.recorder("feedback"),
        policy=wiring.policy,
        clock=wiring.clock,
    )
    return {"result": hearing.take(message.body)}


@observed("feedback")
def handler(event: dict[str, Any], context: Any) -> Any:
    return each_message("feedback", event, context, _take)
