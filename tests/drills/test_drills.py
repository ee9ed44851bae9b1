"""The drills, once each, on a stack of their own: every one ends as the expectations say."""

from collections.abc import Iterator

import pytest

from tests.drills.ending import read
from tests.drills.playing import Playing, playing
from tests.drills.plays import PLAYS

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("drills")]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playing]:
    with playing(tmp_path_factory.mktemp("drills") / "stack", read()) as made:
        yield made


@pytest.mark.parametrize("name", PLAYS)
def test_it_ends_as_expected(stage: Playing, name: str) -> None:
    assert stage.play(read().of(name), lambda _step: None).differences == ()


def test_nothing_comes_to_any_of_them_afterwards(stage: Playing) -> None:
    results = stage.again()
    assert [each.name for each in results] == list(PLAYS), "where all were played"
    assert [each.name for each in results if each.differences] == []
