"""Each invariant can fail: it is shown what it must notice, and notices it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.simulation import invariants, protocol, rest, sending
from tests.simulation.doctored_ends import BROKEN_ENDS
from tests.simulation.doctored_writes import BROKEN_WRITES, REHEARSAL, rehearsed
from tests.simulation.scene import Scene
from tests.simulation.violation import Violation

BROKEN = BROKEN_WRITES | BROKEN_ENDS
CASES = [(check, number) for check, ways in BROKEN.items() for number in range(len(ways))]
ALL: tuple[Callable[..., None], ...] = (*invariants.OF_WRITES, *invariants.OF_SENDS, *rest.OF_END)


@pytest.mark.parametrize(("check", "number"), CASES, ids=[f"{check.__name__}-{number}" for check, number in CASES])
def test_it_notices(check: Callable[..., None], number: int) -> None:
    with pytest.raises(Violation):
        BROKEN[check][number]()


def test_each_is_shown_something() -> None:
    assert set(BROKEN) == set(ALL)


def test_what_is_right_passes() -> None:
    """The same scenes, unchanged."""
    scene = Scene()
    for check in invariants.OF_WRITES:
        check(scene.seen, scene.write(scene.entry(), scene.image()))
    rest.at_rest(scene.seen)
    rest.one_story(scene.seen)
    leaving = Scene("sent in vain")
    for of_send in invariants.OF_SENDS:
        of_send(leaving.seen, *leaving.sending())
    done = Scene("handed off")
    for of_end in rest.OF_END:
        of_end(done.seen)


def test_a_rehearsal_that_only_reports_passes() -> None:
    scene = Scene()
    entry = scene.entry("rehearsed", 26, chain=REHEARSAL, to="rehearsed")
    invariants.rehearsals_only_report(scene.seen, scene.write(entry, rehearsed(scene)))


@pytest.mark.parametrize(
    ("said", "urgent"),
    [
        ({"answers": {}, "reason": "It cannot wait."}, True),
        ({"answers": {"emergency": True}, "reason": None}, True),
        ({"answers": {"emergency": True}, "reason": "It cannot wait."}, False),
    ],
)
def test_an_emergency_that_was_not_approved_as_one_is_noticed(said: Any, urgent: bool) -> None:
    with pytest.raises(Violation):
        sending.confirmed(said, urgent=urgent)
    sending.confirmed({"answers": {"emergency": True}, "reason": "It cannot wait."}, urgent=True)


def test_the_table_is_the_one_of_the_code() -> None:
    """Written down twice: whoever changes one must change the other, and say why."""
    from cutover.domain.transitions import TABLE

    assert {row.event: row.number for row in TABLE.values()} == {
        name: row.number for name, row in protocol.ROWS.items()
    }
    for row in TABLE.values():
        ours = protocol.ROWS[row.event]
        assert (row.target.value if row.target else "") == ours.target or row.event == "announced"
        theirs = {name: {status.value for status in statuses} or {""} for name, statuses in row.writers.items()}
        assert theirs == ours.writers, row.event


def test_a_lease_without_its_guards_is_noticed_by_the_handlers_own_way() -> None:
    """``leased_rightly`` looks at what HandOff read; a hand-off that read nothing is none."""
    scene = Scene("sent in vain")
    invocation, _ = scene.sending()
    invocation.read.clear()
    with pytest.raises(Violation):
        sending.after_the_last_look(scene.seen, invocation, {})
