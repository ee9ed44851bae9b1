"""What a signed candidate pins by digest is not replaced by whoever can write to its source."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from cutover.contracts.candidate import Candidate
from cutover.contracts.resolution import EvidenceAnswer
from cutover.domain import canonical
from cutover.domain.record import RevisionRecord
from tests.simulator.journeys import announced, awaiting_approval, awaiting_window, open_holds, revise, rewrite
from tests.simulator.resolving import corrected, hold_of, resolve, result
from tests.simulator.world import World

PROBE = timedelta(minutes=16)
DIFFERS, DRILL = "SOURCE_DIGEST_DIFFERS", "ROLLBACK_DRILL_MISSING"


def pinning(world: World, *, waived: bool = True) -> Candidate:
    """The candidate with the digests of its dependency manifest and of its rollback plan."""
    candidate = world.candidate() if waived else world.candidate(waivers=())
    (component,) = candidate.components
    assert component.dependencies is not None
    manifest, plan = (canonical.digest(world.records[name].content()) for name in ("dependencies", "rollback"))
    dependencies = component.dependencies.model_copy(update={"digest": manifest})
    return candidate.model_copy(
        update={
            "components": (component.model_copy(update={"dependencies": dependencies}),),
            "rollback": candidate.rollback.model_copy(
                update={"plan": candidate.rollback.plan.model_copy(update={"digest": plan})}
            ),
        }
    )


def codes(world: World, revision: int) -> set[str]:
    return {hold.code for hold in open_holds(world, world.record(revision=revision))}


def looked(world: World) -> dict[str, int]:
    world.clock.move(PROBE)
    return {outcome: count for outcome, count in world.tick().items() if count}


@pytest.mark.parametrize("reach", [awaiting_approval, awaiting_window])
def test_other_bytes_in_place_of_the_pinned_ones_are_a_hold(reach: Callable[..., RevisionRecord]) -> None:
    world = World()
    reach(world, pinning(world))
    revise(world, "dependencies", lambda said: said["components"].append({"type": "library", "name": "another"}))
    assert looked(world) == {"superseded": 1}
    assert world.record(revision=2).status == "held"
    assert DIFFERS in codes(world, 2)


def test_so_are_bytes_that_say_the_same() -> None:
    world = World()
    awaiting_window(world, pinning(world))
    rewrite(world, "rollback", world.records["rollback"].payload + b"\n")
    assert looked(world) == {"superseded": 1}
    assert DIFFERS in codes(world, 2)


def drilled(world: World) -> EvidenceAnswer:
    revise(world, "rollback", lambda said: said["steps"][0].update(drilled_at="2026-03-01T09:00:00Z"))
    return corrected(world, "rollback")


def test_a_signed_resolution_may_name_what_takes_the_place_of_the_pinned_bytes() -> None:
    world = World()
    assert announced(world, pinning(world, waived=False)).status == "held"
    event = resolve(world, hold_of(world, DRILL), drilled(world))
    assert result(world, event) == "HOLDS_RESOLVED"
    after = world.record(revision=2)
    assert after.status == "awaiting_approval", open_holds(world, after)
    assert looked(world) == {"looked": 1}, "and that is the version that the source has"


def test_a_signed_resolution_may_name_the_very_version_that_differs_from_the_pin() -> None:
    world = World()
    awaiting_window(world, pinning(world))
    rewrite(world, "dependencies", world.records["dependencies"].payload + b"\n")
    looked(world)
    second = world.record(revision=2)
    assert len(open_holds(world, second)) > 1, "the digest, and the gaps that it left"
    events = [resolve(world, hold, corrected(world, "dependencies"), second) for hold in open_holds(world, second)]
    assert result(world, events[-1]) == "HOLDS_RESOLVED"
    after = world.record(revision=3)
    assert after.status == "awaiting_approval", open_holds(world, after)
    assert looked(world) == {"looked": 1}


def test_what_changes_after_the_resolution_nobody_signed() -> None:
    world = World()
    announced(world, pinning(world, waived=False))
    resolve(world, hold_of(world, DRILL), drilled(world))
    revise(world, "rollback", lambda said: {**said, "steps": said["steps"] * 2})
    assert looked(world) == {"superseded": 1}
    assert world.record(revision=3).status == "held"
    assert DIFFERS in codes(world, 3)
