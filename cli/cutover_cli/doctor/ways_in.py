"""The ways in and out: rules, queues with what lies in their dead letters, and the targets' own queues."""

import json
from functools import partial
from typing import Any

from cutover_cli.doctor.findings import Deployed, Finding, Findings, each
from cutover_cli.doctor.queue_policy import judged

BEHIND = ("DeadLetters", "Undelivered", "Failures")
"""In the names of queues that keep what failed; nothing is behind those."""


def rules(on: Deployed) -> Findings:
    """Every rule is enabled and leads somewhere."""
    found = on.all("AWS::Events::Rule")
    if not found:
        yield Finding("fail", "there is no rule: no event gets in", "deploy the stack again")
    for logical, physical in found:
        yield from each(logical, partial(_rule, on, physical))


def described(on: Deployed, physical: str) -> tuple[dict[str, Any], dict[str, str]]:
    """A rule by its physical id, which is ``bus|name`` for a bus of one's own; and how to name it to EventBridge."""
    bus, _, name = physical.rpartition("|")
    named = {"Name": name, **({"EventBusName": bus} if bus else {})}
    client = on.client("events")
    if not bus and (own := on.output("BusName")):
        listed = client.list_rules(NamePrefix=name, EventBusName=own)["Rules"]
        named |= {"EventBusName": own} if any(one["Name"] == name for one in listed) else {}
    return client.describe_rule(**named), named


def _rule(on: Deployed, physical: str) -> Findings:
    rule, named = described(on, physical)
    bus = f" --event-bus-name {named['EventBusName']}" if "EventBusName" in named else ""
    if rule.get("State") != "ENABLED":
        yield Finding("fail", f"is {rule.get('State')}", f"aws events enable-rule --name {named['Name']}{bus}")
        return
    about = {"Rule": named["Name"], **{name: value for name, value in named.items() if name == "EventBusName"}}
    if not on.client("events").list_targets_by_rule(**about)["Targets"]:
        yield Finding("fail", "leads nowhere", "deploy the stack again")
    else:
        yield Finding("ok", str(rule.get("ScheduleExpression") or rule.get("Description") or "enabled"))


def queues(on: Deployed) -> Findings:
    """Every queue has one behind it for what fails; what lies there is waiting for somebody."""
    for logical, url in on.all("AWS::SQS::Queue"):
        yield from each(logical, partial(_queue, on, logical, url))


def _queue(on: Deployed, logical: str, url: str) -> Findings:
    found = on.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    many, behind = int(found.get("ApproximateNumberOfMessages", 0)), any(name in logical for name in BEHIND)
    if not behind and "RedrivePolicy" not in found:
        yield Finding("fail", "no dead-letter queue is behind it", "deploy the stack again")
    elif not found.get("Policy"):
        yield Finding("fail", "it has no policy: it takes what does not come over TLS", "deploy the stack again")
    elif behind and many:
        again = f"aws sqs start-message-move-task --source-arn {found['QueueArn']}"
        if logical.startswith("Targets"):  # moving is sending, which such a queue lets nobody but Cutover do
            again = "let its consumer take it from there"
        yield Finding("warn", f"{many} message(s) that nobody could handle", f"see why in the log; then {again}")
    else:
        yield Finding("ok", f"{many} message(s)")


def targets(on: Deployed) -> Findings:
    """Every target's queue answers, is FIFO, and lets Cutover alone send where it is somebody else's."""
    said = on.output("TargetSettings")
    if said is None:
        yield Finding("fail", "the stack does not say its targets", "deploy this version of Cutover")
        return
    settings: dict[str, dict[str, str]] = json.loads(said)
    own = {url for _, url in on.all("AWS::SQS::Queue")}
    for name, setting in sorted(settings.items()):
        yield from each(name, partial(_target, on, setting, own))


def _target(on: Deployed, setting: dict[str, str], own: set[str]) -> Findings:
    url, arn = setting["queue_url"], setting["queue_arn"]
    found = on.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    if found.get("QueueArn") != arn:
        yield Finding("fail", f"{url} is {found.get('QueueArn')}, not {arn}", "name the queue's own URL, and deploy")
    elif found.get("FifoQueue") != "true":
        yield Finding("fail", f"{arn} is no FIFO queue", "name one, and deploy")
    elif url not in own and (wrong := _policy(on, arn, str(found.get("Policy", "")))) is not None:
        yield wrong
    elif "RedrivePolicy" not in found:
        yield Finding("warn", f"{arn} has no dead-letter queue", "ask its owner to put one behind it")
    else:
        yield Finding("ok", arn)


def _policy(on: Deployed, arn: str, policy: str) -> Finding | None:
    """Only Cutover may send: what the policy of somebody else's queue makes of that."""
    names = {role: name for name in ("HandOff", "Deliveries") if (role := on.output(f"{name}RoleArn"))}
    sending, snippet = judged(policy, names), "cutover target snippet TARGET writes what its owner adds"
    if sending.cannot:
        without = " and ".join(names[role] for role in sending.cannot)
        return Finding("fail", f"the policy of {arn} does not let {without} send", snippet)
    if sending.open_to_all:
        return Finding("fail", f"the policy of {arn} lets anybody send", snippet)
    if not sending.closed:
        return Finding("warn", f"the policy of {arn} does not keep others of its account from sending", snippet)
    return None
