"""Bind: held, declined, or bound to one queue and one window."""

from typing import Any

from cutover.contracts.base import Model
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired
from cutover.stages.bind.binding import Binder
from cutover.stages.bind.gathering import Gatherer
from cutover.stages.flow import RecordReference, Reported, serve


class Request(Model):
    record: RecordReference
    findings: list[Reported]


@observed("bind")
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    request, wiring = Request.model_validate(event), wired()
    binder = Binder(
        audience=wiring.settings.audience,
        store=wiring.store,
        recorder=wiring.recorder("bind", execution=request.record.execution),
        gatherer=Gatherer(
            store=wiring.store,
            records=wiring.records,
            policies=wiring.policies,
            destinations=wiring.destinations,
            clock=wiring.clock,
        ),
        exceptions=wiring.exceptions,
        sealer=lambda: wiring.sealer("bind"),
    )
    cutover, revision, findings = request.record.cutover, request.record.revision, tuple(request.findings)
    return serve(request.record, lambda: binder.run(cutover, revision, findings))
