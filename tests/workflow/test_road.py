"""The way of a release, on the real definition with the real handlers over fakes."""

from datetime import timedelta

from tests.building.policy import OPENS_AT
from tests.simulator.world import World


def test_candidate_becomes_one_verified_message() -> None:
    world = World()
    admission = world.announce()
    world.run()
    assert world.admission(admission).status == "collecting", world.admission(admission).faults
    assert world.record().status == "awaiting_approval", world.execution()
    world.decide("erin")
    world.decide("omar")
    world.run()
    assert world.record().status == "awaiting_window"
    world.clock.move_to(OPENS_AT + timedelta(minutes=1))
    world.tick()
    assert world.record().status == "handed_off"
    assert len(world.messages()) == 1
