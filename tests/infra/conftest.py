"""Both stages, synthesized once a session, and the files that they are compared with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.app import STAGES
from tests.infra.reading import Assembled
from tests.infra.synthesis import synthesize

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sends the tests of the template to one worker, and those of the package to one: each share one making."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("package" if item.path.stem == "test_asset" else "template"))


@pytest.fixture(scope="session")
def assembled(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Assembled]:
    """The synthesized stages by name."""
    return synthesize(tmp_path_factory.mktemp("infra"))


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest, assembled: Mapping[str, Assembled]) -> Assembled:
    """Each stage in turn."""
    return assembled[request.param]


@pytest.fixture
def development(assembled: Mapping[str, Assembled]) -> Assembled:
    return assembled["development"]


@pytest.fixture
def production(assembled: Mapping[str, Assembled]) -> Assembled:
    return assembled["production"]


@pytest.fixture(scope="session")
def definition(repository: Path) -> dict[str, Any]:
    """The state machine's definition as the repository keeps it."""
    parsed: dict[str, Any] = json.loads((repository / "statemachine" / "cutover.asl.json").read_text("utf-8"))
    return parsed
