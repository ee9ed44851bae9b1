"""The protocol has no bad interleaving, and each rule of it is needed: without it the checker shows what goes wrong."""

import dataclasses
import re
from collections.abc import Iterator

import pytest

from cutover.domain import transitions
from cutover.domain.record import Status
from tests.model.checker import REACHABLE, Result, check
from tests.model.protocol import FINAL, HELD, INVARIANTS, LIVE, NONE, Bug, State, ended, explore, steps

BREAKS = {
    Bug.DECISION_SEQ_IGNORED: "a recorded decision is not lost",
    Bug.SLOT_RELEASED: "one effective hand-off",
    Bug.TOMBSTONE_LATE: "a tombstone stands before the end",
    Bug.WAKE_UP_TRUSTED: "handing off implies a quorum over that digest",
    Bug.LEASE_IGNORED: "no send after its lease",
    Bug.NOT_READ_AGAIN: "no send against what was read before it",
    Bug.SIGNAL_LOST: REACHABLE,
    Bug.NOT_FENCED: "a fenced execution writes nothing",
    Bug.APPROVALS_KEPT: "approvals pass to no other revision",
    Bug.TWO_OPENED: "at most one live revision",
}
LAST = {
    Bug.DECISION_SEQ_IGNORED: "row 12: approver 1 approves 0",
    Bug.SLOT_RELEASED: "worker of 1 sends, the answer is lost",
    Bug.TOMBSTONE_LATE: "row 24: 0 withdrawn",
    Bug.WAKE_UP_TRUSTED: "worker of 0, row 18: attempt, lease",
    Bug.LEASE_IGNORED: "worker of 0 sends, the answer is lost",
}
SEVERAL = {7, 10}
"""Rows of the model that stand for several of the table: what comes before Bind, and telling the approvers after it."""


@dataclasses.dataclass(slots=True)
class Explored:
    """All that occurs in the protocol as it is meant: rows (number, status before, status after), statuses, phases."""

    result: Result
    rows: set[tuple[int, str, str]] = dataclasses.field(default_factory=set)
    statuses: set[tuple[int, str]] = dataclasses.field(default_factory=set)
    phases: set[str] = dataclasses.field(default_factory=set)


@pytest.fixture(scope="module")
def explored() -> Explored:
    found = Explored(Result(0, 0))

    def walk(s: State) -> Iterator[tuple[str, State, bool]]:
        found.statuses.update((r, one.status) for r, one in enumerate(s.revisions))
        found.phases.update(w.phase for w in s.workers)
        for text, after, helps in steps(s, None):
            if row := re.search(r"row (\d+)", text):
                found.rows.update(_moved(int(row[1]), s, after))
            else:
                assert not _moved(0, s, after), f"{text!r} changes a status without a row"
            yield text, after, helps

    found.result = check(State(), walk, INVARIANTS, ended)
    return found


def _moved(number: int, before: State, after: State) -> set[tuple[int, str, str]]:
    pairs = zip(before.revisions, after.revisions, strict=True)
    return {(number, one.status, other.status) for one, other in pairs if one.status != other.status}


def test_no_interleaving_breaks_the_protocol(explored: Explored) -> None:
    assert (explored.result.violated, explored.result.trace) == ("", ())
    assert explored.result.states > 20_000
    assert explored.result.transitions > 5 * explored.result.states


def test_everything_that_the_model_knows_does_occur(explored: Explored) -> None:
    """An invariant over what never happens holds for nothing."""
    assert explored.statuses >= {(r, status) for r in (0, 1) for status in (*LIVE, "handing_off", *FINAL)} - {
        (0, HELD),  # nobody had the slot before it
        (1, "superseded"),  # only revision 0 has a successor
    }
    assert {number for number, _, _ in explored.rows} >= {3, 4, 7, 10, 13, 15, 16, 17, 18, 20, 21, 22, 23, 24}
    assert explored.phases == {"", "read", "leased", "ready", "sent"}
    assert {moved[1:] for moved in explored.rows if moved[0] == 20} == {
        ("handing_off", "handed_off"),
        ("uncertain", "handed_off"),
    }


def test_the_model_moves_only_as_the_table_does(explored: Explored) -> None:
    table = {
        (row.number, status.value, (row.target or status).value)
        for row in transitions.TABLE.values()
        for statuses in row.writers.values()
        for status in statuses
    }
    opens = {(number, NONE, Status.COLLECTING.value) for number in (3, 4, 22)}
    assert {move for move in explored.rows if move[0] not in SEVERAL} <= table | opens


@pytest.mark.parametrize("bug", list(Bug), ids=lambda bug: bug.name)
def test_each_rule_taken_away_is_noticed(bug: Bug) -> None:
    result = explore(bug)
    assert result.violated == BREAKS[bug]
    assert result.trace[-1] == LAST.get(bug, result.trace[-1])
    assert str(result).startswith(f"{result.states:,} states")
    assert f"   1. {result.trace[0]}" in str(result)
    _assert_followed(result, bug)


def _assert_followed(result: Result, bug: Bug) -> None:
    """The trace is a way that the model really allows, and its end is what is said of it."""
    reached = {State()}
    for text in result.trace:
        reached = {after for s in reached for said, after, _ in steps(s, bug) if said == text}
    if result.violated != REACHABLE:
        assert not all(INVARIANTS[result.violated](s) for s in reached)


def test_every_rule_is_broken_by_some_bug() -> None:
    assert set(BREAKS) == set(Bug)
    assert {*INVARIANTS, REACHABLE} - set(BREAKS.values()) == {"a slot has one owner"}


def test_a_slot_of_two_is_noticed() -> None:
    """No bug of the list gives a slot to two; the invariant is shown to bite by a state that has it so."""
    s = State()._replace(slot=1).put(0, status="awaiting_window")
    assert not INVARIANTS["a slot has one owner"](s)
