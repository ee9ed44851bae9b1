"""Calls some at a time: the order and the first error are those of one after the other."""

import threading

import pytest

from cutover.errors import Refused
from cutover.runtime.settings import Settings
from cutover.runtime.sources import AT_A_TIME
from cutover.runtime.wiring import Wiring
from cutover.together import Together, one_by_one

WAYS: tuple[Together, ...] = (one_by_one, Wiring(Settings({})).together)


@pytest.mark.parametrize("together", WAYS)
def test_answers_come_in_the_order_of_the_questions(together: Together) -> None:
    assert together(str, range(50)) == [str(number) for number in range(50)]
    assert together(str, ()) == []


@pytest.mark.parametrize("together", WAYS)
def test_the_first_error_is_raised(together: Together) -> None:
    def call(number: int) -> int:
        if number in {3, 7}:
            raise Refused("SOURCE_DENIED", str(number))
        return number

    with pytest.raises(Refused, match="SOURCE_DENIED: 3"):
        together(call, range(10))


def test_some_really_are_under_way_at_a_time() -> None:
    meeting = threading.Barrier(AT_A_TIME, timeout=10)
    assert len(Wiring(Settings({})).together(lambda _: meeting.wait(), range(AT_A_TIME))) == AT_A_TIME
