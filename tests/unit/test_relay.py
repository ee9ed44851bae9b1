"""Relay: what a stream record is about, and that nothing is woken that has nothing to do."""

from datetime import timedelta
from typing import Any

import pytest

from cutover.domain import waits
from cutover.domain.record import Status, Token
from cutover.doors.relay.relaying import Concern, Relay, concerns, execution_name
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


WAITING = [
    ("AwaitResolution", Status.HELD, False),
    ("AwaitResolution", Status.EXPIRED, True),
    ("AwaitApproval", Status.AWAITING_APPROVAL, False),
    ("AwaitApproval", Status.APPROVED, True),
    ("AwaitApproval", Status.DECLINED, True),
    ("AwaitWindow", Status.APPROVED, False),
    ("AwaitWindow", Status.EXPIRED, True),
    ("AwaitWindow", Status.HANDED_OFF, True),
    ("AwaitWindow", Status.AWAITING_APPROVAL, True),
]


@pytest.mark.parametrize(("state", "status", "over"), WAITING)
def test_when_a_wait_is_over(state: str, status: Status, over: bool) -> None:
    record = awaiting_window(World()).model_copy(update={"status": status})
    assert waits.over(state, record, RECEIVED_AT) is over


def test_the_window_s_wait_is_over_when_it_opens() -> None:
    record = awaiting_window(World())
    assert record.wake_at == OPENS_AT + timedelta(seconds=5)
    assert not waits.over("AwaitWindow", record, record.wake_at - timedelta(seconds=1))
    assert waits.over("AwaitWindow", record, record.wake_at)
