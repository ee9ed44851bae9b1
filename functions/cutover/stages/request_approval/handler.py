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
        audience=wiring.settings.audience,
        page_url=wiring.settings.text("CUTOVER_PAGE_URL"),
        clock=wiring.clock,
        store=wiring.store,
        mac=wiring.links_mac,
        mailer=wiring.mailer,
        recorder=wiring.recorder("request-approval", execution=request.record.execution),
        policies=wiring.policies,
    )
    return serve(request.record, lambda: requester.run(request.record.cutover, request.record.revision))
