"""The messenger, killed before and after each call of a port: whoever is to be told is told, at least once."""

from collections import Counter
from datetime import timedelta

import pytest

from tests.faults.killing import MortalWorld
from tests.faults.test_kill_points import kill_everywhere
from tests.simulator.journeys import announced, assert_consistent
from tests.simulator.owners import with_facts

MINUTE = timedelta(minutes=1)
TWICE = 2
"""Killed between sending and writing it down, a function says it once more; never more often than that."""


def closed(world: MortalWorld, since: int) -> Counter[tuple[str, str]]:
    """How often each question was closed by mail."""
    sent = [mail for mail in world.wiring.mailer.sent[since:] if "Nothing to do" in mail.text]
    return Counter((mail.about["person"], mail.about["role"]) for mail in sent)


def test_a_decision_closes_every_other_question_wherever_it_is_killed() -> None:
    world = MortalWorld("doors.messenger")
    announced(world)
    since = len(world.wiring.mailer.sent)

    def journey(world: MortalWorld) -> None:
        world.decide("erin", "refuse")
        world.run()
        world.clock.move(MINUTE)
        world.tick()

    def check(world: MortalWorld) -> None:
        found = closed(world, since)
        assert set(found) == {("bo", "release-engineering"), ("bo", "operations"), ("omar", "operations")}
        assert max(found.values()) <= TWICE
        said = world.wiring.messages.correspondence(world.record().cutover, 1)
        assert said is not None
        assert {told.state for told in said.told} == {"declined"}
        assert said.due_at is None
        assert_consistent(world)

    kill_everywhere(world, journey, check)


@pytest.mark.parametrize("late", [timedelta(hours=2), timedelta(hours=4)], ids=["deputies", "reminders"])
def test_the_time_that_comes_is_not_missed_wherever_it_is_killed(late: timedelta) -> None:
    world = MortalWorld("doors.messenger")
    with_facts(world, lambda said: said["people"]["bo"].update(stands_in_for=["erin", "omar"]))
    announced(world)
    since = len(world.wiring.mailer.sent)

    def journey(world: MortalWorld) -> None:
        world.clock.move(late)
        for _ in range(2):
            world.tick()
            world.clock.move(MINUTE)

    def check(world: MortalWorld) -> None:
        found = Counter((mail.about["person"], mail.about["role"]) for mail in world.wiring.mailer.sent[since:])
        deputy = {("bo", "operations"), ("bo", "release-engineering")}
        reminded = {("erin", "release-engineering"), ("omar", "operations")}
        assert set(found) == deputy | (reminded if late == timedelta(hours=4) else set())
        assert max(found.values()) <= TWICE
        assert_consistent(world)

    kill_everywhere(world, journey, check)
