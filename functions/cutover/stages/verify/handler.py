"""Verify: one branch per family of checks."""

from typing import Any

from cutover.contracts.base import Model, Name
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired
from cutover.stages.flow import RecordReference
from cutover.stages.verify.verifying import verify


class Request(Model):
    record: RecordReference
    family: Name


@observed("verify")
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    request, wiring = Request.model_validate(event), wired()
    record = wiring.recorder("verify").read(request.record.cutover, request.record.revision)
    findings = verify(
        record, request.family, policies=wiring.policies, store=wiring.store, statements=wiring.statements
    )
    return {"family": request.family, "findings": findings}
