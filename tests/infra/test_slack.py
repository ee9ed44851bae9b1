"""Slack is a choice of a stage: without it there is no function, no address and no grant for it."""

import json
from pathlib import Path

import pytest

from infra.config import load
from infra.plan import FOR_SLACK
from tests.infra.reading import Assembled
from tests.infra.synthesis import synthesize


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Assembled:
    deployment = load()
    development = deployment.stages.development.model_copy(update={"slack": False})
    stages = deployment.stages.model_copy(update={"development": development})
    changed: Path = tmp_path_factory.mktemp("without-slack")
    return synthesize(changed, deployment=deployment.model_copy(update={"stages": stages}))["development"]


def test_without_it_there_is_no_address_and_no_function_for_it(without: Assembled) -> None:
    assert not [each for each in without.of("AWS::ApiGatewayV2::Route") if "slack" in each.properties["RouteKey"]]
    assert "RouteSettings" in without.resources["Page/Stage"].properties
    assert not FOR_SLACK & without.permissions.keys()


def test_without_it_nobody_is_told_of_it_or_may_read_its_secret(without: Assembled) -> None:
    assert "CUTOVER_SLACK_SECRET" not in json.dumps(without.template)
    resources = {each.resource for granted in without.permissions.values() for each in granted}
    assert not [each for each in resources if "/slack" in each]


def test_with_it_a_function_is_told_the_secret_by_name(stage: Assembled) -> None:
    variables = stage.render(stage.function("SlackEvents")["Environment"]["Variables"])
    assert variables["CUTOVER_SLACK_SECRET"] == f"cutover/cutover-{stage.stage}/slack"
