"""The approvals page, what waits for a person, and calendar entries: GET and HEAD show, one POST decides."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import exceptions as idempotency

from cutover.doors.approvals.app import build
from cutover.doors.approvals.deciding import Decider
from cutover.doors.approvals.door import Door
from cutover.doors.approvals.waiting import WaitingDoor
from cutover.errors import Conflict, DependencyUnavailable
from cutover.runtime.idempotency import once
from cutover.runtime.observability import logger, metrics, observed
from cutover.runtime.wiring import wired


def _act(*, key: str, action: Callable[[], str]) -> dict[str, Any]:
    return {"status": action()}


def _once(key: str, action: Callable[[], str]) -> str:
    try:
        return str(once("approvals", _act, app.lambda_context)(key=key, action=action)["status"])
    except idempotency.IdempotencyAlreadyInProgressError as error:
        raise Conflict("form") from error
    except idempotency.IdempotencyPersistenceLayerError as error:
        raise DependencyUnavailable("the idempotency table did not answer") from error


def _door() -> Door:
    wiring = wired()
    audience = wiring.settings.audience
    return Door(
        audience=audience,
        page_url=wiring.settings.text("CUTOVER_PAGE_URL"),
        clock=wiring.clock,
        records=wiring.records,
        store=wiring.store,
        mac=wiring.links_mac,
        policy=wiring.policy,
        rules=wiring.policies.rules,
        decider=Decider(
            audience=audience, clock=wiring.clock, records=wiring.records, store=wiring.store,
            sealer=lambda: wiring.sealer("decide"), recorder=wiring.recorder("approvals"), policy=wiring.policy,
            exceptions=wiring.exceptions, once=_once,
        ),
        once=_once,
        log=logger,
        failed=lambda: metrics.add_metric("Failed", MetricUnit.Count, 1),
    )  # fmt: skip


app = build(_door, lambda: WaitingDoor.beside(_door(), together=wired().together))


@observed("approvals")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app.resolve(event, context)
