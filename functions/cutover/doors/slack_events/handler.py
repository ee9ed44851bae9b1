"""Slack's events and interactions: POST /slack/events and POST /slack/interactions, on the page's HTTP API.

It needs: the secret ``CUTOVER_SLACK_SECRET`` (secretsmanager:GetSecretValue, and its key); the active policy (the item
POLICY of the main table and the objects that it names: ``CUTOVER_TABLE``, ``CUTOVER_STORE_BUCKET``,
``CUTOVER_ROOT_FINGERPRINT``); the idempotency table (``CUTOVER_IDEMPOTENCY_TABLE``); and to send to the standard queue
that Feedback reads (``CUTOVER_FEEDBACK_QUEUE_URL``). Deployed only where Slack is configured; a timeout of ten seconds
is plenty.
It answers 200, 400, 401, 403, 404, 413, 415 and 503, always with a JSON object.
"""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import exceptions as idempotency

from cutover.doors.slack_events.app import build
from cutover.doors.slack_events.door import Door
from cutover.errors import Conflict, DependencyUnavailable
from cutover.runtime.idempotency import once
from cutover.runtime.observability import logger, metrics, observed
from cutover.runtime.wiring import wired


def _act(*, key: str, action: Callable[[], str]) -> dict[str, Any]:
    return {"status": action()}


def _once(key: str, action: Callable[[], str]) -> str:
    try:
        return str(once("slack", _act, app.lambda_context)(key=key, action=action)["status"])
    except idempotency.IdempotencyAlreadyInProgressError as error:
        raise Conflict("request") from error
    except idempotency.IdempotencyPersistenceLayerError as error:
        raise DependencyUnavailable("the idempotency table did not answer") from error


def _door() -> Door:
    wiring = wired()
    return Door(
        clock=wiring.clock, secrets=wiring.slack_secrets, policy=wiring.policy, queue=wiring.feedback, once=_once,
        log=logger, failed=lambda: metrics.add_metric("Failed", MetricUnit.Count, 1),
    )  # fmt: skip


app = build(_door)


@observed("slack_events")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app.resolve(event, context)
