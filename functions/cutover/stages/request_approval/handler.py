"""RequestApproval: tells the approvers, then records that they were told."""

from typing import Any

from cutover.contracts.base import Model
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired
from cutover.stages.flow import RecordReference, serve
from cutover.stages.request_approval.requesting import Requester


class Request(Model):
    record: RecordReference


@observed("request-approval")
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    request, wiring = Request.model_validate(event), wired()
    requester = Requester(
        messaging=wiring.messaging(),
        recorder=wiring.recorder("request-approval", execution=request.record.execution),
    )
    return serve(request.record, lambda: requester.run(request.record.cutover, request.record.revision))
