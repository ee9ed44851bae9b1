"""A message from a queue of the bus, read as every door reads it: what came, and which event it was."""

from dataclasses import dataclass
from typing import Any

import orjson

from cutover.domain.faults import fault
from cutover.domain.record import Fault

MAX_CORRELATION_ID = 128


@dataclass(frozen=True, slots=True)
class Event:
    """``kept``: the event's detail as JSON; where there is none, the message as it came, with the fault.

    ``whole``: the message as it came. What is not understood is known by it and not by its detail, which anybody
    could make the very bytes of a document that is still to come.

    ``correlation_id``: the event's id, or the message's where that is none.
    """

    kept: bytes
    whole: bytes
    correlation_id: str
    fault: Fault | None = None


def read_event(body: str, *, message_id: str) -> Event:
    """The event in the body of an SQS message. Nothing is refused here: whatever came is kept."""
    raw = body.encode("utf-8", "surrogatepass")
    try:
        event: Any = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return Event(raw, raw, message_id, fault("/", "NOT_JSON", "the message is not JSON"))
    detail = event.get("detail") if isinstance(event, dict) else None
    if not isinstance(detail, dict):
        return Event(raw, raw, message_id, fault("/detail", "EVENT_MALFORMED", "not an EventBridge event"))
    correlation_id = event["id"] if _short(event.get("id")) else message_id
    try:
        return Event(orjson.dumps(detail, option=orjson.OPT_SORT_KEYS), raw, correlation_id)
    except orjson.JSONEncodeError as error:
        # What can be read need not be writable again: orjson reads deeper nesting than it writes.
        return Event(raw, raw, correlation_id, fault("/detail", "EVENT_MALFORMED", f"not kept as JSON: {error}"))


def _short(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= MAX_CORRELATION_ID and text.isascii() and text.isprintable()
