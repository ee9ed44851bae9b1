"""At least once everywhere: the same event again, two at once, and the next release of the same product."""

import threading
from datetime import timedelta
from typing import Any

from cutover.domain.record import Admission
from cutover.ports import Commit
from tests.building.policy import CLOSES_AT
from tests.simulator.journeys import (
    AFTER_OPENING,
    announced,
    assert_consistent,
    awaiting_approval,
    awaiting_window,
    handed_off,
    repair,
)
from tests.simulator.owners import with_facts
from tests.simulator.world import World


def test_the_same_event_twice_is_one_revision() -> None:
    world = World()
    candidate = world.candidate()
    first = world.announce(candidate)
    world.run()
    for event_id in ("e-1", "e-2"):
        world.wiring.idempotency.clear()
        assert world.announce(candidate, event_id=event_id) == first
        world.run()
    assert len(world.admissions()) == 1
    assert len(world.machine.executions) == 1
    assert [entry.transition for entry in world.ledger()].count(3) == 1


def test_the_same_event_before_anything_else_happened() -> None:
    world = World()
    candidate = world.candidate()
    for _ in range(3):
        world.wiring.idempotency.clear()
        world.announce(candidate)
    world.run()
    assert len(world.machine.executions) == 1
    assert world.record().status == "awaiting_approval"


def test_the_same_event_twice_at_once() -> None:
    """Both have read that it is new; one announcement is written, and both answer with it."""
    world = World()
    candidate = world.candidate()
    real, inside = world.wiring.records.commit, threading.Event()

    def write(commit: Commit) -> None:
        if not inside.is_set():
            inside.set()
            world.wiring.idempotency.clear()
            world.announce(candidate)
        real(commit)

    world.wiring.records.commit = write  # type: ignore[method-assign]
    world.announce(candidate)
    world.run()
    assert inside.is_set()
    assert len(world.admissions()) == 1
    assert len(world.machine.executions) == 1
    assert world.record().status == "awaiting_approval"


def test_two_candidates_of_a_product_admitted_at_once() -> None:
    """The lane is part of the transaction: the second one decides again on what is there, and is refused."""
    world = World()
    first, second = world.announce(), world.announce(world.candidate(sequence=2))
    real, raced = world.wiring.records.commit, [False]

    def write(commit: Commit) -> None:
        if commit.lane is not None and not raced[0]:
            raced[0] = True
            world.invoke_stage("Admit", {"admission": second, "attempt": 1})
        real(commit)

    world.wiring.records.commit = write  # type: ignore[method-assign]
    world.run()
    statuses = {digest: world.admission(digest) for digest in (first, second)}
    assert statuses[second].status == "collecting"
    assert (statuses[first].status, statuses[first].reason) == ("refused", "NOT_NEWER")
    assert world.wiring.records.lane("service", world.deployment.target) is not None
    assert_consistent(world)


def test_the_same_token_twice_wakes_once() -> None:
    world = World()
    awaiting_approval(world)
    token = world.execution().token
    assert token is not None
    world.decide("erin")
    world.decide("omar")
    world.run()
    visited = list(world.execution().visited)
    assert not world.machine.succeed(token)
    world.run()
    assert world.execution().visited == visited


def test_a_stolen_wake_up_changes_nothing() -> None:
    """Somebody answers the token of a release that nobody approved: the execution reads the record, and waits."""
    world = World()
    awaiting_approval(world)
    assert world.machine.succeed(world.execution().token or "")
    world.run()
    assert world.record().status == "awaiting_approval"
    assert world.execution().visited[-5:] == [
        "ReadApproval", "WasApproved", "RequestApproval", "WasRequested", "AwaitApproval",
    ]  # fmt: skip
    world.decide("erin")
    world.decide("omar")
    world.run()
    assert world.machine.succeed(world.execution().token or "")
    world.run()
    assert world.messages() == [], "woken before the window, HandOff looks at the clock itself"
    entries = len(world.ledger())
    repair(world, 10)
    assert len(world.ledger()) == entries, "it looks again when the window opens, not every few minutes until then"
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert len(world.messages()) == 1


def test_the_decision_before_the_wait() -> None:
    """Both decide before the execution has stored its token: the wait's own token comes through the relay."""
    world = World()
    world.announce()
    while not world.links():
        world.step()
    assert world.record().status in {"bound", "awaiting_approval"}
    while world.record().status != "awaiting_approval":
        world.step()
    world.decide("erin")
    world.decide("omar")
    world.run()
    assert world.record().status == "awaiting_window"


def test_the_next_release_of_a_product_has_the_next_number() -> None:
    world = World()
    first = handed_off(world)
    world.clock.move_to(CLOSES_AT)

    def next_week(said: dict[str, Any]) -> None:
        window = said["calendars"]["production"]["windows"][0]
        later = {"id": "next-tuesday", "opens_at": "2026-03-04T20:00:00Z", "closes_at": "2026-03-04T22:00:00Z"}
        said["calendars"]["production"]["windows"].append({**window, **later})

    with_facts(world, next_week)
    second = awaiting_window(world, world.candidate(sequence=2, version="1.5.0", window="next-tuesday"))
    assert (first.cutover, second.cutover) == ("service@production.1", "service@production.2")
    assert second.decisions != first.decisions
    world.clock.move_to(AFTER_OPENING + timedelta(days=1))
    world.tick()
    ended = world.record(second.cutover)
    assert ended.status == "handed_off"
    assert ended.handoff_id != first.handoff_id
    assert len(world.messages()) == 2
    assert world.record(first.cutover).status == "handed_off"
    assert_consistent(world, first.cutover)
    assert_consistent(world, second.cutover)


def test_products_go_their_ways_side_by_side() -> None:
    world = World()

    def second_window(said: dict[str, Any]) -> None:
        windows = said["calendars"]["production"]["windows"]
        later = {"id": "wednesday", "opens_at": "2026-03-04T20:00:00Z", "closes_at": "2026-03-04T22:00:00Z"}
        windows.append({**windows[0], **later})

    with_facts(world, second_window)
    one = announced(world)
    other = announced(world, world.candidate(product="other", window="wednesday"))
    assert (one.status, other.status) == ("awaiting_approval", "awaiting_approval")
    assert len({execution.name for execution in world.machine.executions.values()}) == 2
    admissions: list[Admission] = world.admissions()
    assert {admission.cutover for admission in admissions} == {one.cutover, other.cutover}
