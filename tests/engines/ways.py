"""The moments from which races start. Each way is gone once a process."""

import functools
from datetime import timedelta
from typing import Any

from cutover.contracts.holds import Hold
from cutover.contracts.manifest import RequiredSigner
from cutover.contracts.policy import Team
from tests.engines.scenes import Scene
from tests.simulator import journeys
from tests.simulator.events import brake_order, engage, plan, receipt, signed, withdrawal
from tests.simulator.interpreter import resolved
from tests.simulator.journeys import AFTER_OPENING
from tests.simulator.resolving import Answer, corrected, hold_of, resolution, waived
from tests.simulator.world import DEFINITION, World

CUTOVER = "service@production.1"
PRODUCTS = ("service", "worker")


@functools.cache
def awaiting_approval() -> Scene:
    world = World()
    journeys.awaiting_approval(world)
    return Scene.of(world)


@functools.cache
def approved() -> Scene:
    """By both roles, a moment ago."""
    world = World()
    journeys.awaiting_approval(world)
    for person in ("erin", "omar"):
        world.decide(person)
    assert world.record().status == "approved"
    return Scene.of(world)


@functools.cache
def in_the_window(*sequences: int) -> Scene:
    """Waiting for the window, which is open; and so many newer candidates are announced."""
    world = World()
    journeys.awaiting_window(world)
    world.clock.move_to(AFTER_OPENING)
    return Scene.of(world, {"admissions": _announced(world, sequences)})


@functools.cache
def lease_over() -> Scene:
    """Handing off: the first attempt's answer was lost, and its lease is over."""
    world = World()
    journeys.awaiting_window(world)
    world.wiring.deployment.lose_answers()
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status == "handing_off"
    world.clock.move(timedelta(seconds=world.rules().lease))
    return Scene.of(world)


@functools.cache
def announced(*sequences: int) -> Scene:
    """So many candidates of one product, announced and not decided on. ``given["admissions"]``: their digests."""
    world = World()
    return Scene.of(world, {"admissions": _announced(world, sequences)})


def _announced(world: World, sequences: tuple[int, ...]) -> list[str]:
    return [world.announce(world.candidate(sequence=each), event_id=f"e-{each}") for each in sequences]


@functools.cache
def about_to(stage: str, *products: str, newer: tuple[int, ...] = ()) -> Scene:
    """One release a product, each with ``stage`` as its next. ``given``: what that is handed, by cutover; and the
    ``newer`` candidates that are announced by now, as ``admissions``.
    """
    world = World()
    for number, product in enumerate(products or PRODUCTS[:1]):
        world.announce(world.candidate(product=product), event_id=f"e-{number}")
    while world._stream() or world._relay():
        pass
    given: dict[str, Any] = {}
    for execution in world.machine.executions.values():
        while execution.state != stage:
            assert world.machine.step(execution), f"it comes to rest at {execution.state}"
        parameters = DEFINITION["States"][stage]["Parameters"]
        payload = resolved(parameters, execution.document, {"Execution": {"Name": execution.name}})["Payload"]
        given[payload["record"]["cutover"]] = payload
    return Scene.of(world, given | {"admissions": _announced(world, newer)})


@functools.cache
def three_seats() -> Scene:
    """As ``awaiting_approval``, where a third role has to approve too: ``sam`` alone has it."""
    world = World()
    rules, facts = world.rules(), world.deployment.facts()
    seats = (*rules.signers["production"], RequiredSigner(role="security"))
    sam = facts.people["omar"].model_copy(update={"name": "Sam", "email": "sam@example.com", "roles": ("security",)})
    world.publish(
        rules=rules.model_copy(update={"signers": {"production": seats}}),
        facts=facts.model_copy(
            update={"people": facts.people | {"sam": sam}, "teams": facts.teams | {"security": Team(name="Security")}}
        ),
    )
    journeys.awaiting_approval(world)
    return Scene.of(world)


@functools.cache
def half_approved(*sequences: int) -> Scene:
    """Erin has approved; and so many newer candidates are announced. ``given["admissions"]``: their digests."""
    world = World()
    journeys.awaiting_approval(world)
    world.decide("erin")
    world.run()
    return Scene.of(world, {"admissions": _announced(world, sequences)})


@functools.cache
def over() -> Scene:
    """Half approved, and its time is over at this very moment."""
    world = World()
    journeys.awaiting_approval(world)
    world.clock.move_to(world.record().expires_at)
    return Scene.of(world)


# --- with signed events that are about to arrive: ``given["events"]`` -----------------------------------------------


@functools.cache
def withdrawing() -> Scene:
    """In the window, which is open, and somebody withdraws."""
    world = World()
    journeys.awaiting_window(world)
    world.clock.move_to(AFTER_OPENING)
    return Scene.of(world, {"events": [signed(world, withdrawal(world, CUTOVER))]})


@functools.cache
def acknowledging() -> Scene:
    """As ``lease_over``: the first attempt's message has arrived, and its consumer says so."""
    world = World()
    journeys.awaiting_window(world)
    world.wiring.deployment.lose_answers()
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    world.clock.move(timedelta(seconds=world.rules().lease))
    return Scene.of(world, {"events": [signed(world, receipt(world, world.record().handoff_id or ""))]})


@functools.cache
def held(*sequences: int) -> Scene:
    """Held for three reasons, each with an answer, and one of them with another answer of the same time beside it.

    ``given["admissions"]``: so many newer candidates, announced.
    """
    world = World()
    journeys.revise(world, "flags", lambda said: said["flags"][0].pop("owner") and None)
    journeys.revise(world, "rollout", lambda said: said["cohorts"][0].pop("share_percent") and None)
    record = journeys.announced(world, world.candidate(waivers=()))
    drill, flag, cohort = (
        hold_of(world, code) for code in ("ROLLBACK_DRILL_MISSING", "FLAG_OWNER_MISSING", "COHORT_UNSIZED")
    )
    journeys.revise(world, "flags", lambda said: said["flags"][0].update(owner="orders"))
    journeys.revise(world, "rollout", lambda said: said["cohorts"][0].update(share_percent=1))
    answers: list[tuple[Hold, Answer]] = [
        (drill, waived(world, drill)), (flag, corrected(world, "flags")), (cohort, corrected(world, "rollout")),
        (drill, waived(world, drill, reason="Said in other words.")),
    ]  # fmt: skip
    events = [signed(world, resolution(world, hold, answer, record)) for hold, answer in answers]
    return Scene.of(world, {"events": events, "admissions": _announced(world, sequences)})


@functools.cache
def braked() -> Scene:
    """In the window, the brake engaged; its release by the dry run's plan, and another order to engage it."""
    world = World()
    journeys.awaiting_window(world)
    world.clock.move_to(AFTER_OPENING)
    engage(world)
    orders = [
        brake_order(world, "release", plan=plan(world)), brake_order(world, "engage", reason="It is not over."),
    ]  # fmt: skip
    return Scene.of(world, {"events": [signed(world, order) for order in orders]})


@functools.cache
def about_to_brake() -> Scene:
    """In the window, which is open, and somebody engages the brake."""
    world = World()
    journeys.awaiting_window(world)
    world.clock.move_to(AFTER_OPENING)
    return Scene.of(world, {"events": [signed(world, brake_order(world, "engage"))]})
