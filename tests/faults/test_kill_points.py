"""Every function, killed before and after each call of a port: all around it goes on, and one effect comes of it."""

from collections.abc import Callable

import pytest

from cutover.contracts.candidate import Candidate
from tests.faults.killing import EFFECTS, MortalWorld, assert_one_effect, copied, release, until
from tests.simulator.journeys import AFTER_OPENING, announced, assert_consistent, awaiting_window, told

EVERY_CALL = ("stages.hand_off", "stages.bind", "doors.approvals")
EVERY_EFFECT = (
    "doors.intake", "stages.admit", "stages.collect", "stages.assemble", "stages.verify", "stages.request_approval",
    "stages.await_token", "doors.relay", "doors.clock", "doors.seal", "doors.messenger",
)  # fmt: skip
ALIKE = 16
"""Collect, Verify and Seal do the same again and again: so many of their effects stand for the rest."""


def just_before(function: str) -> MortalWorld:
    """A world in which the function is about to do its work."""
    world = MortalWorld(function)
    if function == "doors.approvals":
        announced(world)
    if function == "stages.hand_off":
        awaiting_window(world)
        world.clock.move_to(AFTER_OPENING)
    if function == "stages.bind":
        to_bind(world, world.candidate())
    return world


def to_bind(world: MortalWorld, candidate: Candidate) -> MortalWorld:
    world.announce(candidate)
    while not world.machine.executions or world.execution().state != "Bind":
        world.step()
    return world


def points(world: MortalWorld, journey: Callable[[MortalWorld], object]) -> list[tuple[str, str]]:
    """Every point that the function passes on a way on which nothing fails."""
    whole = copied(world, kill_at=10**6)
    journey(whole)
    assert whole.faults.points, f"{world.function} was never called"
    return list(whole.faults.points)


def kill_everywhere(
    world: MortalWorld,
    journey: Callable[[MortalWorld], object],
    check: Callable[[MortalWorld], object],
    *,
    effects: bool = False,
) -> None:
    """``check`` after each ``journey`` from here on, each with the function killed at another of its points."""
    passed = points(world, journey)
    chosen = [number for number, (call, _) in enumerate(passed) if not effects or call in EFFECTS]
    assert chosen
    for number in chosen[: ALIKE if effects else None]:
        again = copied(world, kill_at=number)
        journey(again)
        assert again.faults.spent, f"point {number} of {world.function} was not reached"
        try:
            check(again)
        except AssertionError as error:
            raise AssertionError(f"{world.function} killed at {passed[number]}, point {number}: {error}") from error


@pytest.mark.parametrize("function", EVERY_CALL)
def test_killed_around_every_call(function: str) -> None:
    kill_everywhere(just_before(function), release, assert_one_effect)


@pytest.mark.parametrize("function", EVERY_EFFECT)
def test_killed_around_every_effect(function: str) -> None:
    """Around a reading nothing is different from around the effect that follows it."""
    kill_everywhere(just_before(function), release, assert_one_effect, effects=True)


def test_the_points_of_hand_off_are_around_all_of_its_effects() -> None:
    """What the other tests count on: the calls that matter are among the points, before and after."""
    passed = points(just_before("stages.hand_off"), release)
    for call in ("records.commit", "store.put_handoff", "deployment.send"):
        assert {when for name, when in passed if name == call} == {"before", "after"}


class FunctionError(Exception):
    """The process ended in a way that Step Functions sees as a failed task."""


def test_killed_after_the_send_again_and_again() -> None:
    """Two processes in a row end after the send: three deliveries of one message, one of them kept."""
    world = just_before("stages.hand_off")
    for _ in range(2):
        world.faults.after("deployment.send", FunctionError("after the send"))
    record = release(world)
    assert record.attempt == 3
    assert world.wiring.deployment.sends == 3
    assert_one_effect(world)


def test_a_held_release_is_told_once_wherever_bind_is_killed() -> None:
    def check(world: MortalWorld) -> None:
        assert world.record().status == "held"
        assert len(told(world)) == 1
        assert [entry.transition for entry in world.ledger()] == [3, 6, 7]
        assert_consistent(world)

    world = MortalWorld("stages.bind")
    kill_everywhere(to_bind(world, world.candidate(waivers=())), MortalWorld.run, check)


def test_a_refusal_stands_wherever_the_page_is_killed() -> None:
    """Where the refusal could not be written, the person says it again; the tombstone stands before the record."""

    def refuse(world: MortalWorld) -> None:
        world.insist("omar", "refuse")
        world.run()

    def check(world: MortalWorld) -> None:
        assert world.record().status == "declined"
        assert world.wiring.store.has_tombstone(world.record().cutover, 1)
        assert [entry.transition for entry in world.ledger()].count(15) == 1
        assert_consistent(world)

    kill_everywhere(just_before("doors.approvals"), refuse, check)


def test_a_refusal_that_was_cut_off_after_its_tombstone_blocks_whoever_approves_then() -> None:
    """The person never comes back; two others approve; HandOff finds the tombstone."""
    world = just_before("doors.approvals")
    world.faults.after("store.put_tombstone", FunctionError("after the tombstone"))
    world.decide("omar", "refuse")
    assert world.record().status == "awaiting_approval"
    world.insist("erin")
    world.insist("bo")
    world.run()
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.messages() == []
    assert world.ledger()[-1].result == "TOMBSTONE"
    until(world, "awaiting_window")
