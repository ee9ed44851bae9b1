"""Clock: once a minute, whatever is due."""

from functools import cache
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from cutover.doors.clock.ending import Ending
from cutover.doors.clock.repairing import Repairing
from cutover.doors.clock.ticking import Ticking
from cutover.doors.clock.watching import Watching
from cutover.runtime.observability import forget_record, logger, metrics, observed
from cutover.runtime.wiring import wired


def _report(name: str, error: Exception) -> None:
    forget_record()
    failed = {"event_name": "not-looked-after", "external_ref": name, "reason": type(error).__name__}
    logger.error("clock", extra=failed)


@observed("clock")
def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    wiring = wired()
    records, store, clock, policies = wiring.records, wiring.store, wiring.clock, wiring.policies
    recorder = wiring.recorder("clock")
    counted = Ticking(
        records=records,
        clock=clock,
        ending=Ending(
            recorder=recorder, store=store, clock=clock, policies=policies, destinations=wiring.destinations,
            active=cache(policies.active),
        ),
        repairing=Repairing(records=records, recorder=recorder, clock=clock),
        watching=Watching(
            records=records, recorder=recorder, store=store, clock=clock, policies=policies,
            drifting=wiring.drifting, succession=wiring.succession(),
        ),
        report=_report,
    ).run()  # fmt: skip
    forget_record()
    for name, count in counted.items():
        metrics.add_metric(name.title().replace("_", ""), MetricUnit.Count, count)
    return counted
