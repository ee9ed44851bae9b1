"""RecordFailure: the last thing that a failing execution does."""

from typing import Any

from cutover.contracts.base import Model
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired
from cutover.stages.record_failure.recording import record_failure


class Request(Model):
    flow: dict[str, Any]
    execution: str


@observed("record-failure")
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    request = Request.model_validate(event)
    return {"entry": record_failure(request.flow, request.execution, recorder=wired().recorder("record-failure"))}
