"""Where runs begin: worlds at interesting moments of a release, made once by the straight road, then copied."""

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.building.policy import CLOSES_AT, OPENS_AT
from tests.simulation.environment import Environment
from tests.simulator.journeys import announced, awaiting_approval, awaiting_window, handed_off, open_holds, revise


def _nothing(_world: Environment) -> None:
    """Nobody has announced anything."""


def _announced(world: Environment) -> None:
    world.announce()


def _until(state: str) -> Callable[[Environment], None]:
    def way(world: Environment) -> None:
        world.announce()
        while not world.machine.executions or world.execution().state != state:
            assert world.step()

    return way


def _held(world: Environment) -> None:
    announced(world, world.candidate(waivers=()))


def _held_twice(world: Environment) -> None:
    """Two holds are open, so that answers accumulate."""

    def without_prior(said: dict[str, Any]) -> None:
        for step in said["steps"]:
            del step["prior_configuration"]

    revise(world, "rollback", without_prior)
    record = announced(world, world.candidate(waivers=()))
    assert len(open_holds(world, record)) == 2, [each.code for each in open_holds(world, record)]


def _asked(world: Environment) -> None:
    awaiting_approval(world)


def _half(world: Environment) -> None:
    awaiting_approval(world)
    world.decide("erin")
    world.run()


def _approved(world: Environment) -> None:
    """Both have decided, and the execution has not heard of it."""
    _half(world)
    world.decide("omar")


def _waiting(world: Environment) -> None:
    awaiting_window(world)


def _opening(world: Environment) -> None:
    awaiting_window(world)
    world.clock.move_to(OPENS_AT + timedelta(seconds=4))


def _sent_in_vain(world: Environment) -> None:
    """The first send's answer was lost."""
    _opening(world)
    world.clock.move(timedelta(seconds=30))
    world.wiring.deployment.lose_answers()
    world.tick()


def _behind_a_lease(world: Environment) -> None:
    """A newer candidate comes while the revision before it is being handed off."""
    _sent_in_vain(world)
    world.announce(world.candidate(sequence=2, version="1.4.2"))


def _deferred(world: Environment) -> None:
    """Put off for an hour."""
    awaiting_approval(world)
    until = (world.clock.now() + timedelta(hours=1)).astimezone(ZoneInfo("Europe/Berlin"))
    world.decide("erin", "defer", until=f"{until:%Y-%m-%dT%H:%M}")
    world.run()
    assert world.record().status == "deferred"


def _closing(world: Environment) -> None:
    awaiting_window(world)
    world.clock.move_to(CLOSES_AT - timedelta(minutes=2))


def _handed_off(world: Environment) -> None:
    handed_off(world)


def _superseded(world: Environment) -> None:
    """A newer candidate has taken the place of the first."""
    awaiting_approval(world)
    world.announce(world.candidate(sequence=2, version="1.4.2"))
    world.run()


STARTS: dict[str, Callable[[Environment], None]] = {
    "nothing": _nothing, "announced": _announced, "before Assemble": _until("Assemble"),
    "before Bind": _until("Bind"), "before RequestApproval": _until("RequestApproval"), "held": _held,
    "held twice": _held_twice,
    "asked": _asked, "half approved": _half, "approved": _approved, "waiting": _waiting, "opening": _opening,
    "window open": _opening, "sent in vain": _sent_in_vain,
    "behind a lease": _behind_a_lease, "deferred": _deferred, "closing": _closing, "handed off": _handed_off,
    "superseded": _superseded,
}  # fmt: skip
START_NAMES = tuple(STARTS)


@functools.cache
def start(name: str) -> Environment:
    """The world at that moment: never to be changed, only to be copied."""
    world = Environment()
    STARTS[name](world)
    return world
