"""Clock: once a minute, whatever is due, and how things stand."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from cutover.doors.clock.standing import standing
from cutover.runtime.observability import forget_record, gauge, logger, metrics, observed
from cutover.runtime.wiring import wired


def _report(name: str, error: Exception) -> None:
    forget_record()
    failed = {"event_name": "not-looked-after", "external_ref": name, "reason": type(error).__name__}
    logger.error("clock", extra=failed)


@observed("clock")
def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    wiring = wired()
    counted = wiring.ticking(_report).run()
    forget_record()
    gauge(standing(wiring.records, wiring.clock, _report))
    for name, count in counted.items():
        metrics.add_metric(name.title().replace("_", ""), MetricUnit.Count, count)
    return counted
