"""Collect: one branch per section of the candidate; only fetches."""

from typing import Any

from cutover.contracts.base import Model
from cutover.contracts.evidence import Section
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired
from cutover.stages.collect.collecting import collect
from cutover.stages.flow import RecordReference


class Request(Model):
    record: RecordReference
    section: Section
    retries: int


@observed("collect")
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    request, wiring = Request.model_validate(event), wired()
    result = collect(
        wiring.recorder("collect").read(request.record.cutover, request.record.revision),
        request.section,
        retries=request.retries,
        policies=wiring.policies,
        sources=wiring.sources,
        store=wiring.store,
        clock=wiring.clock,
    )
    return {"section": request.section, "result": result}
