"""Row 14 from end to end: a deferral keeps the question shut until its time, or until it is taken up."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from tests.building.policy import CLOSES_AT, instant
from tests.simulator.journeys import AFTER_OPENING, assert_consistent, awaiting_approval, repair
from tests.simulator.world import World, fill

NOON = "2026-03-03T12:00"
"""In Berlin, the window's own zone."""
UNTIL = instant("2026-03-03T11:00")


@pytest.fixture
def world() -> World:
    """Erin has deferred; everybody was mailed once."""
    world = World()
    awaiting_approval(world)
    assert world.decide("erin", "defer", until=NOON)["statusCode"] == 303
    world.run()
    assert world.record().status == "deferred"
    return world


def events(world: World) -> list[str]:
    return [entry.event for entry in world.ledger() if entry.transition in {11, 12, 13, 14, 15, 23}]


def mailed(world: World, since: int) -> list[str]:
    return [mail.to.partition("@")[0] for mail in world.wiring.mailer.sent[since:]]


def offered(world: World, person: str) -> set[str]:
    """The decisions that a person's newest link has a form for."""
    return set(re.findall(r'name="decision" value="(\w+)"', world.http("GET", world.links()[person])["body"]))


def approved_by_both(world: World) -> None:
    for person in ("erin", "omar"):
        assert world.decide(person)["statusCode"] == 303
        world.run()


def test_until_its_time_nobody_approves_and_nobody_is_asked(world: World) -> None:
    mails, machine = len(world.wiring.mailer.sent), world.execution()
    for _ in range(20):
        world.clock.move(timedelta(hours=1))
        world.tick()
        assert (offered(world, "erin"), offered(world, "omar")) == ({"resume", "refuse"}, {"refuse"})
    world.clock.move_to(UNTIL - timedelta(seconds=1))
    world.tick()
    assert world.record().status == "deferred"
    assert len(world.wiring.mailer.sent) == mails
    assert world.execution() is machine
    assert_consistent(world)


def test_when_its_time_comes_the_clock_takes_it_up_and_those_missing_are_asked_again(world: World) -> None:
    mails = len(world.wiring.mailer.sent)
    world.clock.move_to(UNTIL)
    world.tick()
    record = world.record()
    assert (record.status, record.ask, record.deferral, record.deferred_until) == (
        "awaiting_approval", False, None, None,
    )  # fmt: skip
    assert sorted(mailed(world, mails)) == ["bo", "bo", "erin", "omar"]
    assert all("was deferred, and that is over" in mail.text for mail in world.wiring.mailer.sent[mails:])
    approved_by_both(world)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status == "handed_off"
    assert len(world.messages()) == 1
    assert_consistent(world)
    assert events(world) == ["approval-requested", "deferred", "taken-up", "approval-given", "approved"]


def test_who_deferred_takes_it_up_before_and_everybody_is_asked_at_once(world: World) -> None:
    mails = len(world.wiring.mailer.sent)
    assert world.decide("erin", "resume")["statusCode"] == 303
    world.run()
    assert (world.record().status, world.record().ask) == ("awaiting_approval", False)
    assert sorted(mailed(world, mails)) == ["bo", "bo", "erin", "omar"]
    approved_by_both(world)
    assert world.record().status == "awaiting_window"
    assert_consistent(world)


def test_an_approval_before_the_deferral_stands_and_its_giver_is_not_asked_again() -> None:
    world = World()
    awaiting_approval(world)
    world.decide("omar")
    world.decide("erin", "defer", until=NOON)
    world.run()
    mails = len(world.wiring.mailer.sent)
    world.decide("erin", "resume")
    world.run()
    assert sorted(mailed(world, mails)) == ["bo", "erin"]
    world.decide("erin")
    world.run()
    assert world.record().status == "awaiting_window"
    assert_consistent(world)


def test_a_refusal_ends_what_is_deferred(world: World) -> None:
    assert world.decide("omar", "refuse")["statusCode"] == 303
    world.run()
    assert world.record().status == "declined"
    assert world.execution().status == "SUCCEEDED"
    assert_consistent(world)


def test_a_package_that_ends_while_it_is_deferred_expires() -> None:
    world = World()
    awaiting_approval(world)
    world.decide("erin", "defer", until="2026-03-03T22:59")
    world.run()
    world.clock.move_to(CLOSES_AT + timedelta(minutes=1))
    world.tick()
    assert world.record().status == "expired"
    assert_consistent(world)


def test_a_wake_up_that_was_lost_delays_the_asking_and_loses_nothing(world: World) -> None:
    """The relay does not hear of the taking up; the clock repeats the signal."""
    mails = len(world.wiring.mailer.sent)
    world.decide("erin", "resume")
    world.wiring.records.changes.clear()
    world.run()
    assert world.record().ask
    assert mailed(world, mails) == []
    repair(world)
    assert not world.record().ask
    assert sorted(mailed(world, mails)) == ["bo", "bo", "erin", "omar"]
    assert_consistent(world)


def test_an_execution_that_was_lost_while_it_was_deferred_is_adopted_and_asks(world: World) -> None:
    world.execution().token = None
    world.machine.executions.clear()
    mails = len(world.wiring.mailer.sent)
    world.decide("erin", "resume")
    world.run()
    for _ in range(40):
        repair(world, 1)
        if not world.record().ask:
            break
    assert (world.record().status, world.record().ask) == ("awaiting_approval", False)
    assert set(mailed(world, mails)) == {"bo", "erin", "omar"}
    assert world.record().execution > 1
    approved_by_both(world)
    assert world.record().status == "awaiting_window"
    assert_consistent(world)


@pytest.mark.parametrize("decision", ["defer", "resume"])
def test_a_form_that_is_posted_again_much_later_changes_nothing(decision: str) -> None:
    """Powertools' table is emptied meanwhile: the spent nonce is what refuses it."""
    world = World()
    awaiting_approval(world)
    link = world.links()["erin"]
    posts = {}
    for each in ("defer", "resume"):
        posts[each] = urlencode(fill(world.http("GET", link)["body"], each, until=NOON))
        assert world.http("POST", link, posts[each])["statusCode"] == 303
        world.run()
    if decision == "resume":
        world.decide("erin", "defer", until=NOON)
        world.run()
    before = world.record()
    world.wiring.idempotency.clear()
    answer = world.http("POST", link, posts[decision])
    assert (answer["statusCode"], "FORM_USED" in answer["body"]) == (422, True)
    assert world.record().decision_seq == before.decision_seq
    assert world.record().status == before.status
