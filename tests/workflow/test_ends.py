"""How a revision ends without a hand-off: declined, expired, or after its execution failed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from cutover.domain import ledger
from cutover.errors import DependencyUnavailable
from tests.building.policy import CLOSES_AT, EXPIRES_AT, OPENS_AT
from tests.simulator.journeys import (
    AFTER_OPENING,
    announced,
    assert_consistent,
    awaiting_approval,
    awaiting_window,
    repair,
    revise,
)
from tests.simulator.world import World, fill


def assert_ended(world: World, status: str, reason: str, state: str) -> None:
    record = world.record()
    assert (record.status, record.reason) == (status, reason)
    assert world.wiring.store.has_tombstone(record.cutover, record.revision)
    assert world.wiring.records.slot(world.deployment.queue_arn, record.window) is None
    lane = world.wiring.records.lane(record.product, record.target)
    assert lane is not None
    assert lane.ended == status
    assert (world.execution().status, world.execution().visited[-1]) == ("SUCCEEDED", state)
    assert world.messages() == []
    assert_consistent(world)


# --- declined --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [(), ("erin",)], ids=["first word", "after an approval"])
def test_one_refusal_declines(before: tuple[str, ...]) -> None:
    world = World()
    awaiting_approval(world)
    for person in before:
        world.decide(person)
    assert world.decide("omar", "refuse")["statusCode"] == 303
    world.run()
    assert_ended(world, "declined", "APPROVER_REFUSED", "Declined")
    entry = world.ledger()[-1]
    assert (entry.transition, entry.actor.role, entry.actor.requester) == (15, "approvals", "omar")


def test_a_refusal_while_the_window_is_awaited() -> None:
    world = World()
    awaiting_window(world)
    world.decide("bo", "refuse")
    world.run()
    assert_ended(world, "declined", "APPROVER_REFUSED", "Declined")


def test_who_comes_after_the_end_decides_nothing() -> None:
    world = World()
    awaiting_approval(world)
    link = world.links()["erin"]
    filled = urlencode(fill(world.http("GET", link)["body"], "approve"))
    world.decide("omar", "refuse")
    world.run()
    entries = len(world.ledger())
    assert world.http("POST", link, filled)["statusCode"] >= 400
    assert "<form" not in world.http("GET", link)["body"]
    assert [entry.transition for entry in world.ledger()[entries:]] in ([], [None]), "recorded, and nothing changed"
    assert world.record().status == "declined"


# --- expired ------------------------------------------------------------------------------------------------


def test_expired_while_approval_is_awaited() -> None:
    world = World()
    awaiting_approval(world)
    world.decide("erin")
    world.clock.move_to(CLOSES_AT - timedelta(seconds=1))
    world.tick()
    assert world.record().status == "awaiting_approval"
    world.clock.move_to(CLOSES_AT)
    world.tick()
    assert_ended(world, "expired", "APPROVAL_EXPIRED", "Expired")


def test_expired_while_the_window_is_awaited() -> None:
    """Nobody looked in the whole window; at its end it is over, and nothing is sent."""
    world = World()
    awaiting_window(world)
    world.clock.move_to(CLOSES_AT)
    world.tick()
    assert_ended(world, "expired", "WINDOW_CLOSED", "Expired")


def test_the_wait_s_own_timeout_asks_the_record() -> None:
    """A token that timed out is answered from the record, which still waits: so the execution waits again."""
    world = World()
    calendar = world.deployment.facts().calendars["production"]
    late = calendar.windows[0].model_copy(
        update={"opens_at": OPENS_AT + timedelta(days=20), "closes_at": CLOSES_AT + timedelta(days=20)}
    )
    world.publish(
        rules=world.rules().model_copy(update={"evidence_max_age": 60 * 86_400}),
        facts=world.deployment.facts().model_copy(
            update={"calendars": {"production": calendar.model_copy(update={"windows": (late,)})}}
        ),
        version=2,
    )
    revise(world, "rollback", lambda said: said["steps"][0].update(drilled_at="2026-03-01T00:00:00Z"))
    candidate = world.candidate(expires_at=EXPIRES_AT + timedelta(days=60), waivers=())
    record = awaiting_approval(world, candidate)
    first, asked = world.execution().token, len(world.wiring.mailer.sent)
    world.clock.move(timedelta(seconds=1_209_600))
    world.run()
    assert (world.execution().status, world.execution().visited[-1]) == ("SLEEPING", "PauseApproval")
    world.clock.move(timedelta(minutes=1))
    world.run()
    assert world.record(record.cutover).status == "awaiting_approval"
    assert world.execution().status == "WAITING"
    assert world.execution().token != first
    assert world.execution().visited[-6:] == [
        "PauseApproval", "ReadApproval", "WasApproved", "RequestApproval", "WasRequested", "AwaitApproval",
    ]  # fmt: skip
    assert len(world.wiring.mailer.sent) == asked, "on the way it is looked whether anybody has to be asked again"


def test_a_wait_that_cannot_store_its_token_is_tried_once_a_minute() -> None:
    world = World()
    stored = 0

    def unreachable(name: str, _payload: object) -> None:
        nonlocal stored
        if name == "AwaitToken":
            stored += 1
            raise DependencyUnavailable("the tokens table")

    world.before_invoke = unreachable
    world.announce()
    world.run()
    for minute in range(1, 4):
        assert (stored, world.execution().status) == (minute, "SLEEPING")
        world.clock.move(timedelta(minutes=1))
        world.run()
    world.before_invoke = lambda _name, _payload: None
    world.clock.move(timedelta(minutes=1))
    world.run()
    assert world.execution().status == "WAITING"
    assert world.record().status == "awaiting_approval"


# --- failed executions ----------------------------------------------------------------------------------------


def failing(stage: str, error: Callable[[], Exception] = lambda: DependencyUnavailable("again")) -> Callable[..., None]:
    def before(name: str, _payload: Any) -> None:
        if name == stage:
            raise error()

    return before


FAILURES = {
    "Assemble": ("collecting", "CANDIDATE_EXPIRED"),
    "Bind": ("verifying", "CANDIDATE_EXPIRED"),
    "RequestApproval": ("bound", "CANDIDATE_EXPIRED"),
    "HandOff": ("awaiting_window", "WINDOW_CLOSED"),
}


@pytest.mark.parametrize("stage", FAILURES)
@pytest.mark.parametrize("error", [lambda: DependencyUnavailable("again"), ZeroDivisionError], ids=["known", "bug"])
def test_a_failing_stage_is_a_ledger_entry_and_the_clock_ends_the_revision(
    stage: str, error: Callable[[], Exception]
) -> None:
    world = World()
    if stage == "HandOff":
        awaiting_window(world)
        world.clock.move_to(AFTER_OPENING)
    world.before_invoke = failing(stage, error)
    if stage == "HandOff":
        world.tick()
    else:
        announced(world)
    status, reason = FAILURES[stage]
    record = world.record()
    assert record.status == status
    assert (world.execution().status, world.execution().visited[-2:]) == ("FAILED", ["RecordFailure", "Failed"])
    entry = world.ledger()[-1]
    assert (entry.event, entry.result, entry.to, entry.actor.role) == (
        "execution-failed", "EXECUTION_FAILED", None, "record-failure",
    )  # fmt: skip
    assert entry.detail is not None
    assert entry.detail.startswith(type(error()).__name__)
    assert_consistent(world)
    world.clock.move_to(record.expires_at)
    repair(world, 1)
    after = world.record()
    assert (after.status, after.reason) == ("expired", reason)
    assert world.wiring.store.has_tombstone(record.cutover, 1)
    assert world.messages() == []


def test_a_failing_admission_is_an_entry_of_the_admissions_chain() -> None:
    world = World()
    world.before_invoke = failing("Admit")
    digest = world.announce()
    world.run()
    assert world.admission(digest).status == "admitting"
    assert world.execution().visited[-2:] == ["RecordFailure", "Failed"]
    entry = world.ledger(ledger.admissions_chain(digest))[-1]
    assert (entry.event, entry.inputs) == ("execution-failed", {"envelope": digest})


def test_even_a_failing_record_of_the_failure_ends_in_a_named_state() -> None:
    world = World()

    def before(name: str, _payload: Any) -> None:
        if name in {"Bind", "RecordFailure"}:
            raise DependencyUnavailable(name)

    world.before_invoke = before
    announced(world)
    assert (world.execution().status, world.execution().visited[-1]) == ("FAILED", "Failed")


def test_a_stage_that_answers_at_its_last_try_has_not_failed() -> None:
    world = World()
    left = {"Admit": 5, "Assemble": 5, "Bind": 5, "RequestApproval": 5, "ReadRecord": 5, "HandOff": 5}

    def before(name: str, _payload: Any) -> None:
        if left.get(name):
            left[name] -= 1
            raise DependencyUnavailable(name)

    world.before_invoke = before
    awaiting_window(world)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status == "handed_off"
    assert set(left.values()) == {0}
    assert len(world.messages()) == 1
