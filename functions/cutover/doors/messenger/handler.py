"""Messenger: closes what is decided, reminds, asks deputies and newcomers, and repairs what got lost.

Called by the main table's stream (new images; a filter on keys that begin with ``REVISION#`` saves calls, and nothing
depends on it) and by a rule every minute (any event without ``Records``). It reads the main table, its ``due`` index
and the store, writes ``MESSAGES#`` items, sends mail, posts to Slack, makes links with the links key, and sends to the
exception queue. It writes no record: whatever it does is a consequence of one.
"""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from cutover.doors.messenger.telling import Messenger
from cutover.messaging.looking import Looking
from cutover.runtime.observability import forget_record, logger, metrics, observed
from cutover.runtime.wiring import wired


def _report(name: str, error: Exception) -> None:
    parked = {"event_name": "parked", "external_ref": name, "reason": type(error).__name__}
    logger.warning("messenger", extra=parked)


@observed("messenger")
def handler(event: dict[str, Any], _context: Any) -> dict[str, int]:
    wiring = wired()
    messaging = wiring.messaging(wiring.owners)
    messenger = Messenger(
        looking=Looking(records=wiring.records, messaging=messaging), messages=wiring.messages, clock=wiring.clock,
        report=_report,
    )  # fmt: skip
    done = messenger.changed(event["Records"]) if "Records" in event else messenger.minute()
    forget_record()
    for name, count in done.items():
        metrics.add_metric(name.title(), MetricUnit.Count, count)
    return done
