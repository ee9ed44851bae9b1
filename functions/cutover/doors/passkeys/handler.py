"""The page where an invited person registers a passkey: GET and HEAD show, one POST registers.

It needs: the policy (table and store), the items ENROLMENT (query, put), CHAIN (read, put) of the table, putting and
getting content of the store, the links keys (GenerateMac, VerifyMac), CUTOVER_PAGE_URL, and the routes GET, HEAD and
POST of ``/passkeys/{link}``. No idempotency table: an invitation registers once by the table's own condition.
"""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from cutover.doors.passkeys.app import build
from cutover.doors.passkeys.door import PasskeysDoor
from cutover.runtime.observability import logger, metrics, observed
from cutover.runtime.wiring import wired


def _door() -> PasskeysDoor:
    wiring = wired()
    return PasskeysDoor(
        audience=wiring.settings.audience, page_url=wiring.settings.text("CUTOVER_PAGE_URL"), clock=wiring.clock,
        store=wiring.store, journal=wiring.recorder("passkeys"), mac=wiring.links_mac, policy=wiring.policy,
        log=logger, failed=lambda: metrics.add_metric("Failed", MetricUnit.Count, 1),
    )  # fmt: skip


app = build(_door)


@observed("passkeys")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app.resolve(event, context)
