"""Who is told when something goes wrong."""

import shlex
from collections.abc import Iterator
from functools import partial
from typing import Any

from cutover_cli.doctor.findings import Deployed, Finding, Findings, each

KINDS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
AT_ONCE = 100


def alarms(on: Deployed) -> Findings:
    """There are alarms, each tells somebody, and none rings now."""
    names = _names(on)
    if not names:
        yield Finding("warn", "the stack has no alarm", "deploy this version of Cutover")
        return
    found = list(_described(on, names))
    for alarm in found:
        name = alarm["AlarmName"]
        if not alarm.get("ActionsEnabled", True) or not alarm.get("AlarmActions"):
            command = shlex.join(["aws", "cloudwatch", "enable-alarm-actions", "--alarm-names", name])
            yield Finding("warn", "tells nobody", f"{command}, or deploy again", subject=name)
        if alarm.get("StateValue") == "ALARM":
            yield Finding(
                "warn", f"rings: {alarm.get('StateReason', '')}", str(alarm.get("AlarmDescription", "")), name
            )
    if missing := sorted(set(names) - {alarm["AlarmName"] for alarm in found}):
        yield Finding("fail", f"not there: {', '.join(missing)}", "deploy the stack again")
    else:
        yield Finding("ok", f"{len(found)} alarms are there")


def _names(on: Deployed) -> list[str]:
    return [name for kind in KINDS for _, name in on.all(kind)]


def _described(on: Deployed, names: list[str]) -> Iterator[dict[str, Any]]:
    for start in range(0, len(names), AT_ONCE):
        answer = on.client("cloudwatch").describe_alarms(
            AlarmNames=names[start : start + AT_ONCE], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        yield from (*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ()))


def topics(on: Deployed) -> Findings:
    """Somebody has subscribed to what the alarms tell, the stack's own topic or a given one, and confirmed it."""
    told = {action for alarm in _described(on, _names(on)) for action in alarm.get("AlarmActions", ())}
    heard = {arn for arn in told if ":sns:" in arn} | {arn for _, arn in on.all("AWS::SNS::Topic")}
    for arn in sorted(heard):
        yield from each(arn, partial(_topic, on, arn))


def _topic(on: Deployed, arn: str) -> Findings:
    pages = on.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    said = [one["SubscriptionArn"] for page in pages for one in page["Subscriptions"]]
    confirmed = [one for one in said if one.startswith("arn:")]
    command = f"aws sns subscribe --topic-arn {arn} --protocol email --notification-endpoint ADDRESS"
    if confirmed:
        yield Finding("ok", f"{len(confirmed)} subscriber(s)")
    elif said:
        yield Finding("warn", "nobody has confirmed their subscription", "open the mail that SNS sent")
    else:
        yield Finding("warn", "nobody listens: an alarm is heard by nobody", command)
