"""An emergency on the page: it cannot be mistaken for another release, and asks for more, never for less."""

import pytest

from cutover.contracts.emergency import Emergency
from cutover.domain.record import Status
from tests.approving import World

EMERGENCY = Emergency(incident="INC-3021", reason="Every second order fails since 02:10.")


@pytest.fixture
def world() -> World:
    return World(emergency=EMERGENCY)


def test_it_is_unmistakable_as_a_question_and_ever_after(world: World) -> None:
    for status in (Status.AWAITING_APPROVAL, Status.EXPIRED):
        world.become(status)
        body = world.get(world.link()).body
        assert '<div class="alarm"><p><b>Emergency</b> INC-3021</p>' in body
        assert "Every second order fails since 02:10." in body


def test_another_release_says_nothing_of_it() -> None:
    world = World()
    body = world.get(world.link()).body
    assert 'class="alarm"' not in body
    assert 'name="emergency"' not in body


def test_who_approves_confirms_it_and_says_why(world: World) -> None:
    assert world.decide(world.link()).status == 303
    (said,) = world.statements()
    assert said.predicate.answers is not None
    assert said.predicate.answers.emergency is True
    assert said.predicate.reason == "Orders fail until it is out."


@pytest.mark.parametrize(
    ("left_out", "code"),
    [("emergency", "ANSWERS_MISSING"), ("reason", "REASON_MISSING"), ("intent", "ANSWERS_MISSING")],
)
def test_nothing_of_it_can_be_left_out_and_what_was_typed_stays(world: World, left_out: str, code: str) -> None:
    answer = world.decide(world.link(), "approve", **{left_out: None})
    assert (answer.status, answer.code) == (422, code)
    assert world.record.decisions == ()
    if left_out != "reason":
        assert "Orders fail until it is out.</textarea>" in answer.body
