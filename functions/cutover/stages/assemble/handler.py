"""Assemble: evidence becomes a bundle and its lineage."""

from typing import Any

from cutover.contracts.base import Model
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired
from cutover.stages.assemble.assembling import Assembler
from cutover.stages.flow import Collected, RecordReference, serve


class Request(Model):
    record: RecordReference
    collected: list[Collected]


@observed("assemble")
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    request, wiring = Request.model_validate(event), wired()
    assembler = Assembler(
        store=wiring.store,
        recorder=wiring.recorder("assemble", execution=request.record.execution),
        policies=wiring.policies,
        clock=wiring.clock,
        engine=wiring.bundle_engine,
    )
    cutover, revision, collected = request.record.cutover, request.record.revision, tuple(request.collected)
    return serve(request.record, lambda: assembler.run(cutover, revision, collected))
