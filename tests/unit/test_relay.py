"""Relay: what a stream record is about, and that nothing is woken that has nothing to do."""

import json
from datetime import timedelta
from typing import Any

import pytest

from cutover.domain import waits
from cutover.domain.record import Signal, Status, Token
from cutover.domain.schedule import PATIENCE
from cutover.doors.relay.relaying import Concern, Relay, concerns, execution_name, revision_execution_name
from cutover.errors import DependencyUnavailable
from tests.building.policy import OPENS_AT, RECEIVED_AT
from tests.fakes.streams import stream_event
from tests.simulator.journeys import awaiting_approval, awaiting_window
from tests.simulator.world import World


def relay(world: World) -> Relay:
    wiring = world.wiring
    return Relay(records=wiring.records, tokens=wiring.tokens, workflow=wiring.workflow, clock=wiring.clock)


def changed(pk: str, sk: str) -> dict[str, Any]:
    return {"eventName": "MODIFY", "dynamodb": {"Keys": {"pk": {"S": pk}, "sk": {"S": sk}}}}


CUTOVER = "service@production.1"


@pytest.mark.parametrize(
    ("record", "found"),
    [
        (changed("ADMISSION#sha256:0", "ADMISSION"), (Concern(admission="sha256:0"),)),
        (changed("ADMISSION#sha256:0", "ODD"), ()),
        (changed(f"CUTOVER#{CUTOVER}", "REVISION#000001"), (Concern(cutover=CUTOVER, revision=1),)),
        (changed(f"CUTOVER#{CUTOVER}", "REVISION#1"), ()),
        (changed(f"CUTOVER#{CUTOVER}#1", "TOKEN"), (Concern(cutover=CUTOVER, revision=1),)),
        (changed("CHAIN#admissions.0", "LEDGER#1"), ()),
        ({**changed("ADMISSION#x", "ADMISSION"), "eventName": "REMOVE"}, ()),
    ],
    ids=["announced", "odd admission", "revision", "odd revision", "token", "ledger", "removed"],
)
def test_what_a_record_is_about(record: dict[str, Any], found: tuple[Concern, ...]) -> None:
    assert concerns([record, record]) == found


def test_the_real_items_are_understood() -> None:
    """The keys that the adapter writes are the keys that the relay reads."""
    world = World()
    record = awaiting_approval(world)
    token = Token(cutover=CUTOVER, revision=1, state="AwaitApproval", value="t", stored_at=RECEIVED_AT)
    event = stream_event([world.admission(record.admission), record, token])
    assert concerns(event["Records"]) == (Concern(admission=record.admission), Concern(cutover=CUTOVER, revision=1))


def test_an_execution_is_named_after_its_admission() -> None:
    world = World()
    first, second = (world.admission(world.announce(world.candidate(sequence=n))) for n in (1, 2))
    assert execution_name(first) != execution_name(second)
    assert len(execution_name(first)) <= 80


def test_without_a_token_nobody_is_woken_and_the_signal_stays() -> None:
    world = World()
    record = awaiting_approval(world)
    token = world.wiring.tokens.newest(record.cutover, 1)
    assert token is not None
    world.wiring.tokens.delete(token)
    world.wiring.records._set(record.model_copy(update={"status": Status.APPROVED, "signal": "wake"}))
    assert relay(world).settle(Concern(cutover=record.cutover, revision=1)) == "skipped"
    assert world.record().signal == "wake"


def test_a_wait_that_is_not_over_is_left() -> None:
    world = World()
    record = awaiting_approval(world)
    assert relay(world).settle(Concern(cutover=record.cutover, revision=1)) == "skipped"
    assert world.wiring.tokens.newest(record.cutover, 1) is not None


def test_a_parked_concern_does_not_hold_up_those_behind_it() -> None:
    world = World()
    first, second = world.announce(), world.announce(world.candidate(product="other"))
    world.wiring.records.changes.clear()
    real = world.wiring.workflow.start

    def start(name: str, document: dict[str, object]) -> None:
        if document["admission"] == first:
            raise DependencyUnavailable("throttled")
        real(name, document)

    world.wiring.workflow.start = start  # type: ignore[method-assign]
    answer = world.invoke("doors.relay", stream_event([world.admission(first), world.admission(second)]))
    assert answer == {"parked": 1, "started": 1}
    assert world.admission(first).signal == "start"
    assert world.admission(second).signal is None


def token_of(world: World) -> Token:
    token = world.wiring.tokens.newest(CUTOVER, 1)
    assert token is not None
    return token


def settle(world: World) -> str:
    return relay(world).settle(Concern(cutover=CUTOVER, revision=1))


def test_what_nobody_announced_is_started_from_its_record_and_once() -> None:
    """A revision that another one opened, or that is adopted: its number of execution is part of the name."""
    world = World()
    record = awaiting_approval(world)
    world.wiring.records._set(record.model_copy(update={"signal": Signal.START, "execution": 2}))
    assert settle(world) == "started"
    (name,) = [name for name in world.wiring.workflow.executions if name.startswith("revision-")]
    assert (name, len(name)) == (revision_execution_name(world.record()), len("revision-") + 40 + 2)
    assert json.loads(world.wiring.workflow.executions[name]) == {
        "begin": "resume",
        "record": {"cutover": CUTOVER, "revision": 1, "execution": 2, "status": "awaiting_approval"},
    }
    assert world.record().signal is None
    assert settle(world) == "skipped"


def test_each_execution_of_each_revision_has_a_name_of_its_own() -> None:
    record = awaiting_approval(World())
    named = [
        revision_execution_name(record.model_copy(update=changes))
        for changes in ({}, {"execution": 2}, {"revision": 2}, {"cutover": "service@production.2"})
    ]
    assert len(set(named)) == 4
    assert all(len(name) <= 80 for name in named)


def test_where_nobody_waits_any_more_the_clock_is_asked_for_another_execution() -> None:
    world = World()
    record = awaiting_approval(world)
    world.wiring.workflow.time_out(token_of(world).value)
    world.wiring.records._set(record.model_copy(update={"status": Status.APPROVED, "signal": Signal.WAKE}))
    assert settle(world) == "orphaned"
    assert (world.record().signal, world.record().due_at) == (Signal.ADOPT, world.clock.now())
    assert world.wiring.tokens.newest(CUTOVER, 1) is None
    assert settle(world) == "skipped"


def test_an_end_that_nobody_waits_for_is_told_to_nobody() -> None:
    world = World()
    record = awaiting_approval(world)
    world.wiring.workflow.time_out(token_of(world).value)
    world.wiring.records._set(record.model_copy(update={"status": Status.DECLINED, "signal": Signal.WAKE}))
    assert settle(world) == "woken"
    assert world.record().signal is None


def test_an_end_without_a_token_needs_no_signal_once_its_execution_had_its_time() -> None:
    world = World()
    record = awaiting_approval(world)
    world.wiring.tokens.delete(token_of(world))
    world.wiring.records._set(record.model_copy(update={"status": Status.EXPIRED, "signal": Signal.WAKE}))
    assert settle(world) == "skipped"
    assert world.record().signal is Signal.WAKE
    world.clock.move_to(record.moved_at + PATIENCE)
    assert settle(world) == "skipped"
    assert world.record().signal is None


def test_whoever_waits_for_an_older_execution_is_woken_to_find_itself_fenced() -> None:
    world = World()
    record = awaiting_approval(world)
    token = token_of(world)
    world.wiring.records._set(record.model_copy(update={"execution": 2}))
    assert settle(world) == "skipped"
    assert world.wiring.workflow.woken == [token]
    assert world.wiring.tokens.newest(CUTOVER, 1) is None


OVER: dict[str, set[Status]] = {
    "AwaitResolution": set(Status) - {Status.HELD},
    "AwaitApproval": set(Status) - {Status.AWAITING_APPROVAL, Status.DEFERRED},
    "AwaitWindow": set(Status) - {Status.AWAITING_WINDOW},
}
"""Before the window opens, and while nobody has to be asked again."""


@pytest.mark.parametrize("state", waits.STATES)
def test_when_a_wait_is_over(state: str) -> None:
    record = awaiting_window(World())
    found = {
        status for status in Status if waits.over(state, record.model_copy(update={"status": status}), RECEIVED_AT)
    }
    assert found == OVER[state]


def test_a_wait_for_approval_is_over_when_somebody_has_to_be_asked_again() -> None:
    record = awaiting_approval(World()).model_copy(update={"ask": True})
    assert waits.over("AwaitApproval", record, RECEIVED_AT)
    assert not waits.over("AwaitApproval", record.model_copy(update={"ask": False}), RECEIVED_AT)


def test_a_wait_for_a_window_without_its_time_goes_on() -> None:
    record = awaiting_window(World()).model_copy(update={"wake_at": None})
    assert not waits.over("AwaitWindow", record, OPENS_AT)


def test_the_window_s_wait_is_over_when_it_opens() -> None:
    record = awaiting_window(World())
    assert record.wake_at == OPENS_AT + timedelta(seconds=5)
    assert not waits.over("AwaitWindow", record, record.wake_at - timedelta(seconds=1))
    assert waits.over("AwaitWindow", record, record.wake_at)
