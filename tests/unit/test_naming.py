"""A cutover's name says what it is: which product at which target, and whether it is a rehearsal."""

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutover.adapters import dynamodb_items
from cutover.contracts.base import CutoverId, Product
from cutover.domain import naming

names = st.from_regex(get_args(Product)[1].metadata[0].pattern, fullmatch=True)


def valid(name: str) -> bool:
    return re.fullmatch(get_args(CutoverId)[1].metadata[0].pattern, name) is not None


@given(names, names, st.integers(1, 10**9 - 1), st.booleans())
def test_what_a_name_was_made_of_is_read_from_it(product: str, target: str, number: int, rehearsal: bool) -> None:
    name = naming.cutover_id(product, target, number, rehearsal=rehearsal)
    assert valid(name)
    assert (naming.of(name), naming.is_rehearsal(name)) == ((product, target), rehearsal)


lanes = st.tuples(names, names, st.booleans())


@given(lanes, lanes)
def test_no_two_lanes_have_one_key(one: tuple[str, str, bool], other: tuple[str, str, bool]) -> None:
    first, second = (dynamodb_items.lane_key(each[0], each[1], rehearsal=each[2]) for each in (one, other))
    assert (first == second) == (one == other)


@pytest.mark.parametrize(
    "name",
    [
        "service@production", "service@production.rehearsal", "service@production.0", "service@production.rehearsal.0",
        "service@production.rehearsal.rehearsal.1", "service@production.release.1", "service@production.1.rehearsal",
        "service@production.Rehearsal.1", "service@pro.duction.1",
    ],
)  # fmt: skip
def test_anything_else_is_no_name(name: str) -> None:
    assert not valid(name)


@pytest.mark.parametrize("name", ["rehearsal@rehearsal.1", "service@rehearsal.1", "rehearsal@production.26"])
def test_what_is_only_called_so_is_no_rehearsal(name: str) -> None:
    assert valid(name)
    assert not naming.is_rehearsal(name)
