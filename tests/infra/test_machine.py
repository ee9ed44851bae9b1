"""The state machine: the definition of the repository, with exactly its functions put in."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_

from infra.components import machine
from infra.components.machine import Machine, placeholders
from infra.components.settings import StageSettings
from infra.config import load
from infra.plan import STAGES
from tests.infra.reading import Assembled

MACHINE = "Workflow/Machine"


def test_the_definition_is_the_repositorys(stage: Assembled, definition: dict[str, Any]) -> None:
    assert json.loads(stage.resources[MACHINE].properties["DefinitionString"]) == definition


def test_every_placeholder_is_given_and_every_substitution_used(stage: Assembled) -> None:
    properties = stage.resources[MACHINE].properties
    given = stage.render(properties["DefinitionSubstitutions"])
    assert given.keys() == set(re.findall(r"\$\{(\w+)\}", properties["DefinitionString"]))
    assert given == {f"{name}Arn": f"{{{name}/Function}}" for name in STAGES}


def test_it_may_call_the_functions_that_it_names(stage: Assembled) -> None:
    callable_ = {each.resource for each in stage.permissions["Workflow"] if each.action == "lambda:InvokeFunction"}
    assert callable_ == {f"{{{name}/Function}}" for name in STAGES}


def test_it_logs_everything_but_data(stage: Assembled) -> None:
    properties = stage.resources[MACHINE].properties
    assert properties["LoggingConfiguration"]["Level"] == "ALL"
    assert properties["LoggingConfiguration"]["IncludeExecutionData"] is False
    assert properties["TracingConfiguration"] == {"Enabled": True}
    assert properties["StateMachineType"] == "STANDARD"


def test_it_waits_for_its_grants(stage: Assembled) -> None:
    assert "Workflow/Policy" in [stage.paths[each] for each in stage.resources[MACHINE].body["DependsOn"]]


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ('{"States": {"A": "${OneArn}", "B": "${TwoArn}"}}', "TwoArn"),
        ('{"States": {}}', "OneArn"),
    ],
    ids=["missing", "unused"],
)
def test_a_substitution_too_few_or_too_many_stops_synthesis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, odd: str
) -> None:
    (path := tmp_path / "machine.asl.json").write_text(text)
    monkeypatch.setattr(machine, "DEFINITION", path)
    stack = Stack(App(outdir=str(tmp_path)), "Trial")
    one = lambda_.Function.from_function_name(stack, "One", "one")
    settings = StageSettings(instance="trial", name="development", config=load().stage("development"))
    with pytest.raises(ValueError, match=f"differ in: {odd}$"):
        Machine(stack, "Workflow", settings=settings, functions={"One": one})


def test_placeholders_are_found_once() -> None:
    assert placeholders('"${OneArn}" "${OneArn}" "$.path" "$$.Task.Token"') == {"OneArn"}
