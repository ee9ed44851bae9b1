"""Time: the minute that drives everything, and this machine's own clock."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from cutover_cli.doctor.findings import Deployed, Finding, Findings
from cutover_cli.doctor.ways_in import described

LATE = timedelta(minutes=5)
WORTH_SAYING, TOO_MUCH = timedelta(seconds=30), timedelta(minutes=5)
LOOK = timedelta(minutes=15)


def minute(on: Deployed) -> Findings:
    """A rule calls the clock every minute; it was called, and nothing that is due is left."""
    rules = [described(on, physical)[0] for _, physical in on.all("AWS::Events::Rule")]
    scheduled = [each.get("State") for each in rules if each.get("ScheduleExpression")]
    if not scheduled or set(scheduled) != {"ENABLED"}:
        yield Finding(
            "fail", "a schedule is not enabled: nothing expires, opens or is repaired", "enable the stack's rules"
        )
    overdue = list(on.site.records.due(on.now - LATE, limit=100))
    if overdue:
        yield Finding("fail", f"{len(overdue)} record(s) are due since more than {LATE.seconds // 60} minutes",
                      "see the log of Clock, and whether its rule is enabled")  # fmt: skip
    else:
        yield Finding("ok", "nothing that is due is left")


def ticks(on: Deployed) -> Findings:
    """By the metrics of Lambda, which lag by some minutes."""
    function = on.output("ClockFunctionName")
    if function is None:
        yield Finding("fail", "the stack has no output ClockFunctionName", "deploy this version of Cutover")
        return
    counted = {metric: _sum(on, function, metric) for metric in ("Invocations", "Errors")}
    if not counted["Invocations"]:
        yield Finding("warn", f"no run of Clock is counted in the last {LOOK.seconds // 60} minutes",
                      "wait some minutes after deploying; then see its rule and its log")  # fmt: skip
    elif counted["Errors"]:
        yield Finding("warn", f"{counted['Errors']:.0f} of {counted['Invocations']:.0f} runs failed", "see its log")
    else:
        yield Finding("ok", f"{counted['Invocations']:.0f} runs in the last {LOOK.seconds // 60} minutes")


def _sum(on: Deployed, function: str, metric: str) -> float:
    now = datetime.now(UTC)  # AWS' time, not that of a moved clock
    points = on.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda", MetricName=metric, Dimensions=[{"Name": "FunctionName", "Value": function}],
        StartTime=now - LOOK, EndTime=now, Period=60, Statistics=["Sum"],
    )["Datapoints"]  # fmt: skip
    return sum(float(each["Sum"]) for each in points)


def skew(on: Deployed) -> Findings:
    """What is signed here says this machine's time."""
    before = on.site.clock.now()
    answer = on.client("cloudformation").describe_stacks(StackName=on.stack.name)
    stated = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if not stated:
        yield Finding("unasked", "the answer of AWS said no time")
        return
    off = abs(parsedate_to_datetime(stated) - before)
    said = f"{off.total_seconds():.0f} s from that of AWS"
    if off > TOO_MUCH:
        yield Finding("fail", said, "set this machine's clock (NTP): what is signed here would be refused")
    elif off > WORTH_SAYING:
        yield Finding("warn", said, "set this machine's clock (NTP)")
    else:
        yield Finding("ok", said)
