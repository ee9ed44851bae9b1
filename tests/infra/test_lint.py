"""cfn-lint, against the schemas of a region: what CloudFormation would otherwise only say while deploying."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.infra.reading import Assembled

MACHINE = "AWS::StepFunctions::StateMachine"


def complaints(template: Path) -> list[str]:
    from cfnlint.api import lint_file  # type: ignore[import-untyped]  # seconds, for whoever only collects tests

    return [f"{each.rule.id} {each.message}" for each in lint_file(template)]


def test_the_template_is_clean(stage: Assembled) -> None:
    assert not complaints(stage.path)


def test_a_fault_is_found(tmp_path: Path) -> None:
    machine = {"Type": MACHINE, "Properties": {"StateMachineType": "STANDART"}}
    (path := tmp_path / "faulty.template.json").write_text(json.dumps({"Resources": {"Machine": machine}}))
    found = complaints(path)
    assert any("STANDART" in each for each in found)
    assert any("RoleArn" in each for each in found)


@pytest.mark.parametrize(
    ("state", "change"),
    [
        ("AwaitLease", {"Seconds": "soon"}),
        ("Fenced", {"Type": "Suceed"}),
    ],
)
def test_a_fault_in_the_definition_is_found(
    development: Assembled, definition: dict[str, Any], tmp_path: Path, state: str, change: dict[str, Any]
) -> None:
    """So the clean template above means a clean definition too, as far as cfn-lint's schema goes."""
    changed = {**definition, "States": {**definition["States"], state: definition["States"][state] | change}}
    (machine,) = (each for each in development.template["Resources"].values() if each["Type"] == MACHINE)
    told = {**machine["Properties"], "DefinitionString": json.dumps(changed)}
    alone = {"Resources": {"Machine": {"Type": MACHINE, "Properties": told}}}  # of the others nothing is asked here
    (path := tmp_path / "faulty.template.json").write_text(json.dumps(alone))
    assert [each for each in complaints(path) if each.startswith("E3601") and f"States/{state}/" in each]
