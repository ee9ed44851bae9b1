"""Two documents, field by field."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutover.contracts.supersession import MAX_DIFFERENCES, Difference
from cutover.domain import pointer
from cutover.domain.differences import differences, shown

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text("ab/~é", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text("ab/~", min_size=1, max_size=3), DOCUMENTS, max_size=4)


def told(before: Any, after: Any) -> list[tuple[str, str | None, str | None]]:
    return [(each.pointer, each.before, each.after) for each in differences(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("/a", "1", "2")]),
        ({"a": 1, "b": 1}, {"b": 1}, [("/a", "1", None)]),
        ({"b": 1}, {"a": None, "b": 1}, [("/a", None, "null")]),
        ({}, {"a": 1}, [("", "{}", None), ("/a", None, "1")]),
        ({"a": True}, {"a": False}, [("/a", "true", "false")]),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, [("/a/1", "2", "3"), ("/a/2", None, "4")]),
        ({"a": {"b": {"c": "x"}}}, {"a": {"b": {"c": "y"}}}, [("/a/b/c", "x", "y")]),
        ({"a": []}, {"a": [1]}, [("/a", "[]", None), ("/a/0", None, "1")]),
        ({"a": {}}, {"a": []}, [("/a", "{}", "[]")]),
        ({"a/b": 1, "c~d": 1}, {"a/b": 2, "c~d": 2}, [("/a~1b", "1", "2"), ("/c~0d", "1", "2")]),
        ({"b": 1, "a": 1}, {"a": 2, "b": 2}, [("/a", "1", "2"), ("/b", "1", "2")]),
        ({"a": ""}, {"a": "x"}, [("/a", "-", "x")]),
        ({"a": "x\ny"}, {"a": "x"}, [("/a", "x\ufffdy", "x")]),
    ],
)
def test_every_leaf_that_differs_is_told(before: Any, after: Any, expected: Any) -> None:
    assert told(before, after) == expected


def test_a_long_value_is_cut_and_still_a_difference() -> None:
    (found,) = differences({"a": "é" * 400 + "x"}, {"a": "é" * 400 + "y"})
    assert found.before is not None
    assert found.before == found.after
    assert len(found.before.encode()) <= 512


def test_no_more_than_a_document_may_hold_and_the_first_of_them() -> None:
    many = {f"k{number:04d}": 1 for number in range(MAX_DIFFERENCES + 9)}
    found = differences(many, dict.fromkeys(many, 2))
    assert len(found) == MAX_DIFFERENCES
    assert [found[0].pointer, found[-1].pointer] == ["/k0000", f"/k{MAX_DIFFERENCES - 1:04d}"]


@given(DOCUMENTS)
def test_a_document_does_not_differ_from_itself(document: Any) -> None:
    assert differences(document, document) == ()


@given(OBJECTS, OBJECTS)
def test_differences_are_real_and_complete_and_the_same_from_the_other_side(before: Any, after: Any) -> None:
    found = differences(before, after)
    for each in found:
        old, new = pointer.resolve(before, each.pointer), pointer.resolve(after, each.pointer)
        assert old != new or type(old) is not type(new)
    assert [Difference(pointer=each.pointer, before=each.after, after=each.before) for each in found] == list(
        differences(after, before)
    )
    if shown(before) != shown(after):
        assert found


@given(OBJECTS, OBJECTS)
def test_whatever_differs_makes_a_valid_document(before: Any, after: Any) -> None:
    for each in differences(before, after):
        assert Difference.model_validate_json(each.model_dump_json()) == each
