"""What no function may be told, whatever puts it there."""

from pathlib import Path

import pytest
from aws_cdk import App, Aspects, IAspect
from aws_cdk import aws_lambda as lambda_
from constructs import IConstruct
from jsii import implements

from infra.app import build
from infra.config import load
from infra.refusals import LOOPBACK, TestSettingGiven, synthesize
from infra.stack import CutoverStack
from tests.infra.synthesis import stand_in


@pytest.fixture
def app(tmp_path: Path) -> App:
    return build(deployment=load(), asset=stand_in(tmp_path), stages=("development",), output=tmp_path / "out")


def test_a_function_that_is_told_to_reach_itself_stops_synthesis(app: App, tmp_path: Path) -> None:
    (stack,) = (each for each in app.node.children if isinstance(each, CutoverStack))
    stack.resources.functions["Collect"].function.add_environment(LOOPBACK, "0")
    with pytest.raises(TestSettingGiven, match=r" told to cutover-development\.template\.json: Collect[^ ]*$"):
        synthesize(app)
    assert not list((tmp_path / "out").glob("*.template.json"))


@implements(IAspect)
class Sneaking:
    """Tells every function, after everybody else has had a word."""

    def visit(self, node: IConstruct) -> None:
        if isinstance(node, lambda_.CfnFunction):
            node.add_property_override(f"Environment.Variables.{LOOPBACK}", "1")


def test_it_is_found_however_it_came_there(app: App) -> None:
    Aspects.of(app).add(Sneaking())
    with pytest.raises(TestSettingGiven, match=r"Clock.*Seal"):
        synthesize(app)
