"""`cutover show --watch`: it waits until a release has ended, and its exit code is what came of it."""

from collections.abc import Callable

import pytest

from cutover.domain.record import Status
from cutover_cli.admissions import NotDecided
from cutover_cli.looking.following import exit_of, follow
from cutover_cli.output import Exit
from cutover_cli.site import Site
from tests.building.policy import EXPIRES_AT
from tests.looking.conftest import CUTOVER
from tests.simulator.command_line import run, site_of
from tests.simulator.events import withdraw
from tests.simulator.journeys import AFTER_OPENING, awaiting_approval
from tests.simulator.resolving import hold_of, resolve, waived
from tests.simulator.world import World
from tests.workflow.test_resolutions import DRILL, held


def watch(world: World, site: Site, *steps: Callable[[], object], stay: bool = False) -> tuple[Status, list[str]]:
    """Follows while one step happens in each pause; how it ended, and what was told."""
    told: list[str] = []
    left = iter(steps)

    def pause() -> None:
        next(left)()
        world.run()

    record = follow(site, world.record(), seconds=600, stay=stay, say=told.append, pause=pause)
    return record.status, told


def test_from_the_question_to_the_hand_off() -> None:
    world = World()
    awaiting_approval(world)
    site, _ = site_of(world)

    def opens() -> None:
        world.clock.move_to(AFTER_OPENING)
        world.tick()

    status, told = watch(world, site, lambda: world.decide("erin"), lambda: world.decide("omar"), opens)
    assert status is Status.HANDED_OFF
    assert [each.partition(" is ")[2].partition(";")[0] for each in told] == [
        "awaiting_approval", "awaiting_approval", "awaiting_window"
    ]  # fmt: skip
    assert run(site, "show", CUTOVER, "--watch")["status"] == "handed_off"


def test_what_supersedes_it_is_followed_unless_one_revision_is_meant() -> None:
    world = held()
    site, _ = site_of(world)

    def answer() -> None:
        resolve(world, hold_of(world, DRILL), waived(world, hold_of(world, DRILL)))

    def end() -> None:
        world.clock.move_to(EXPIRES_AT)
        world.tick()

    status, told = watch(world, site, answer, end)
    assert status is Status.EXPIRED
    assert [f"revision {number} is" in each for number, each in enumerate(told, 1)] == [True, True]
    assert watch(world, site, stay=True)[0] is Status.SUPERSEDED
    assert run(site, "show", CUTOVER, "--revision", "1", "--watch", expect=3)["status"] == "superseded"


def test_it_does_not_wait_for_ever(asking: Site) -> None:
    assert run(asking, "show", CUTOVER, "--watch", "--timeout", "0", expect=4)["reason"] == "NOT_ANSWERED"
    with pytest.raises(NotDecided):
        follow(asking, asking.records.revision(CUTOVER, 1), seconds=0, stay=False, say=str, pause=pytest.fail)  # type: ignore[arg-type]


def test_how_it_ended_is_the_exit_code() -> None:
    world = World()
    record = awaiting_approval(world)
    withdraw(world, CUTOVER)
    world.run()
    assert run(site_of(world)[0], "show", CUTOVER, "--watch", expect=3)["status"] == "withdrawn"
    codes = {status: exit_of(record.model_copy(update={"status": status})) for status in Status}
    assert codes[Status.HANDED_OFF] is codes[Status.REHEARSED] is Exit.DONE
    assert codes[Status.UNCERTAIN] is Exit.PARTLY
    assert codes[Status.DECLINED] is codes[Status.EXPIRED] is Exit.REFUSED
