"""A VPC is a choice of a stage: every function runs in it then, and no function's code may touch its interfaces."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from infra.config import Network, load
from infra.network import INTERFACES
from infra.plan import FUNCTIONS
from tests.infra.reading import Assembled
from tests.infra.synthesis import synthesize

SUBNETS, GROUPS = ("subnet-0123456789abcdef0", "subnet-0123456789abcdef1"), ("sg-0123456789abcdef0",)


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Assembled:
    deployment = load()
    network = Network(subnet_ids=SUBNETS, security_group_ids=GROUPS)
    development = deployment.stages.development.model_copy(update={"network": network})
    stages = deployment.stages.model_copy(update={"development": development})
    scratch: Path = tmp_path_factory.mktemp("network")
    return synthesize(scratch, deployment=deployment.model_copy(update={"stages": stages}))["development"]


def statements(stage: Assembled, effect: str) -> list[dict[str, Any]]:
    """Of every function's policy: those about network interfaces."""
    found = []
    for name in FUNCTIONS:
        document = stage.resources[f"{name}/Policy"].properties["PolicyDocument"]
        found += [each for each in document["Statement"] if each["Effect"] == effect and "ec2:" in json.dumps(each)]
    return found


def test_every_function_runs_in_it(inside: Assembled) -> None:
    wanted = {"SubnetIds": list(SUBNETS), "SecurityGroupIds": list(GROUPS)}
    found = [each.properties["VpcConfig"] for each in inside.of("AWS::Lambda::Function")]
    assert found == [wanted] * len(FUNCTIONS)


def test_lambda_makes_the_interfaces_and_no_code_does(inside: Assembled) -> None:
    allowed, denied = statements(inside, "Allow"), statements(inside, "Deny")
    assert len(allowed) == len(denied) == len(FUNCTIONS)
    assert all(set(INTERFACES) <= set(each["Action"]) for each in allowed), "in one statement with X-Ray's star"
    assert {tuple(each["Action"]) for each in denied} == {INTERFACES}
    assert all("Condition" not in each for each in allowed)
    assert all(each["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}} for each in denied)


def test_without_it_nobody_has_a_network(stage: Assembled) -> None:
    assert "VpcConfig" not in json.dumps(stage.template)
    assert "ec2:" not in json.dumps(stage.template)


@pytest.mark.parametrize(
    ("subnets", "groups"),
    [(SUBNETS[:1], GROUPS), (SUBNETS, ()), (("vpc-0123456789abcdef0",) * 2, GROUPS), (SUBNETS, ("sg-*",))],
)
def test_a_network_is_named_whole(subnets: tuple[str, ...], groups: tuple[str, ...]) -> None:
    """One zone alone would be one more thing to fail; and nothing of a VPC is guessed."""
    with pytest.raises(ValidationError):
        Network(subnet_ids=subnets, security_group_ids=groups)
