"""HandOff: proves everything again, then sends once."""

from typing import Any

from cutover.contracts.base import Model
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired
from cutover.stages.flow import RecordReference, serve
from cutover.stages.hand_off.handing import HandOff


class Request(Model):
    record: RecordReference


@observed("hand-off")
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    request, wiring = Request.model_validate(event), wired()
    hand_off = HandOff(
        store=wiring.store,
        outbox=wiring.store,
        recorder=wiring.recorder("hand-off", execution=request.record.execution),
        policies=wiring.policies,
        destinations=wiring.destinations,
        deployment=wiring.deployment,
        drifting=wiring.drifting,
        succession=wiring.succession(),
        clock=wiring.clock,
        sealer=lambda: wiring.sealer("handoff"),
        together=wiring.together,
    )
    return serve(request.record, lambda: hand_off.run(request.record.cutover, request.record.revision))
