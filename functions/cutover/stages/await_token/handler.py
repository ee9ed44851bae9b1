"""AwaitResolution, AwaitApproval, AwaitWindow: store the task token. What ends the wait stands in the record."""

from typing import Annotated, Any, Literal

from pydantic import Field

from cutover.contracts.base import Model
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired
from cutover.stages.await_token.awaiting import wait
from cutover.stages.flow import RecordReference


class Request(Model):
    record: RecordReference
    state: Literal["AwaitResolution", "AwaitApproval", "AwaitWindow"]
    token: Annotated[str, Field(min_length=1, max_length=4096, repr=False)]
    execution: str


@observed("await-token")
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    request, wiring = Request.model_validate(event), wired()
    record = wait(
        request.record,
        state=request.state,
        value=request.token,
        recorder=wiring.recorder("await-token", execution=request.record.execution),
        tokens=wiring.tokens,
        clock=wiring.clock,
    )
    return {"status": record.status.value}
