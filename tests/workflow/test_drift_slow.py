"""Sources that are slow when they are asked whether anything has changed: no answer, and never an endless wait."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cutover.drifting import SECONDS
from cutover.errors import Refused
from infra.plan import FUNCTIONS
from tests.simulator.journeys import AFTER_OPENING, awaiting_window, revise
from tests.simulator.world import World

FOR_ONE = 15
"""Seconds that one request may take (``sources.web``)."""
PROBE = timedelta(minutes=16)


class Slow:
    """Buckets that take some seconds for each question of one kind; ``too`` slow, they then do not answer."""

    def __init__(self, world: World, seconds: float, *calls: str, too: bool = False) -> None:
        self._world, self._seconds, self._calls, self._too = world, seconds, calls, too
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.asked.append(name)
            if name in self._calls:
                self._world.clock.move(timedelta(seconds=self._seconds))
                if self._too:
                    raise Refused("SOURCE_TOO_SLOW", "the body did not end in time")
            return getattr(self._world.wiring.bucket, name)(*arguments, **named)

        return call


def waiting(seconds: float, *calls: str, too: bool = False) -> tuple[World, Slow]:
    """A release that waits for its window, whose sources became slow."""
    world = World()
    awaiting_window(world)
    slow = Slow(world, seconds, *calls, too=too)
    world.wiring.sources["s3"] = slow
    return world, slow


def look(world: World) -> timedelta:
    """How long it took to be refused."""
    began = world.clock.now()
    with pytest.raises(Refused) as refused:
        world.wiring.drifting.look(world.record())
    assert refused.value.code == "SOURCE_TOO_SLOW"
    return world.clock.now() - began


def test_slow_sources_are_asked_for_so_long_and_no_longer() -> None:
    world, slow = waiting(7, "latest")
    assert look(world) < timedelta(seconds=SECONDS + FOR_ONE)
    assert slow.asked == ["latest"] * 3, "those that began in time"


def test_slow_sources_that_answer_in_time_are_an_answer() -> None:
    world, slow = waiting(1, "latest")
    assert world.wiring.drifting.look(world.record()).refreshed == ()
    assert len(slow.asked) > 3


@pytest.mark.parametrize("too", [True, False])
def test_a_section_that_does_not_come_again_in_time_has_not_changed(too: bool) -> None:
    world, slow = waiting(FOR_ONE, "fetch", too=too)
    revise(world, "rollout", lambda said: {**said, "comment": "nobody reads this"})
    revise(world, "tests", lambda said: said)
    revise(world, "provenance", lambda said: said)
    assert look(world) <= timedelta(seconds=SECONDS + FOR_ONE)
    assert "fetch" in slow.asked


def test_a_newer_artifact_that_cannot_be_read_in_time_is_no_answer() -> None:
    world, counting = waiting(0)
    world.wiring.drifting.look(world.record())
    records = len(counting.asked)
    world.wiring.sources["s3"] = slow = Slow(world, SECONDS / records + 0.05, "latest")
    world.upload(world.records["artifact"])
    assert look(world) >= timedelta(seconds=SECONDS)
    assert slow.asked == ["latest"] * records, "the last one began in time, and the artifact's bytes were not asked for"


def test_hand_off_waits_and_says_why_and_the_clock_looks_again() -> None:
    world, _ = waiting(7, "latest")
    world.clock.move(PROBE)
    assert {outcome: count for outcome, count in world.tick().items() if count} == {"failed": 1}
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert (world.record().status, world.record().reason) == ("awaiting_window", "SOURCE_TOO_SLOW")
    assert world.messages() == []
    world.wiring.sources["s3"] = world.wiring.bucket
    world.clock.move(PROBE)
    world.tick()
    assert world.record().status == "handed_off"


def test_hand_off_has_the_time_for_it() -> None:
    assert FUNCTIONS["HandOff"].timeout_seconds > SECONDS + FOR_ONE
