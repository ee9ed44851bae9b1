"""Every attack on the real door and resolver, over fakes."""

import importlib
import logging

import pytest

from tests.attacks.cases import FAMILIES, Attack
from tests.attacks.everything import ATTACKS
from tests.attacks.judging import judge, leaks
from tests.attacks.memory import Memory


@pytest.fixture
def as_in_lambda() -> None:
    """What a handler's import sets up for every logger of its process."""
    importlib.import_module("cutover.runtime.observability")


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda each: f"{each.family.replace(' ', '-')}:{each.name}")
@pytest.mark.usefixtures("as_in_lambda")
def test_it_gains_nothing(attack: Attack, caplog: pytest.LogCaptureFixture) -> None:
    scene = Memory(passkey=attack.passkey)
    with caplog.at_level(logging.DEBUG):
        judge(attack, scene)
    lines = [*scene.lines(), *(f"{vars(record)}" for record in caplog.records)]
    assert leaks(scene.secrets, lines) == set()


def test_names_are_of_one_case_each() -> None:
    names = [(each.family, each.name) for each in ATTACKS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_has_at_least_two_cases(family: str) -> None:
    cases = [each for each in ATTACKS if each.family == family]
    assert len(cases) >= 2
    assert len([each for each in cases if each.stack]) >= 2, "over HTTP on the local stack, too"


def test_the_search_for_leaks_finds_one() -> None:
    scene = Memory()
    link = scene.link()
    assert leaks(scene.secrets, [f"GET /approvals/{link[20:60]}", "nothing"]) == {f"GET /approvals/{link[20:60]}"}
