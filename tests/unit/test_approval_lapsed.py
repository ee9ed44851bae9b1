"""Approvals that lapse while others are still missing: they fill no seat, and their giver decides anew."""

from datetime import timedelta
from typing import Any

import pytest

from cutover.domain.record import Signal, Status
from tests.approving import START, World
from tests.builders import CUTOVER, Deployment


@pytest.fixture
def world() -> World:
    return World()


def operations(world: World) -> str:
    return world.link("omar", "operations")


def revoke(world: World) -> None:
    """The witness key that signed until now is revoked; from now on another one signs."""
    fresh = Deployment(name="fresh").trusted_key("decide")
    old = tuple(
        key.model_copy(update={"revoked_at": world.clock.now()}) if key.purpose == "decide" else key
        for key in world.facts.keys
    )
    world.change_facts(keys=(*old, fresh))
    world.witness = Deployment(name="fresh").key("decide")


@pytest.fixture
def revoked(world: World) -> World:
    """Erin has approved; then the witness key of her statement is revoked."""
    world.decide(world.link())
    world.clock.move(timedelta(minutes=5))
    revoke(world)
    return world


def test_the_page_says_that_it_does_not_count_and_asks_again(revoked: World) -> None:
    page = revoked.get(revoked.link())
    assert page.status == 200
    assert "Erin, approved Mon 2 Mar 2026, 09:04 UTC: it does not count any more" in page.body
    assert 'value="approve"' in page.body
    assert "it does not count any more" in revoked.get(operations(revoked)).body


def test_whoever_gave_it_approves_anew(revoked: World) -> None:
    assert revoked.decide(revoked.link()).status == 303
    (said,) = revoked.record.decisions
    assert said.decided_at == START + timedelta(minutes=5)
    assert revoked.record.decision_seq == 2
    assert revoked.statements()[0].predicate.person == "erin"


def test_it_does_not_complete_a_quorum_and_those_who_are_missing_are_asked(revoked: World) -> None:
    lapsed = revoked.record.decisions[0]
    assert revoked.decide(operations(revoked)).status == 303
    record = revoked.record
    assert record.status is Status.AWAITING_APPROVAL
    assert [each.person for each in record.decisions] == ["omar"]
    assert (record.ask, record.signal, record.reason) == (True, Signal.WAKE, "APPROVAL_LAPSED")
    *_, entry = revoked.records.ledger(CUTOVER)
    assert (entry.event, entry.inputs["lapsed/1"]) == ("approval-given", lapsed.payload)
    assert revoked.decide(revoked.link()).status == 303
    assert (revoked.record.status, revoked.record.ask, revoked.record.reason) == (Status.APPROVED, False, None)


def test_an_execution_that_is_still_to_be_started_is_not_forgotten(revoked: World) -> None:
    revoked.become(Status.AWAITING_APPROVAL, signal=Signal.START)
    revoked.decide(operations(revoked))
    assert revoked.record.signal is Signal.START


def test_the_form_that_gave_it_gives_nothing_again(world: World) -> None:
    link = world.link()
    form = world.form(link)
    world.post(link, form)
    world.clock.move(timedelta(minutes=5))
    revoke(world)
    world.remembered.clear()
    answer = world.post(link, form)
    assert (answer.status, answer.code) == (422, "FORM_USED")
    assert world.record.decision_seq == 1


def test_a_person_who_left_fills_no_seat_and_one_who_comes_back_does(world: World) -> None:
    everybody = dict(world.facts.people)
    world.decide(world.link())
    world.change_facts(people={name: each for name, each in everybody.items() if name != "erin"})
    assert "it does not count any more" in world.get(operations(world)).body
    world.change_facts(people=everybody)
    assert "it does not count any more" not in world.get(operations(world)).body
    assert world.decide(operations(world)).status == 303
    assert world.record.status is Status.APPROVED


def test_a_colleague_fills_the_seat_of_a_person_who_left(world: World) -> None:
    world.decide(world.link())
    world.change_facts(people={name: each for name, each in world.facts.people.items() if name != "erin"})
    assert world.decide(world.link("bo", "release-engineering")).status == 303
    before = world.record
    assert [each.person for each in before.decisions] == ["bo"]
    assert before.status is Status.AWAITING_APPROVAL
    assert world.decide(operations(world)).status == 303
    assert world.record.status is Status.APPROVED


def test_a_seat_is_filled_once_so_that_nothing_can_lapse_and_leave_a_quorum(world: World) -> None:
    """Erin leaves, Bo fills her seat, Erin comes back: the record holds one approval for one seat."""
    everybody = dict(world.facts.people)
    world.decide(world.link())
    world.change_facts(people={name: each for name, each in everybody.items() if name != "erin"})
    world.decide(world.link("bo", "release-engineering"))
    world.change_facts(people=everybody)
    world.decide(operations(world))
    assert world.record.status is Status.APPROVED
    assert [each.person for each in world.record.decisions] == ["bo", "omar"]


def test_a_refusal_leaves_everything_on_record_as_it_was(revoked: World) -> None:
    before = revoked.record.decisions
    revoked.decide(operations(revoked), "refuse")
    assert revoked.record.decisions[:-1] == before


def test_what_has_ended_is_shown_as_it_ended(revoked: World) -> None:
    revoked.become(Status.HANDED_OFF)
    assert "does not count" not in revoked.get(revoked.link()).body
    assert "You have approved this release" in revoked.get(revoked.link()).body


def test_where_nobody_knows_who_asked_for_it_nothing_is_dropped(world: World) -> None:
    form: Any = world.form(operations(world))
    world.decide(world.link())
    world.change_facts(people={name: each for name, each in world.facts.people.items() if name != "dana"})
    assert world.post(operations(world), form).code == "REQUESTER_UNMAPPED"
    assert [each.person for each in world.record.decisions] == ["erin"]
