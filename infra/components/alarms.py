"""The alarms of a stage as data: what each looks at, when it goes off, and what a missing reading means.

Each has a name, which is its runbook's anchor in `docs/alarms.md` too: `alarm-<name>`; several queues share one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from infra.resources import Resources

Missing = Literal["breaching", "notBreaching", "ignore"]
QUIET: Missing = "notBreaching"
"""AWS says nothing of a queue that nobody uses, and of what did not happen: then all is well."""
AS_BEFORE: Missing = "ignore"
"""A gauge that is not said, because the clock does not run, tells neither way: that has an alarm of its own."""
SILENCE: Missing = "breaching"
"""Where only an answer proves that something runs, none is the alarm."""

MINUTE, HOUR = 60, 3600
HOLD_AGE, APPROVAL_AGE, EXCEPTION_AGE = 24 * HOUR, 8 * HOUR, 4 * HOUR
"""Seconds. Whoever has to act has been told long before; what is older has been forgotten."""
STREAM_AGE_MS = 5 * MINUTE * 1000
OURS, LAMBDA, QUEUES, STATES = "Cutover", "AWS/Lambda", "AWS/SQS", "AWS/States"


@dataclass(frozen=True, kw_only=True)
class Watched:
    """One alarm. Off when `statistic` of the metric is above `above` (or below `below`) for `times` periods in a row.

    `of` is what it looks at where several share a name; it and `name` are the construct's id.
    """

    name: str
    says: str
    namespace: str
    metric: str
    missing: Missing
    of: str = ""
    statistic: Literal["Maximum", "Sum"] = "Sum"
    dimensions: dict[str, str] = field(default_factory=dict)
    above: int | None = 0
    below: int | None = None
    period: int = 5 * MINUTE
    times: int = 1

    @property
    def anchor(self) -> str:
        """Where the runbook says what to do."""
        return f"alarm-{self.name}"


def watched(r: Resources) -> Iterator[Watched]:
    """Every alarm of the stage."""
    yield from _queues(r)
    yield from _gauges(r)
    yield from _executions(r)
    yield from _functions(r)


def last_queues(r: Resources) -> Iterator[tuple[str, str, str]]:
    """Where something ends up that nobody could handle: the alarm's name, of what, and the queue's name."""
    for name, entrance in {**r.inbox.entrances, "Mail": r.feedback.mail}.items():
        yield "dead-letters", name, _behind(entrance.queue)
        yield "undelivered", name, entrance.undelivered.queue_name
    yield "dead-letters", "Slack", _behind(r.feedback.slack)
    yield "dead-letters", "Exceptions", _behind(r.exceptions)
    yield "stream-failures", "", r.failures.queue_name
    for target in r.targets.all:
        if target.own:
            yield "deployment-dead-letters", target.config.pascal, _behind(target.own)


def _behind(queue: object) -> str:
    behind = getattr(queue, "dead_letter_queue", None)
    if behind is None:
        raise ValueError("a queue without a dead-letter queue behind it loses what nobody can handle")
    return str(behind.queue.queue_name)


_LAST = {
    "dead-letters": "Messages that a function or a reader could not handle, again and again",
    "undelivered": "Events that a rule could not put into its queue",
    "stream-failures": "Changes of a table that Relay, Messenger or Seal could not handle",
    "deployment-dead-letters": "Hand-offs that a consumer could not handle: no receipt will come for them",
}


def _queues(r: Resources) -> Iterator[Watched]:
    for name, of, queue in last_queues(r):
        yield Watched(
            name=name, of=of, says=_LAST[name], namespace=QUEUES, metric="ApproximateNumberOfMessagesVisible",
            statistic="Maximum", dimensions={"QueueName": queue}, missing=QUIET,
        )  # fmt: skip
    yield Watched(
        name="exceptions-unread", says="Nobody takes messages of holds from the exceptions queue",
        namespace=QUEUES, metric="ApproximateAgeOfOldestMessage", statistic="Maximum", above=EXCEPTION_AGE,
        dimensions={"QueueName": r.exceptions.queue_name}, missing=QUIET,
    )  # fmt: skip


def _gauges(r: Resources) -> Iterator[Watched]:
    for name, metric, above, says in (
        ("hold-age", "OldestHoldSeconds", HOLD_AGE, "A release has been held for more than a day"),
        ("approval-age", "OldestApprovalSeconds", APPROVAL_AGE, "A release has waited eight hours for its approvals"),
        ("uncertain", "UncertainOpen", 0, "Nobody knows whether a hand-off arrived, and nothing more is sent of it"),
        ("brake-engaged", "BrakeEngaged", 0, "The emergency brake stops every hand-off"),
        (
            "brake-unknown",
            "BrakeUnknown",
            0,
            "The brake's state is not recorded, or cannot be read: it stops all",
        ),
    ):
        yield Watched(
            name=name, says=says, namespace=OURS, metric=metric, statistic="Maximum", above=above, missing=AS_BEFORE,
            dimensions={"service": r.name},
        )  # fmt: skip
    yield Watched(
        name="clock", says="The clock has not run to its end for five minutes: nothing expires, opens or is repaired",
        namespace=OURS, metric="Succeeded", above=None, below=1, missing=SILENCE,
        dimensions={"service": r.name, "function": "clock"},
    )  # fmt: skip
    yield Watched(
        name="unknown-handoff", says="A consumer answered a hand-off that this deployment never made",
        namespace=OURS, metric="UnknownHandoff", missing=QUIET,
        dimensions={"service": r.name, "function": "receipts"},
    )  # fmt: skip
    yield Watched(
        name="superseded-handed-off", says="The ledger says that a superseded revision was handed off",
        namespace=OURS, metric="SupersededHandedOff", missing=QUIET, dimensions={"service": r.name},
    )  # fmt: skip


def _executions(r: Resources) -> Iterator[Watched]:
    for ending in ("Failed", "TimedOut", "Aborted"):
        yield Watched(
            name="executions", of=ending, says=f"Executions ended as {ending}; the clock adopts their revisions",
            namespace=STATES, metric=f"Executions{ending}", missing=QUIET,
            dimensions={"StateMachineArn": r.machine_arn()},
        )  # fmt: skip


def _functions(r: Resources) -> Iterator[Watched]:
    def named(function: str) -> dict[str, str]:
        return {"FunctionName": r.functions[function].function.function_name}

    for metric in ("Errors", "Throttles"):
        yield Watched(
            name="hand-off", of=metric, says="HandOff fails or is throttled: releases may miss their windows",
            namespace=LAMBDA, metric=metric, dimensions=named("HandOff"), missing=QUIET,
        )  # fmt: skip
    yield Watched(
        name="ledger-not-sealed", says="Seal fails: a chain was rewritten, or heads and events cannot be written",
        namespace=LAMBDA, metric="Errors", dimensions=named("Seal"), times=2, missing=QUIET,
    )  # fmt: skip
    for function in ("Relay", "Messenger", "Seal"):
        yield Watched(
            name="stream-age", of=function, says="A function is five minutes behind on a table's stream",
            namespace=LAMBDA, metric="IteratorAge", statistic="Maximum", above=STREAM_AGE_MS,
            dimensions=named(function), missing=QUIET,
        )  # fmt: skip
