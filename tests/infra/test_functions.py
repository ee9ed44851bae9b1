"""The functions: their code, their limits, what they are told, and where they log."""

import ast
import hashlib
import json
import re
import tomllib
from pathlib import Path

import pytest

from cutover.stages.hand_off.handing import SHORTEST_LEASE
from infra.asset import RUNTIME_VERSION
from infra.environment import VALUES
from infra.plan import DOORS, FUNCTIONS, SHORTEST_LEASE_SECONDS, STAGES
from infra.refusals import REFUSED
from tests.infra.reading import Assembled

SHARED = {
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_LOG_LEVEL",
    "POWERTOOLS_LOGGER_LOG_EVENT",
    "AWS_XRAY_CONTEXT_MISSING",
    "CUTOVER_AUDIENCE",
    "CUTOVER_LOCK_DIGEST",
    "CUTOVER_ENGINE",
}


def told(stage: Assembled, name: str) -> dict[str, str]:
    variables: dict[str, str] = stage.render(stage.function(name)["Environment"]["Variables"])
    return variables


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_handler_is_a_function_of_a_file(repository: Path, name: str) -> None:
    module, _, attribute = FUNCTIONS[name].handler.rpartition(".")
    file = repository / "functions" / Path(*module.split(".")).with_suffix(".py")
    assert file.is_file(), f"{name} is configured to run {file}, which is not there"
    named = [node.name for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)]
    assert attribute in named


def test_each_folder_of_a_stage_or_door_is_deployed(repository: Path) -> None:
    for kind, plans in (("stages", STAGES), ("doors", DOORS)):
        folders = {path.parent.name for path in (repository / "functions/cutover" / kind).glob("*/handler.py")}
        assert folders == {plan.module for plan in plans.values()}


def test_functions_run_the_planned_handler(stage: Assembled) -> None:
    deployed = {each.path.removesuffix("/Function"): each.properties for each in stage.of("AWS::Lambda::Function")}
    assert deployed.keys() == FUNCTIONS.keys()
    for name, plan in FUNCTIONS.items():
        properties = deployed[name]
        assert properties["Handler"] == plan.handler
        assert properties["Timeout"] == plan.timeout_seconds
        assert properties["MemorySize"] == plan.memory_mb
        assert properties["Architectures"] == ["arm64"]
        assert properties["Runtime"] == f"python{RUNTIME_VERSION}"
        assert properties["TracingConfig"] == {"Mode": "Active"}


def test_one_package_serves_all(stage: Assembled) -> None:
    assert len({json.dumps(each.properties["Code"]) for each in stage.of("AWS::Lambda::Function")}) == 1


def test_a_hand_off_is_over_before_its_lease(stage: Assembled) -> None:
    assert stage.function("HandOff")["Timeout"] < SHORTEST_LEASE_SECONDS == SHORTEST_LEASE


def test_functions_are_told_what_they_need_and_no_more(stage: Assembled) -> None:
    for name, plan in FUNCTIONS.items():
        assert told(stage, name).keys() == SHARED | set(plan.settings), name
    assert {setting for plan in FUNCTIONS.values() for setting in plan.settings} == VALUES.keys()


def test_signing_keys_are_told_to_their_user_only(stage: Assembled) -> None:
    users = {
        key: {name for name in FUNCTIONS if key in told(stage, name)}
        for key in VALUES
        if key.endswith(("_KEY", "_KEYS"))
    }
    assert users == {
        "CUTOVER_BIND_KEY": {"Bind"},
        "CUTOVER_DECIDE_KEY": {"Approvals"},
        "CUTOVER_HANDOFF_KEY": {"HandOff"},
        "CUTOVER_LEDGER_KEY": {"Seal"},
        "CUTOVER_LINKS_KEYS": {"Approvals", "Feedback", "Invitations", "Messenger", "Passkeys", "RequestApproval"},
    }


def test_settings_name_the_stage(stage: Assembled, repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))
    variables = told(stage, "Admit")
    assert variables["CUTOVER_AUDIENCE"] == f"cutover:cutover:{{AWS::AccountId}}:{{AWS::Region}}:{stage.stage}"
    assert variables["CUTOVER_ENGINE"] == project["project"]["version"]
    assert (
        variables["CUTOVER_LOCK_DIGEST"]
        == "sha256:" + hashlib.sha256((repository / "uv.lock").read_bytes()).hexdigest()
    )
    assert variables["CUTOVER_ROOT_FINGERPRINT"] == "{RootFingerprint}"
    assert variables["POWERTOOLS_LOGGER_LOG_EVENT"] == "false"
    assert told(stage, "RequestApproval")["CUTOVER_SENDER"] == stage.config.sender
    assert told(stage, "Collect")["CUTOVER_SECRETS_PREFIX"] == f"cutover/cutover-{stage.stage}/sources/"
    assert told(stage, "Approvals")["CUTOVER_PAGE_URL"] == "{Page/Api.ApiEndpoint}"


def test_every_setting_in_the_code_is_given_by_somebody(repository: Path) -> None:
    named: set[str] = set()
    for path in (repository / "functions").rglob("*.py"):
        named |= set(re.findall(r'"(CUTOVER_[A-Z_]+)"', path.read_text("utf-8")))
    assert named - SHARED - set(REFUSED) <= VALUES.keys()


def test_each_function_logs_to_a_group_of_its_own(stage: Assembled) -> None:
    for name in FUNCTIONS:
        assert stage.render(stage.function(name)["LoggingConfig"]["LogGroup"]) == f"{{{name}/Log}}"
        writable = {each.resource for each in stage.permissions[name] if each.action == "logs:PutLogEvents"}
        assert writable == {f"{{{name}/Log}}"}


def test_no_log_is_kept_for_ever(stage: Assembled) -> None:
    groups = stage.of("AWS::Logs::LogGroup")
    assert {each.properties["RetentionInDays"] for each in groups} == {stage.config.log_retention_days}
    assert len(groups) == len(FUNCTIONS) + 2  # the state machine's, the page's
