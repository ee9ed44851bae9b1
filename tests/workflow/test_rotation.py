"""The bind key is exchanged while what it bound is under way: what it signed in its time stands, unless it is revoked.

As the operations manual has it: the new key is named beside the old one, then the old one ends with ``not_after``.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.building.policy import Deployment
from tests.simulator.journeys import AFTER_OPENING, assert_consistent, awaiting_approval, awaiting_window
from tests.simulator.world import World

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
FRESH = Deployment(name="fresh").trusted_key("bind")


def exchange(world: World, version: int = 2, *, people: dict[str, Any] | None = None, **changes: Any) -> None:
    """The old key ends as ``changes`` say; ``people`` are others from now on, where they are given."""
    facts = world.deployment.facts()
    keys = [key.model_copy(update=changes) if key.purpose == "bind" else key for key in facts.keys]
    more = {"people": people} if people is not None else {}
    world.publish(facts=facts.model_copy(update={"keys": (*keys, FRESH), "version": version, **more}), version=version)


def without_erin(world: World) -> dict[str, Any]:
    return {name: each for name, each in world.deployment.facts().people.items() if name != "erin"}


def ended(world: World) -> None:
    """The old key's time has run out an hour ago."""
    world.clock.move(2 * HOUR)
    exchange(world, not_after=world.clock.now() - HOUR)


def revoked(world: World) -> None:
    world.clock.move(2 * HOUR)
    exchange(world, revoked_at=world.clock.now() - HOUR)


def handed_off(world: World) -> None:
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status == "handed_off"
    assert_consistent(world)


def unanswered(world: World) -> datetime:
    """HandOff has sent, and nobody knows whether the queue took it. When its lease is over."""
    awaiting_window(world)
    world.wiring.deployment.lose_answers(1)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    record = world.record()
    assert (record.status, record.attempt) == ("handing_off", 1)
    assert record.lease_until is not None
    return record.lease_until


@pytest.mark.parametrize("decision", ["approve", "refuse"])
def test_the_page_shows_what_the_old_key_bound_and_takes_the_decision(decision: str) -> None:
    world = World()
    awaiting_approval(world)
    ended(world)
    assert world.http("GET", world.links()["erin"])["statusCode"] == 200
    assert world.decide("erin", decision)["statusCode"] == 303
    world.run()
    record = world.record()
    if decision == "refuse":
        assert record.status == "declined"
        return
    assert [each.person for each in record.decisions] == ["erin"]
    world.decide("omar")
    world.run()
    handed_off(world)


def test_what_is_approved_waits_and_is_handed_off() -> None:
    world = World()
    awaiting_window(world)
    ended(world)
    world.tick()
    handed_off(world)


def test_people_are_asked_again_about_what_the_old_key_bound() -> None:
    """Row 17: an approval counts no more, and there is somebody else who may fill the seat."""
    world = World()
    awaiting_window(world)
    mails = len(world.wiring.mailer.sent)
    world.clock.move(2 * HOUR)
    exchange(world, not_after=world.clock.now() - HOUR, people=without_erin(world))
    world.tick()
    record = world.record()
    assert (record.status, record.ask, record.signal) == ("awaiting_approval", False, None)
    assert [mail.to for mail in world.wiring.mailer.sent[mails:]] == ["bo@example.com"]
    assert world.decide("bo")["statusCode"] == 303
    world.run()
    handed_off(world)


@pytest.mark.parametrize("first", ["clock", "hand-off"])
def test_what_nobody_acknowledged_is_sent_again_whoever_comes_first(first: str) -> None:
    world = World()
    lease_until = unanswered(world)
    exchange(world, not_after=lease_until)
    world.clock.move_to(lease_until + MINUTE)
    if first == "clock":
        world.invoke("doors.clock", {})
        assert world.record().status == "handing_off"
    world.run()
    assert (world.record().status, world.record().attempt) == ("handed_off", 2)
    assert len(world.messages()) == 1
    assert_consistent(world)


def test_the_page_does_not_show_what_a_revoked_key_bound() -> None:
    world = World()
    awaiting_approval(world)
    revoked(world)
    answer = world.http("GET", world.links()["erin"])
    assert answer["statusCode"] == 409
    assert "KEY_REVOKED" in answer["body"]
    world.tick()
    assert (world.record().status, world.record().reason) == ("withdrawn", "KEY_REVOKED")


def test_what_a_revoked_key_bound_is_not_sent_again() -> None:
    world = World()
    lease_until = unanswered(world)
    sends = world.wiring.deployment.sends
    exchange(world, revoked_at=lease_until)
    world.clock.move_to(lease_until + MINUTE)
    world.tick()
    record = world.record()
    assert (record.status, record.reason) == ("uncertain", "SEND_UNCERTAIN")
    entry = next(each for each in world.ledger() if each.transition == 21)
    assert "KEY_REVOKED" in (entry.detail or "")
    assert world.wiring.deployment.sends == sends
    assert_consistent(world)


def test_a_lapse_that_hand_off_found_leaves_nobody_to_be_woken() -> None:
    """The execution asks by itself. The clock finds nothing to repair, and watches on."""
    world = World()
    awaiting_window(world)
    world.clock.move_to(AFTER_OPENING)
    exchange(world, people=without_erin(world))
    world.tick()
    record = world.record()
    assert (record.status, record.ask, record.signal) == ("awaiting_approval", False, None)
    assert [each.actor.role for each in world.ledger() if each.transition == 17] == ["hand-off"]
    for _ in range(20):
        world.clock.move(MINUTE)
        world.tick()
    assert (world.record().execution, world.record().signal) == (1, None)
