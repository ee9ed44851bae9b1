"""ReadResolution, ReadApproval, ReadWindow: every exit of a wait goes through a read of the record."""

from typing import Any

from cutover.contracts.base import Model
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired
from cutover.stages.flow import RecordReference, answer


class Request(Model):
    record: RecordReference


@observed("read-record")
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    request, wiring = Request.model_validate(event), wired()
    return answer(wiring.recorder("read-record").read(request.record.cutover, request.record.revision))
