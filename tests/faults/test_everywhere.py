"""On every road of a revision, every single fault at every call site: the same end, and one effect."""

import pytest

from tests.faults.everywhere import differs, plans, walk
from tests.faults.roads import ROADS
from tests.simulation.run import silence


@pytest.mark.parametrize("name", ROADS)
def test_one_fault_anywhere_changes_nothing(name: str) -> None:
    with silence():
        whole = walk(ROADS[name])
        planned = plans(name)
        assert len(planned) > 20
        found = [differs(name, whole, each) for each in planned]
    assert [each for each in found if each is not None] == []
