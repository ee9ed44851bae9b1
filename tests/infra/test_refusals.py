"""What no function may be told, whatever puts it there."""

from pathlib import Path

import pytest
from aws_cdk import App, Aspects, IAspect
from aws_cdk import aws_lambda as lambda_
from constructs import IConstruct
from jsii import implements

from infra.app import build
from infra.config import load
from infra.refusals import LOOPBACK, REFUSED, SLACK_URL, TestSettingGiven, synthesize
from infra.stack import CutoverStack
from tests.infra.synthesis import stand_in


@pytest.fixture
def app(tmp_path: Path) -> App:
    return build(deployment=load(), asset=stand_in(tmp_path), stages=("development",), output=tmp_path / "out")


@pytest.mark.parametrize("setting", REFUSED)
def test_a_function_that_is_told_what_a_test_may_be_told_stops_synthesis(
    app: App, tmp_path: Path, setting: str
) -> None:
    (stack,) = (each for each in app.node.children if isinstance(each, CutoverStack))
    stack.resources.functions["Collect"].function.add_environment(setting, "0")
    with pytest.raises(TestSettingGiven, match=rf"cutover-development\.template\.json: Collect[^ ]* {setting}$"):
        synthesize(app)
    assert not list((tmp_path / "out").glob("*.template.json"))


@implements(IAspect)
class Sneaking:
    """Tells every function, after everybody else has had a word."""

    def visit(self, node: IConstruct) -> None:
        if isinstance(node, lambda_.CfnFunction):
            node.add_property_override(f"Environment.Variables.{SLACK_URL}", "http://127.0.0.1:9")
            node.add_property_override(f"Environment.Variables.{LOOPBACK}", "1")


def test_it_is_found_however_it_came_there(app: App) -> None:
    Aspects.of(app).add(Sneaking())
    with pytest.raises(TestSettingGiven, match=r"Clock.*Seal"):
        synthesize(app)
