"""Clock: once a minute, whatever is due."""

import dataclasses
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from cutover.doors.clock.ticking import Ticking
from cutover.runtime.observability import forget_record, logger, metrics, observed
from cutover.runtime.wiring import wired


def _report(name: str, error: Exception) -> None:
    forget_record()
    failed = {"event_name": "not-looked-after", "external_ref": name, "reason": type(error).__name__}
    logger.error("clock", extra=failed)


@observed("clock")
def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    wiring = wired()
    tick = Ticking(
        records=wiring.records,
        store=wiring.store,
        recorder=wiring.recorder("clock"),
        clock=wiring.clock,
        report=_report,
    ).run()
    forget_record()
    counted = dataclasses.asdict(tick)
    for name, count in counted.items():
        metrics.add_metric(name.capitalize(), MetricUnit.Count, count)
    return counted
