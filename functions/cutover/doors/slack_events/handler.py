"""Slack's events and interactions: POST /slack/events and POST /slack/interactions, on the page's HTTP API.

It needs: the secret ``CUTOVER_SLACK_SECRET`` (secretsmanager:GetSecretValue, and its key); the active policy (the item
POLICY of the main table and the objects that it names: ``CUTOVER_TABLE``, ``CUTOVER_STORE_BUCKET``,
``CUTOVER_ROOT_FINGERPRINT``); the idempotency table (``CUTOVER_IDEMPOTENCY_TABLE``); and to send to the standard queue
that Feedback reads (``CUTOVER_FEEDBACK_QUEUE_URL``). Deployed only where Slack is configured; a timeout of ten seconds
is plenty.
It answers 200, 400, 401, 403, 404, 413, 415 and 503, always with a JSON object.
"""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.metrics import MetricUnit

from cutover.doors.slack_events.app import build
from cutover.doors.slack_events.door import Door
from cutover.runtime.idempotency import remembering
from cutover.runtime.observability import logger, metrics, observed
from cutover.runtime.wiring import wired

_once = remembering("slack", "request", lambda: app.lambda_context)


def _door() -> Door:
    wiring = wired()
    return Door(
        clock=wiring.clock, secrets=wiring.slack_secrets, policy=wiring.policy, queue=wiring.feedback, once=_once,
        log=logger, failed=lambda: metrics.add_metric("Failed", MetricUnit.Count, 1),
    )  # fmt: skip


app: APIGatewayHttpResolver = build(_door)


@observed("slack_events")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app.resolve(event, context)
