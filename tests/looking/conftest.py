"""Worlds that commands look at, each made once: looking changes nothing."""

from datetime import timedelta

import pytest

from cutover_cli.site import Site
from tests.simulator.command_line import site_of
from tests.simulator.journeys import awaiting_approval, handed_off
from tests.simulator.world import World
from tests.workflow.test_resolutions import held as held_world

CUTOVER = "service@production.1"


@pytest.fixture(scope="module")
def asked() -> World:
    """One of two has approved, three hours after they were asked."""
    world = World()
    awaiting_approval(world)
    world.clock.move(timedelta(hours=3))
    world.decide("erin")
    world.run()
    return world


@pytest.fixture(scope="module")
def asking(asked: World) -> Site:
    return site_of(asked)[0]


@pytest.fixture(scope="module")
def held() -> World:
    """Held for two reasons; another announcement was refused."""
    world = held_world("flags")
    world.announce(b"{}", event_id="e-refused")
    world.run()
    return world


@pytest.fixture(scope="module")
def holding(held: World) -> Site:
    return site_of(held)[0]


@pytest.fixture(scope="module")
def done() -> World:
    world = World()
    handed_off(world)
    return world


@pytest.fixture(scope="module")
def doing(done: World) -> Site:
    return site_of(done)[0]
