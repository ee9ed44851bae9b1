"""Admit: checks contract, signature, authority, audience, expiry and order; opens the revision."""

from typing import Any

from cutover.runtime.idempotency import once
from cutover.runtime.observability import logger, observed
from cutover.runtime.wiring import wired
from cutover.stages.admit.admitting import Admitter


def _admit(*, key: str) -> dict[str, Any]:
    wiring = wired()
    admission = Admitter(
        policy=wiring.policy(),
        audience=wiring.settings.audience,
        targets=wiring.settings.targets,
        store=wiring.store,
        recorder=wiring.recorder("admit"),
        clock=wiring.clock,
    ).run(key)
    logger.append_keys(correlation_id=admission.correlation_id)
    return {"cutover": admission.cutover, "revision": admission.revision, "status": admission.status.value}


@observed("admit")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return once("admit", _admit, context)(key=event["admission"])
