"""What a change of a single word in ``domain.transitions`` would otherwise get past the other tests."""

import pytest

from cutover.domain import transitions
from cutover.domain.record import Status
from cutover.errors import Refused


def test_a_step_that_is_not_in_the_table_is_refused_by_name() -> None:
    with pytest.raises(Refused) as refused:
        transitions.permitted("approved", Status.HELD, "clock")
    assert (refused.value.code, refused.value.detail, refused.value.mend) == (
        "ILLEGAL_TRANSITION",
        "clock may not write 'approved' from held",
        "",
    )


def test_a_step_that_is_not_a_rehearsal_s_is_refused_by_name() -> None:
    with pytest.raises(Refused) as refused:
        transitions.permitted("bound", Status.VERIFYING, "bind", rehearsal=True)
    assert (refused.value.code, refused.value.detail, refused.value.mend) == (
        "NOT_FOR_A_REHEARSAL",
        "bound: a rehearsal only reports",
        "announce the candidate as a release",
    )


def test_a_step_of_rehearsals_alone_is_refused_to_releases_by_name() -> None:
    for given in ({}, {"rehearsal": False}):
        with pytest.raises(Refused) as refused:
            transitions.permitted("rehearsed", Status.VERIFYING, "bind", **given)
        assert (refused.value.code, refused.value.detail, refused.value.mend) == (
            "ILLEGAL_TRANSITION",
            "'rehearsed' is written of rehearsals only",
            "",
        )


def test_whose_each_row_is() -> None:
    either = {
        "announced", "refused", "admitted", "superseded", "waits", "assembled", "expired", "withdrawn", "adopted"
    }  # fmt: skip
    assert {event for event, row in transitions.TABLE.items() if row.of == "either"} == either
    assert {event for event, row in transitions.TABLE.items() if row.of == "rehearsal"} == {"rehearsed"}
    assert {row.of for row in transitions.TABLE.values()} == {"either", "rehearsal", "release"}


def test_only_a_hand_off_s_end_may_be_written_when_the_lane_has_gone_on() -> None:
    assert {event: row.current for event, row in transitions.TABLE.items() if row.current is not True} == {
        "handed-off": False
    }
    assert transitions.TABLE["handed-off"].current is False
