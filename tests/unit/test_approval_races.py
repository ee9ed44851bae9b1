"""Lost races: a decision is made again on the fresh record, and what came first stands."""

from collections.abc import Callable
from typing import Any

import pytest

from cutover.domain.record import Status
from cutover.errors import Conflict
from cutover.ports import Commit
from tests.approving import World
from tests.builders import CUTOVER


@pytest.fixture
def world() -> World:
    return World()


def other(world: World) -> str:
    return world.link("omar", "operations")


class TestRaces:
    @pytest.fixture(autouse=True)
    def _patching(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.patch = monkeypatch

    def race(self, world: World, rival: Callable[[], Any], *, times: int = 1) -> None:
        """Before each of the next commits, somebody else's comes first."""
        commit = world.records.commit
        left = [times]

        def slow(own: Commit) -> None:
            if left[0]:
                left[0] -= 1
                rival()
            commit(own)

        self.patch.setattr(world.records, "commit", slow)

    def test_two_last_approvals_at_once_both_count(self, world: World) -> None:
        theirs = world.form(other(world))
        self.race(world, lambda: world.post(other(world), theirs))
        assert world.decide(world.link()).status == 303
        assert world.record.status is Status.APPROVED
        assert [entry.transition for entry in world.records.ledger(CUTOVER)] == [12, 13]

    def test_a_refusal_that_comes_first_wins(self, world: World) -> None:
        theirs = world.form(other(world), "refuse")
        self.race(world, lambda: world.post(other(world), theirs))
        answer = world.decide(world.link())
        assert (answer.status, answer.code) == (409, "DECLINED")
        assert [each.decision for each in world.record.decisions] == ["refuse"]

    def test_an_expiry_that_comes_first_wins(self, world: World) -> None:
        self.race(world, lambda: world.become(Status.EXPIRED))
        answer = world.decide(world.link())
        assert (answer.status, answer.code) == (409, "EXPIRED")
        assert world.record.decisions == ()

    def test_the_same_form_twice_at_once_is_one_decision(self, world: World) -> None:
        link = world.link()
        form = world.form(link)

        def unguarded() -> None:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(world, "once", lambda _key, action: action())
                assert world.post(link, form).status == 303

        self.race(world, unguarded)
        assert world.post(link, form).status == 303
        assert world.record.decision_seq == 1

    def test_races_lost_for_ever_are_answered_and_not_looped(self, world: World) -> None:
        def always(_: Commit) -> None:
            raise Conflict("record")

        form = world.form(world.link())
        self.patch.setattr(world.records, "commit", always)
        assert world.post(world.link(), form).status == 503
