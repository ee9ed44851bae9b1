"""Relay: from the tables' streams to Step Functions."""

from typing import Any

from cutover.doors.relay.relaying import Relay, concerns
from cutover.errors import CutoverError
from cutover.runtime.observability import logger, observed
from cutover.runtime.wiring import wired


@observed("relay")
def handler(event: dict[str, Any], _context: Any) -> dict[str, int]:
    wiring = wired()
    relay = Relay(records=wiring.records, tokens=wiring.tokens, workflow=wiring.workflow, clock=wiring.clock)
    done: dict[str, int] = {}
    for concern in concerns(event.get("Records", ())):
        try:
            result = relay.settle(concern)
        except CutoverError as error:
            # Parked, not lost: its signal stands in the record, and the clock repeats it.
            result = "parked"
            logger.warning(
                "relay", extra={"event_name": "parked", "cutover": concern.cutover, "reason": type(error).__name__}
            )
        done[result] = done.get(result, 0) + 1
    return done
