"""The dashboard of a stage: the four questions over time, then what waits, the queues and the executions."""

from collections.abc import Iterator, Sequence
from typing import Any

from aws_cdk import Aws

from infra.components.alarms import OURS, QUEUES, STATES, last_queues
from infra.resources import Resources

HOURLY, MINUTELY = 3600, 60
_WIDTH, _HEIGHT, _COLUMNS = 8, 6, 24
QUESTIONS: Sequence[tuple[str, Sequence[tuple[str, Sequence[tuple[str, str | None]]]]]] = (
    ("1. Accepted without reopening", (
        ("Handed off, by target", (("HandedOff", "target"),)),
        ("Receipts, by outcome", (("Receipts", "outcome"),)),
        ("Corrected or rejected, of all", (("HandedOff", None), ("Corrections", None), ("Rejections", None))),
    )),
    ("2. Corrections by cause", (
        ("Corrections, by cause", (("Corrections", "cause"),)),
        ("Rejections, by cause", (("Rejections", "cause"),)),
        ("Withdrawn, by cause; too late", (("Withdrawn", "cause"), ("WithdrawnTooLate", None))),
    )),
    ("3. Binding quality", (
        ("Admitted, bound, handed off", (("Admitted", None), ("Bound", None), ("HandedOff", None))),
        ("Held, by family", (("Held", "family"),)),
        ("Refused and expired, by cause", (("Refused", "cause"), ("Expired", "cause"))),
        ("Declined, by cause; approvals lapsed", (("Declined", "cause"), ("ApprovalsLapsed", None))),
    )),
    ("4. Supersession reliability", (
        ("Superseded, by cause", (("Superseded", "cause"),)),
        ("Superseded and handed off: must be 0", (("SupersededHandedOff", None),)),
        ("Uncertain, by target", (("Uncertain", "target"),)),
    )),
)  # fmt: skip
"""Each question with its graphs; each graph with its tallies (`cutover.domain.tallies`) and the dimension of each."""


def body(r: Resources, alarms: Sequence[str]) -> dict[str, Any]:
    """The dashboard's body (CloudWatch API Reference, Dashboard body structure). `alarms`: their ARNs."""
    rows: list[tuple[str, list[dict[str, Any]]]] = [
        (question, [_graph(title, [_tally(r, *each) for each in shown]) for title, shown in graphs])
        for question, graphs in QUESTIONS
    ]
    rows.append(("What waits, and alarms", [*_waiting(r), _alarms(alarms)]))
    rows.append(("Queues and executions", [*_queues(r), _executions(r)]))
    return {"start": "-P14D", "widgets": list(_laid_out(rows))}


def _laid_out(rows: Sequence[tuple[str, list[dict[str, Any]]]]) -> Iterator[dict[str, Any]]:
    """A line of text over each row; a row goes on below itself when it is full."""
    y = 0
    for title, widgets in rows:
        yield {
            "type": "text", "x": 0, "y": y, "width": _COLUMNS, "height": 1, "properties": {"markdown": f"## {title}"},
        }  # fmt: skip
        y += 1
        for number, widget in enumerate(widgets):
            x, down = number % (_COLUMNS // _WIDTH), number // (_COLUMNS // _WIDTH)
            place = {"x": x * _WIDTH, "y": y + down * _HEIGHT, "width": _WIDTH, "height": _HEIGHT}
            yield {**widget, **place}
        y += _HEIGHT * -(-len(widgets) // (_COLUMNS // _WIDTH))


def _graph(title: str, metrics: list[Any], *, stat: str = "Sum", period: int = HOURLY) -> dict[str, Any]:
    properties = {
        "title": title, "view": "timeSeries", "region": Aws.REGION, "stat": stat, "period": period, "metrics": metrics,
    }  # fmt: skip
    return {"type": "metric", "properties": properties}


def _tally(r: Resources, name: str, dimension: str | None) -> list[Any]:
    """A tally by its dimension, whatever values that has; without one, all of them together."""
    return [_found(r, name, dimension, "Sum", HOURLY)] if dimension else [OURS, name, "service", r.name]


def _found(r: Resources, name: str, dimension: str, stat: str, period: int) -> dict[str, str]:
    search = f'{{{OURS},{dimension},service}} MetricName="{name}" service="{r.name}"'
    label = f"{name} ${{PROP('Dim.{dimension}')}}"
    return {
        "expression": f"SEARCH('{search}', '{stat}', {period})",
        "label": label,
        "id": f"{name[0].lower()}{name[1:]}",
    }


def _waiting(r: Resources) -> Iterator[dict[str, Any]]:
    ages = [[OURS, name, "service", r.name] for name in ("OldestHoldSeconds", "OldestApprovalSeconds")]
    yield _graph("Oldest hold and approval, in seconds", ages, stat="Maximum", period=MINUTELY)
    yield _graph("Waiting, by status", [[_found(r, "Waiting", "status", "Maximum", 300)]], stat="Maximum", period=300)
    stopped = [[OURS, name, "service", r.name] for name in ("UncertainOpen", "BrakeEngaged", "BrakeUnknown")]
    yield _graph("Uncertain hand-offs, and the brake", stopped, stat="Maximum", period=MINUTELY)


def _alarms(arns: Sequence[str]) -> dict[str, Any]:
    return {"type": "alarm", "properties": {"title": "Alarms", "alarms": list(arns), "sortBy": "stateUpdatedTimestamp"}}


def _queues(r: Resources) -> Iterator[dict[str, Any]]:
    visible = "ApproximateNumberOfMessagesVisible"
    last = [[QUEUES, visible, "QueueName", queue, {"label": f"{name} {of}"}] for name, of, queue in last_queues(r)]
    yield _graph("Nobody could handle", last, stat="Maximum", period=300)
    own = {target.config.name: target.own for target in r.targets.all if target.own}
    read = {"exceptions": r.exceptions, **own}
    metrics = [[QUEUES, visible, "QueueName", queue.queue_name, {"label": name}] for name, queue in read.items()]
    yield _graph("To be read by others", metrics, stat="Maximum", period=300)


def _executions(r: Resources) -> dict[str, Any]:
    endings = ("Started", "Succeeded", "Failed", "TimedOut", "Aborted")
    metrics = [[STATES, f"Executions{each}", "StateMachineArn", r.machine_arn(), {"label": each}] for each in endings]
    return _graph("Executions", metrics)
