"""Resume, ReadResolution, ReadApproval, ReadWindow: who begins anew or leaves a wait reads the record."""

from typing import Any

from cutover.contracts.base import Model
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired
from cutover.stages.flow import RecordReference, serve


class Request(Model):
    record: RecordReference


@observed("read-record")
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    request, wiring = Request.model_validate(event), wired()
    recorder = wiring.recorder("read-record", execution=request.record.execution)
    return serve(request.record, lambda: recorder.read(request.record.cutover, request.record.revision))
