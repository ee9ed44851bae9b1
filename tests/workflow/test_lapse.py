"""Row 17 from end to end: what today's facts do not count any more is dropped, asked for again, and not handed off."""

import json
from base64 import b64decode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.people import Person
from cutover.contracts.policy import Facts
from cutover.domain.record import Signal
from cutover.domain.verification import verify_handoff
from tests.building.policy import OPENS_AT, Deployment
from tests.simulator.journeys import AFTER_OPENING, assert_consistent, awaiting_window
from tests.simulator.world import World

PROBE = timedelta(minutes=16)
"""A little more than the rules' ``probe_every``."""
People = Callable[[dict[str, Person]], dict[str, Person]]


def gone(*names: str) -> People:
    return lambda people: {name: each for name, each in people.items() if name not in names}


def republish(world: World, version: int = 2, **changes: Any) -> None:
    facts = world.deployment.facts().model_copy(update={"version": version, **changes})
    world.publish(facts=Facts.model_validate(facts), version=version)


def remove(world: World, *names: str, version: int = 2) -> None:
    republish(world, version, people=gone(*names)(world.deployment.facts().people))


def looked(world: World) -> None:
    """The clock comes by when the next look is due."""
    world.clock.move(PROBE)
    world.tick()


def mailed(world: World, since: int) -> list[tuple[str, bool]]:
    """To whom, and whether the mail says that an approval does not count any more."""
    return sorted(
        (mail.to.partition("@")[0], "does not count any more" in mail.text)
        for mail in world.wiring.mailer.sent[since:]
    )  # fmt: skip


def approvers(world: World) -> list[str]:
    """Those in the one message that was handed off."""
    (message,) = world.messages()
    handoff = json.loads(b64decode(json.loads(message)["payload"]))
    said = [json.loads(b64decode(each["payload"]))["predicate"] for each in handoff["approvals"]]
    return sorted(f"{each['person']} as {each['role']}" for each in said)


def verified(world: World) -> bool:
    (message,) = world.messages()
    handoff = json.loads(b64decode(json.loads(message)["payload"]))
    documents = {each["digest"]: world.wiring.store.get(each["digest"], limit=2**24) for each in handoff["documents"]}
    return verify_handoff(
        message, trust=world.deployment.trust_file(), documents=documents, now=world.clock.now(), at=world.clock.now()
    ).verified


def handed_off(world: World) -> None:
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status == "handed_off"
    assert_consistent(world)


def by_the_clock(world: World) -> None:
    looked(world)


def by_hand_off(world: World) -> None:
    """The clock has not looked since: HandOff is the first to see it."""
    world.clock.move_to(AFTER_OPENING)
    world.wiring.records.nudge(world.record(), signal=Signal.WAKE, due_at=None)
    world.run()


class TestPersonRemoved:
    @pytest.mark.parametrize(("look", "writer"), [(by_the_clock, "clock"), (by_hand_off, "hand-off")])
    def test_the_seat_is_empty_again_and_another_person_completes(
        self, look: Callable[[World], None], writer: str
    ) -> None:
        world = World()
        awaiting_window(world)
        lapsed = next(each for each in world.record().decisions if each.person == "erin")
        mails = len(world.wiring.mailer.sent)
        remove(world, "erin")
        look(world)
        record = world.record()
        assert (record.status, record.ask) == ("awaiting_approval", False)
        assert [each.person for each in record.decisions] == ["omar"]
        assert world.messages() == []
        assert mailed(world, mails) == [("bo", True)]
        entry = next(each for each in world.ledger() if each.event == "approval-lapsed")
        assert (entry.actor.role, entry.transition) == (writer, 17)
        assert entry.inputs == {"lapsed/1": lapsed.payload}
        assert "erin as release-engineering" in entry.detail
        assert world.decide("bo")["statusCode"] == 303
        world.run()
        assert world.record().status in {"awaiting_window", "handed_off"}
        handed_off(world)
        assert approvers(world) == ["bo as release-engineering", "omar as operations"]
        assert verified(world)

    def test_while_the_seat_is_empty_nothing_is_sent_and_its_time_runs_out(self) -> None:
        world = World()
        awaiting_window(world)
        remove(world, "erin", "bo")
        looked(world)
        assert world.record().status == "awaiting_approval"
        world.clock.move_to(AFTER_OPENING)
        world.tick()
        assert world.messages() == []
        world.clock.move_to(OPENS_AT + timedelta(hours=3))
        world.tick()
        assert (world.record().status, world.record().reason) == ("expired", "APPROVAL_EXPIRED")
        assert_consistent(world)

    def test_facts_that_are_put_back_give_the_approval_back_to_nobody(self) -> None:
        """What lapsed is gone from the record; whoever may decide again decides anew, with the link they had."""
        world = World()
        awaiting_window(world)
        remove(world, "erin")
        looked(world)
        republish(world, 3)
        looked(world)
        assert world.record().status == "awaiting_approval"
        assert [each.person for each in world.record().decisions] == ["omar"]
        assert world.decide("erin")["statusCode"] == 303
        world.run()
        handed_off(world)
        assert approvers(world) == ["erin as release-engineering", "omar as operations"]
        assert verified(world)

    def test_facts_that_are_put_back_before_anybody_looked_change_nothing(self) -> None:
        world = World()
        awaiting_window(world)
        remove(world, "erin")
        republish(world, 3)
        looked(world)
        assert world.record().status == "awaiting_window"
        handed_off(world)
        assert "approval-lapsed" not in [each.event for each in world.ledger()]

    def test_a_role_that_was_taken_away_lapses_too(self) -> None:
        world = World()
        awaiting_window(world)
        people = world.deployment.facts().people
        omar = people["omar"].model_copy(update={"roles": ("release-engineering",)})
        republish(world, people=people | {"omar": omar})
        looked(world)
        assert [each.person for each in world.record().decisions] == ["erin"]
        world.decide("bo")
        world.run()
        handed_off(world)
        assert approvers(world) == ["bo as operations", "erin as release-engineering"]

    def test_a_wake_up_that_was_lost_asks_a_little_later(self) -> None:
        world = World()
        awaiting_window(world)
        mails = len(world.wiring.mailer.sent)
        remove(world, "erin")
        world.clock.move(PROBE)
        world.invoke("doors.clock", {})
        world.wiring.records.changes.clear()
        world.run()
        assert (world.record().ask, mailed(world, mails)) == (True, [])
        world.clock.move(timedelta(minutes=2))
        world.tick()
        assert (world.record().ask, mailed(world, mails)) == (False, [("bo", True)])
        assert_consistent(world)


class TestKeyRevoked:
    def test_every_approval_that_it_witnessed_lapses_and_is_given_anew_under_another_key(self) -> None:
        world = World()
        awaiting_window(world)
        mails = len(world.wiring.mailer.sent)
        rotate(world)
        looked(world)
        record = world.record()
        assert (record.status, record.decisions) == ("awaiting_approval", ())
        assert mailed(world, mails) == [("bo", True), ("bo", True), ("erin", True), ("omar", True)]
        for person in ("erin", "omar"):
            assert world.decide(person)["statusCode"] == 303
            world.run()
        assert {each.key for each in world.record().decisions} == {Deployment(name="fresh").key("decide").key_id}
        handed_off(world)
        assert_consistent(world)


def rotate(world: World) -> None:
    """The witness key is revoked as of now, and another one takes its place."""
    fresh = Deployment(name="fresh")
    keys = tuple(
        key.model_copy(update={"revoked_at": world.clock.now()}) if key.purpose == "decide" else key
        for key in world.deployment.facts().keys
    )
    republish(world, keys=(*keys, fresh.trusted_key("decide")))
    signer = world.wiring.signer
    world.wiring.signer = (  # type: ignore[method-assign]
        lambda purpose: fresh.key("decide") if purpose == "decide" else signer(purpose)
    )


class TestRequesterUnknown:
    def test_nobody_s_approval_is_dropped_and_nothing_is_sent_until_the_facts_know_them_again(self) -> None:
        world = World()
        awaiting_window(world)
        remove(world, "dana")
        looked(world)
        assert world.record().status == "awaiting_window"
        world.clock.move_to(AFTER_OPENING)
        world.tick()
        assert (world.record().status, world.record().reason) == ("awaiting_window", "REQUESTER_UNMAPPED")
        assert world.messages() == []
        republish(world, 3)
        world.clock.move(timedelta(minutes=10))
        world.tick()
        assert world.record().status == "handed_off"
        assert_consistent(world)
