"""Clock: once a minute, whatever is due."""

import dataclasses
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from cutover.doors.clock.ticking import Ticking
from cutover.runtime.observability import metrics, observed
from cutover.runtime.wiring import wired


@observed("clock")
def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    wiring = wired()
    tick = Ticking(
        records=wiring.records, store=wiring.store, recorder=wiring.recorder("clock"), clock=wiring.clock
    ).run()
    counted = dataclasses.asdict(tick)
    for name, count in counted.items():
        metrics.add_metric(name.capitalize(), MetricUnit.Count, count)
    return counted
