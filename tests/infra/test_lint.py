"""cfn-lint, against the schemas of a region: what CloudFormation would otherwise only say while deploying."""

import json
from pathlib import Path

from cfnlint.api import lint_file

from tests.infra.reading import Assembled


def complaints(template: Path) -> list[str]:
    return [f"{each.rule.id} {each.message}" for each in lint_file(template)]


def test_the_template_is_clean(stage: Assembled) -> None:
    assert not complaints(stage.path)


def test_a_fault_is_found(development: Assembled, tmp_path: Path) -> None:
    faulty = json.loads(development.path.read_text("utf-8"))
    for resource in faulty["Resources"].values():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            resource["Properties"]["StateMachineType"] = "STANDART"
    (path := tmp_path / "faulty.template.json").write_text(json.dumps(faulty))
    assert any("STANDART" in each for each in complaints(path))
