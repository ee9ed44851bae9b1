"""Killed around every effect while it is deferred, taken up, and asked about again: nobody is forgotten."""

import contextlib
from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.base import format_instant
from tests.building.policy import instant
from tests.faults.killing import FunctionEnded, MortalWorld
from tests.faults.test_kill_points import kill_everywhere
from tests.simulator.journeys import announced, assert_consistent, awaiting_window
from tests.simulator.owners import with_facts

NOON = {"until": "2026-03-03T12:00"}
"""In Berlin, the window's own zone."""
UNTIL = instant("2026-03-03T11:00")
MINUTE = timedelta(minutes=1)


def insist(world: MortalWorld, decision: str, status: str, **entries: str) -> None:
    """Erin answers, again when the page broke, until the record stands there."""
    for _ in range(3):
        if world.record().status == status:
            return
        with contextlib.suppress(FunctionEnded):
            world.decide("erin", decision, **entries)
    assert world.record().status == status


def at_rest(world: MortalWorld) -> None:
    """Minutes pass until nobody is still to be asked."""
    world.run()
    for _ in range(20):
        if not world.record().ask:
            break
        world.clock.move(MINUTE)
        world.tick()
    world.run()


def asked_again(world: MortalWorld, mails: int) -> set[str]:
    """Who was asked by mail since, each of them with the reason. Others were told that there is nothing to do."""
    sent = [mail for mail in world.wiring.mailer.sent[mails:] if "/approvals/" in mail.text]
    assert all("This is asked again, because" in mail.text for mail in sent)
    return {mail.to.partition("@")[0] for mail in sent}


def test_a_deferral_and_its_taking_up_happen_once_wherever_the_page_is_killed() -> None:
    def journey(world: MortalWorld) -> None:
        insist(world, "defer", "deferred", **NOON)
        insist(world, "resume", "awaiting_approval")
        at_rest(world)

    def check(world: MortalWorld) -> None:
        record = world.record()
        assert (record.status, record.ask, record.deferral, record.decision_seq) == (
            "awaiting_approval", False, None, 2,
        )  # fmt: skip
        assert [entry.event for entry in world.ledger() if entry.transition == 14] == ["deferred", "taken-up"]
        assert_consistent(world)

    world = MortalWorld("doors.approvals")
    announced(world)
    kill_everywhere(world, journey, check, effects=True)


def test_whoever_is_missing_is_asked_again_wherever_request_approval_is_killed() -> None:
    world = MortalWorld("stages.request_approval")
    announced(world)
    world.decide("omar")
    insist(world, "defer", "deferred", **NOON)
    world.run()
    mails = len(world.wiring.mailer.sent)

    def journey(world: MortalWorld) -> None:
        insist(world, "resume", "awaiting_approval")
        at_rest(world)

    def check(world: MortalWorld) -> None:
        assert not world.record().ask
        assert asked_again(world, mails) == {"bo", "erin"}
        assert [entry.event for entry in world.ledger()].count("approval-requested-again") == 1
        assert_consistent(world)

    kill_everywhere(world, journey, check)


def test_what_cannot_be_read_is_asked_about_once_wherever_request_approval_is_killed() -> None:
    """Owners say that the key which bound it was not valid then: nobody can be asked, and nothing is tried for ever."""
    world = MortalWorld("stages.request_approval")
    announced(world)
    insist(world, "defer", "deferred", **NOON)
    world.run()
    mails = len(world.wiring.mailer.sent)

    def begin_today(said: dict[str, Any]) -> None:
        for key in said["keys"]:
            if key["purpose"] == "bind":
                key["not_before"] = format_instant(UNTIL)

    with_facts(world, begin_today)

    def journey(world: MortalWorld) -> None:
        world.clock.move_to(UNTIL)
        world.tick()
        at_rest(world)

    def check(world: MortalWorld) -> None:
        record = world.record()
        assert (record.status, record.ask, record.reason) == ("awaiting_approval", False, "KEY_NOT_VALID")
        told = [entry.result for entry in world.ledger() if entry.event == "approval-requested-again"]
        assert told == ["KEY_NOT_VALID"]
        assert len(world.wiring.mailer.sent) == mails
        assert_consistent(world)

    kill_everywhere(world, journey, check)


@pytest.mark.parametrize("function", ["doors.clock", "doors.relay"])
def test_the_time_that_comes_is_not_missed_wherever_it_is_killed(function: str) -> None:
    world = MortalWorld(function)
    announced(world)
    insist(world, "defer", "deferred", **NOON)
    world.run()
    mails = len(world.wiring.mailer.sent)

    def journey(world: MortalWorld) -> None:
        world.clock.move_to(UNTIL)
        world.tick()
        for _ in range(20):
            if world.record().status == "awaiting_approval" and not world.record().ask:
                break
            world.clock.move(MINUTE)
            world.tick()

    def check(world: MortalWorld) -> None:
        assert (world.record().status, world.record().ask) == ("awaiting_approval", False)
        assert asked_again(world, mails) == {"bo", "erin", "omar"}
        assert [entry.event for entry in world.ledger() if entry.transition == 14] == ["deferred", "taken-up"]
        assert_consistent(world)

    kill_everywhere(world, journey, check, effects=True)


def test_a_lapse_is_asked_about_wherever_request_approval_is_killed() -> None:
    world = MortalWorld("stages.request_approval")
    awaiting_window(world)
    facts = world.deployment.facts()
    people = {name: each for name, each in facts.people.items() if name != "erin"}
    world.publish(facts=facts.model_copy(update={"version": 2, "people": people}), version=2)
    mails = len(world.wiring.mailer.sent)

    def journey(world: MortalWorld) -> None:
        for _ in range(40):
            world.clock.move(MINUTE)
            world.tick()
            if world.record().status == "awaiting_approval" and not world.record().ask:
                break

    def check(world: MortalWorld) -> None:
        assert (world.record().status, world.record().ask) == ("awaiting_approval", False)
        assert asked_again(world, mails) == {"bo"}
        assert [each.person for each in world.record().decisions] == ["omar"]
        assert_consistent(world)

    kill_everywhere(world, journey, check)
