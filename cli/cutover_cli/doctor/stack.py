"""The stack itself: its state, its functions and their code, what calls them, its machine, tables and logs."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from cutover_cli.doctor.findings import Deployed, Finding, Findings, each

GOOD = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
INDEXES = frozenset({"due", "day"})
FOR_TESTS = "CUTOVER_TEST_"


def state(on: Deployed) -> Findings:
    """CloudFormation has finished, and has not rolled back."""
    described = on.client("cloudformation").describe_stacks(StackName=on.stack.name)["Stacks"][0]
    said = described["StackStatus"]
    events = f"aws cloudformation describe-stack-events --stack-name {on.stack.name}"
    if said in GOOD:
        yield Finding("ok", said)
    elif said == "UPDATE_ROLLBACK_COMPLETE":
        yield Finding("warn", f"{said}: the last deployment failed, the one before it runs", f"{events}; deploy again")
    elif said.endswith("_IN_PROGRESS"):
        yield Finding("warn", said, "wait until it is deployed, then run this again")
    else:
        yield Finding("fail", f"{said}: {described.get('StackStatusReason', '')}".rstrip(": "), events)


def functions(on: Deployed) -> Findings:
    """Every function is ready, and all of them run one package."""
    packages: dict[str, list[str]] = {}
    for logical, name in on.all("AWS::Lambda::Function"):
        configuration: dict[str, Any] = {}
        yield from each(logical, partial(_function, on, name, configuration))
        if str(configuration.get("Handler", "")).startswith("cutover."):
            packages.setdefault(str(configuration.get("CodeSha256")), []).append(logical)
    if not packages:
        yield Finding("fail", "no function of Cutover could be read", "deploy the stack again")
    elif len(packages) == 1:
        ((digest, names),) = packages.items()
        yield Finding("ok", f"{len(names)} functions run the package {digest}")
    else:
        odd = ", ".join(name for names in sorted(packages.values(), key=len)[:-1] for name in sorted(names))
        yield Finding(
            "fail", f"{len(packages)} packages run at once; not like the others: {odd}", "deploy the stack again"
        )


def _function(on: Deployed, name: str, into: dict[str, Any]) -> Findings:
    """Only what is wrong is said of one function: there are many."""
    found = on.client("lambda").get_function_configuration(FunctionName=name)
    into.update(found)
    state_, update = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
    if state_ not in {"Active", "Inactive"} or update != "Successful":
        reason = found.get("StateReason") or found.get("LastUpdateStatusReason") or ""
        yield Finding("fail", f"{state_}, last update {update} {reason}".strip(), "deploy the stack again")
    for setting in sorted(found.get("Environment", {}).get("Variables", {})):
        if setting.startswith(FOR_TESTS):
            remedy = "deploy the stack again, and ask who set it: see UpdateFunctionConfiguration in CloudTrail"
            yield Finding("fail", f"is told {setting}, which is for tests on one machine", remedy)


def event_sources(on: Deployed) -> Findings:
    """Queues and streams reach their functions."""
    mappings = on.all("AWS::Lambda::EventSourceMapping")
    if not mappings:
        yield Finding("fail", "nothing calls a function", "deploy the stack again")
    for logical, uuid in mappings:
        yield from each(logical, partial(_mapping, on, uuid))


def _mapping(on: Deployed, uuid: str) -> Findings:
    found = on.client("lambda").get_event_source_mapping(UUID=uuid)
    said = found.get("State", "unknown")
    problem = str(found.get("LastProcessingResult") or "")
    if said != "Enabled":
        yield Finding("fail", f"is {said}", f"aws lambda update-event-source-mapping --uuid {uuid} --enabled")
    elif problem.startswith("PROBLEM"):
        yield Finding("warn", problem, "see the function's log")
    else:
        yield Finding("ok", "enabled")


def machine(on: Deployed) -> Findings:
    """The state machine is there, and is traced."""
    arn = on.output("StateMachineArn")
    if arn is None:
        yield Finding("fail", "the stack has no output StateMachineArn", "deploy this version of Cutover")
        return
    found = on.client("stepfunctions").describe_state_machine(stateMachineArn=arn)
    if found.get("status") != "ACTIVE":
        yield Finding("fail", f"is {found.get('status')}", "deploy the stack again")
    elif not found.get("tracingConfiguration", {}).get("enabled"):
        yield Finding("warn", "active, and not traced", "deploy the stack again: it has tracing on")
    else:
        yield Finding("ok", "active")


def tables(on: Deployed) -> Findings:
    """Every table answers, keeps its backups, and the main one has both of its indexes."""
    for logical, name in on.all("AWS::DynamoDB::Table"):
        yield from each(logical, partial(_table, on, name))


def _table(on: Deployed, name: str) -> Findings:
    found = on.client("dynamodb").describe_table(TableName=name)["Table"]
    if found["TableStatus"] != "ACTIVE":
        yield Finding("warn", f"is {found['TableStatus']}", "wait until it is active")
    if name == on.output("TableName"):
        yield from _indexes({one["IndexName"]: one.get("IndexStatus", "ACTIVE")
                             for one in found.get("GlobalSecondaryIndexes", ())})  # fmt: skip
        if not found.get("StreamSpecification", {}).get("StreamEnabled"):
            yield Finding("fail", "its stream is off: nothing wakes executions but the clock", "deploy the stack again")
    backups = on.client("dynamodb").describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    point = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    if point == "ENABLED":
        yield Finding("ok", "active, with point-in-time recovery")
    else:
        command = f"aws dynamodb update-continuous-backups --table-name {name} --point-in-time-recovery-specification"
        yield Finding("warn", "no point-in-time recovery", f"{command} PointInTimeRecoveryEnabled=true")


def _indexes(found: Mapping[str, str]) -> Findings:
    for name in sorted(INDEXES - found.keys()):
        yield Finding("fail", f"has no index {name}", "deploy the stack again")
    for name, status in sorted(found.items()):
        if status != "ACTIVE":
            yield Finding("warn", f"its index {name} is {status}", "wait until it is built; what needs it finds less")


def logs(on: Deployed) -> Findings:
    """Every log group forgets some day."""
    groups = on.all("AWS::Logs::LogGroup")
    for logical, name in groups:
        yield from each(logical, partial(_log_group, on, name))
    if not groups:
        yield Finding("warn", "the stack has no log group", "deploy the stack again")


def _log_group(on: Deployed, name: str) -> Findings:
    pages = on.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
    found = [one for page in pages for one in page["logGroups"] if one["logGroupName"] == name]
    command = f"aws logs put-retention-policy --log-group-name {name} --retention-in-days 365"
    if not found:
        yield Finding("fail", f"{name} is not there", "deploy the stack again")
    elif not found[0].get("retentionInDays"):
        yield Finding("warn", "keeps its lines for ever", command)
    else:
        yield Finding("ok", f"{found[0]['retentionInDays']} days")
