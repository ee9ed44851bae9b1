"""The approvals page, what waits for a person, and calendar entries: GET and HEAD show, one POST decides."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.metrics import MetricUnit

from cutover.doors.approvals.app import build
from cutover.doors.approvals.deciding import Decider
from cutover.doors.approvals.door import Door
from cutover.doors.approvals.waiting import WaitingDoor
from cutover.runtime.idempotency import remembering
from cutover.runtime.observability import logger, metrics, observed
from cutover.runtime.wiring import wired

_once = remembering("approvals", "form", lambda: app.lambda_context)


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


app: APIGatewayHttpResolver = build(_door, lambda: WaitingDoor.beside(_door(), together=wired().together))


@observed("approvals")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app.resolve(event, context)
