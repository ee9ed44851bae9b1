"""One logger, one tracer, one set of metrics (Powertools), and what every handler does with them.

A line of JSON an event. Events and answers are never logged: they carry tokens, links and documents.
"""

import functools
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from cutover.errors import CutoverError

if TYPE_CHECKING:
    from cutover.domain.gauges import Gauge
    from cutover.domain.tallies import Tally

# With POWERTOOLS_DEBUG its resolver would log each route's arguments, and a link is one of them.
logging.getLogger("aws_lambda_powertools.event_handler").setLevel(logging.INFO)
logger = Logger(service="cutover", utc=True, log_uncaught_exceptions=False)
tracer = Tracer(service="cutover", patch_modules=["botocore"])
NAMESPACE = "Cutover"
# Its service, a dimension of every metric, is the deployment's and comes from Powertools' own variable: two stages in
# one account are counted apart.
metrics = Metrics(namespace=NAMESPACE)

Answer = TypeVar("Answer")
FIELDS = ("cutover", "revision", "status", "family", "section", "admission")


def observed(name: str) -> Callable[[Callable[[Any, Any], Answer]], Callable[[Any, Any], Answer]]:
    """A handler that is traced, counted, and logged with how it ended.

    An error goes on to its caller with its class as its name, and only that name is in our line. Lambda's
    runtime writes the message of whatever is raised as well: so no message of ours quotes a token, a link
    or a document.
    """

    def decorate(function: Callable[[Any, Any], Answer]) -> Callable[[Any, Any], Answer]:
        @functools.wraps(function)
        def handled(event: Any, context: Any) -> Answer:
            started = time.monotonic()
            logger.append_keys(**_identity(event))
            metrics.add_dimension(name="function", value=name)
            try:
                answer = function(event, context)
            except Exception as error:
                kind = type(error).__name__
                metrics.add_metric("Failed", MetricUnit.Count, 1)
                known = isinstance(error, CutoverError)
                # Not .exception: a trace quotes messages, and messages may quote input.
                logger.error(name, extra=_line(name, started, "failed", error=kind, known=known))  # noqa: TRY400
                raise
            told = _identity(answer)
            metrics.add_metric("Succeeded", MetricUnit.Count, 1)
            logger.info(name, extra=told | _line(name, started, "succeeded"))
            return answer

        wrapped = tracer.capture_lambda_handler(capture_response=False, capture_error=False)(handled)
        wrapped = metrics.log_metrics(wrapped)
        return logger.inject_lambda_context(wrapped, log_event=False, clear_state=True)

    return decorate


def forget_record() -> None:
    """For whoever looks at many records: the next line is not about the last one."""
    logger.remove_keys(["cutover", "revision", "correlation_id"])


def count(tallied: Iterable["Tally"]) -> None:
    """How much each name grew, by its dimensions and by the deployment alone. Said at once, a line of EMF for each."""
    grown: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
    for each in tallied:
        grown[each.name, tuple(sorted(each.dimensions.items()))] += each.value
    for (name, dimensions), value in grown.items():
        _emit(name, MetricUnit.Count, value, dict(dimensions), total=True)


def gauge(gauges: Iterable["Gauge"]) -> None:
    """How things stand now: each by the deployment and its own dimensions."""
    for each in gauges:
        unit = MetricUnit.Seconds if each.seconds else MetricUnit.Count
        _emit(each.name, unit, each.value, dict(each.dimensions), total=not each.dimensions)


def _emit(name: str, unit: MetricUnit, value: int, dimensions: dict[str, str], *, total: bool) -> None:
    line = EphemeralMetrics(namespace=NAMESPACE)  # Powertools adds the service to its first set of dimensions only
    line.add_metric(name=name, unit=unit, value=value)
    if total and dimensions:
        line.add_dimensions(**({"service": line.service} if line.service else {}), **dimensions)
    else:
        for each in dimensions.items():
            line.add_dimension(*each)
    line.flush_metrics()


def _line(name: str, started: float, result: str, **more: Any) -> dict[str, Any]:
    duration = int((time.monotonic() - started) * 1000)
    return {"event_name": name, "result": result, "duration_ms": duration, **more}


def _identity(document: Any) -> dict[str, Any]:
    """Which cutover an event or answer is about; nothing else of it is ever logged."""
    if not isinstance(document, dict):
        return {}
    record = document.get("record")
    merged = {**document, **record} if isinstance(record, dict) else document
    return {name: merged[name] for name in FIELDS if isinstance(merged.get(name), (str, int))}
