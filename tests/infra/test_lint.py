"""cfn-lint, against the schemas of a region: what CloudFormation would otherwise only say while deploying."""

import json
from pathlib import Path

from cfnlint.api import lint_file  # type: ignore[import-untyped]

from tests.infra.reading import Assembled


def complaints(template: Path) -> list[str]:
    return [f"{each.rule.id} {each.message}" for each in lint_file(template)]


def test_the_template_is_clean(stage: Assembled) -> None:
    assert not complaints(stage.path)


def test_a_fault_is_found(tmp_path: Path) -> None:
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"StateMachineType": "STANDART"}}
    (path := tmp_path / "faulty.template.json").write_text(json.dumps({"Resources": {"Machine": machine}}))
    found = complaints(path)
    assert any("STANDART" in each for each in found)
    assert any("RoleArn" in each for each in found)
