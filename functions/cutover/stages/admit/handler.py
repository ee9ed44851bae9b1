"""Admit: checks contract, signature, authority, audience, expiry and order; opens the revision."""

from typing import Any

from cutover.contracts.base import Digest, Model
from cutover.domain.record import Status
from cutover.runtime.idempotency import once
from cutover.runtime.observability import logger, observed
from cutover.runtime.wiring import wired
from cutover.stages.admit.admitting import Admitter
from cutover.stages.flow import FENCED


class Request(Model):
    admission: Digest
    attempt: int


class _Undecided(Exception):
    """It waits for a hand-off to end. Powertools remembers what a handler returns, so this is raised past it."""


def _admit(*, key: str, attempt: int) -> dict[str, Any]:
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
    ).run(key, attempt)
    logger.append_keys(correlation_id=admission.correlation_id)
    if admission.status is Status.ADMITTING:
        raise _Undecided
    return {
        "cutover": admission.cutover, "revision": admission.revision, "execution": admission.attempt,
        "status": admission.status.value,
    }  # fmt: skip


@observed("admit")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    request = Request.model_validate(event)
    undecided = {"cutover": None, "revision": None, "execution": request.attempt, "status": Status.ADMITTING.value}
    try:
        answer = once("admit", _admit, context)(key=request.admission, attempt=request.attempt)
    except _Undecided:
        admission = wired().records.admission(request.admission)
        answer = undecided | {"execution": admission.attempt if admission else request.attempt}
    # One execution serves what was admitted: that of the attempt which decided, or is to decide.
    return answer if answer["execution"] == request.attempt else answer | {"status": FENCED}
