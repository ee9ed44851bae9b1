"""Admit: checks contract, signature, authority, audience, expiry and order; opens the revision."""

from typing import Any

from cutover.domain.record import Status
from cutover.runtime.idempotency import once
from cutover.runtime.observability import logger, observed
from cutover.runtime.wiring import wired
from cutover.stages.admit.admitting import Admitter


class _Undecided(Exception):
    """It waits for a hand-off to end. Powertools remembers what a handler returns, so this is raised past it."""


def _admit(*, key: str) -> dict[str, Any]:
    wiring = wired()
    policy = wiring.policy()
    admission = Admitter(
        policy=policy,
        audience=wiring.settings.audience,
        targets=wiring.settings.targets,
        store=wiring.store,
        recorder=wiring.recorder("admit"),
        succession=wiring.succession(policy),
        clock=wiring.clock,
    ).run(key)
    logger.append_keys(correlation_id=admission.correlation_id)
    if admission.status is Status.ADMITTING:
        raise _Undecided
    # The first execution of what it opened is this one.
    return _answer(admission.status, admission.cutover, admission.revision)


def _answer(status: Status, cutover: str | None = None, revision: int | None = None) -> dict[str, Any]:
    return {"cutover": cutover, "revision": revision, "execution": 1, "status": status.value}


@observed("admit")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    try:
        return once("admit", _admit, context)(key=event["admission"])
    except _Undecided:
        return _answer(Status.ADMITTING)
