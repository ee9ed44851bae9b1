"""Answers to holds, with the door's process killed around every call of a port, and delivered again."""

import contextlib

from tests.faults.killing import FunctionEnded, MortalWorld
from tests.faults.test_kill_points import kill_everywhere
from tests.simulator.events import Sent, deliver, signed
from tests.simulator.journeys import announced, assert_consistent, revise
from tests.simulator.resolving import corrected, hold_of, mended, resolution, result, waived


def held_twice() -> tuple[MortalWorld, tuple[Sent, ...]]:
    """Two holds, and an answer to each: the first only counts, the second opens the next revision."""
    world = MortalWorld("doors.resolutions")
    revise(world, "flags", lambda said: said["flags"][0].pop("owner") and said)
    announced(world, world.candidate(waivers=()))
    drill, flag = hold_of(world, "ROLLBACK_DRILL_MISSING"), hold_of(world, "FLAG_OWNER_MISSING")
    revise(world, "flags", lambda said: said["flags"][0].update(owner="orders"))
    answers = (drill, waived(world, drill)), (flag, corrected(world, "flags"))
    return world, tuple(signed(world, resolution(world, hold, answer)) for hold, answer in answers)


def insist(world: MortalWorld, event: Sent) -> None:
    """SQS delivers a message again until it was handled, and once more because that was forgotten."""
    for number in range(3):
        world.wiring.idempotency.clear()
        with contextlib.suppress(FunctionEnded):
            deliver(world, event, message_id=f"m-{number}")
    world.run()


def test_each_answer_counts_once_wherever_the_door_is_killed() -> None:
    world, events = held_twice()

    def journey(world: MortalWorld) -> None:
        for event in events:
            insist(world, event)

    def check(world: MortalWorld) -> None:
        assert [result(world, event) for event in events] == ["RESOLUTION_RECORDED", "HOLDS_RESOLVED"]
        assert world.record().status == "superseded"
        assert world.wiring.store.has_tombstone(world.record().cutover, 1)
        assert world.record(revision=2).status == "awaiting_approval"
        assert world.wiring.records.revision(world.record().cutover, 3) is None
        rows = [entry.transition for entry in world.ledger()]
        assert (rows.count(8), rows.count(9)) == (1, 2)
        assert_consistent(world)

    kill_everywhere(world, journey, check)


def test_a_refusal_is_told_once_wherever_the_door_is_killed() -> None:
    world, _ = held_twice()
    event = signed(world, resolution(world, hold_of(world, "FLAG_OWNER_MISSING"), mended()))

    def check(world: MortalWorld) -> None:
        assert result(world, event) == "HOLD_NOT_MENDABLE"
        assert world.record().status == "held"
        assert_consistent(world)

    kill_everywhere(world, lambda world: insist(world, event), check)
