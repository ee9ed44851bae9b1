"""Receipts: what the consumer says proves that the message arrived; what it thinks of it is written down."""

import json
from typing import Any

import pytest

from cutover.domain.record import Status
from cutover.doors.receipts.receiving import KIND, Receiving
from cutover.doors.signed_events import SignedEvents
from cutover.errors import AmbiguousCompletion, DependencyUnavailable
from tests.fakes.faults import When
from tests.simulator.events import Sent, deliver, receipt, signed, told
from tests.simulator.failing import failing
from tests.simulator.journeys import AFTER_OPENING, assert_consistent, awaiting_window, handed_off, repair
from tests.simulator.world import World
from tests.workflow.test_withdrawal import handing_off, uncertain

CUTOVER = "service@production.1"
OUTCOMES = {"accepted": "RECEIPT_ACCEPTED", "rejected": "RECEIPT_REJECTED", "corrected": "RECEIPT_CORRECTED"}


def send(world: World, **changes: Any) -> Sent:
    """The consumer's receipt for the message of the first revision."""
    event = signed(world, receipt(world, world.record().handoff_id or "", **changes))
    deliver(world, event)
    return event


def entry_of(world: World, event: Sent) -> tuple[str, str, str, str | None]:
    """The one entry that a receipt led to."""
    (entry,) = told(world, event, CUTOVER)
    assert entry.actor.role == "receipts"
    return entry.chain, entry.event, entry.result, entry.detail


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("journey", [handing_off, uncertain], ids=["handing_off", "uncertain"])
def test_a_receipt_tells_that_it_arrived(journey: Any, outcome: str) -> None:
    world = World()
    before = journey(world)
    event = send(world, outcome=outcome, cause="version-drift", detail="Running 1.4 already.")
    assert entry_of(world, event) == (
        CUTOVER, "handed-off", OUTCOMES[outcome], "version-drift: Running 1.4 already."
    )  # fmt: skip
    (entry,) = told(world, event, CUTOVER)
    assert (entry.transition, entry.from_, entry.to) == (20, before.status.value, "handed_off")
    assert entry.actor.requester == "receipt of shop"
    assert entry.inputs["handoff"] == before.handoff_id
    world.run()
    repair(world, 30)
    assert world.record().status is Status.HANDED_OFF
    assert world.wiring.deployment.sends == 1, "nothing is sent again"
    assert world.wiring.records.slot(world.deployment.queue_arn, before.window) is not None, "the slot stays taken"
    assert_consistent(world)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_after_an_acknowledged_hand_off_it_is_written_down(outcome: str) -> None:
    world = World()
    before = handed_off(world)
    event = send(world, outcome=outcome, cause="hidden-hold" if outcome != "accepted" else None)
    detail = "hidden-hold" if outcome != "accepted" else None
    assert entry_of(world, event) == (CUTOVER, "receipt", OUTCOMES[outcome], detail)
    assert world.record() == before


def test_each_receipt_is_written_down_once() -> None:
    """A consumer may first accept and then correct: both stand, each once."""
    world = World()
    handed_off(world)
    first, second = send(world), send(world, outcome="corrected", cause="other")
    before = world.ledger()
    world.wiring.idempotency.clear()
    for event in (first, second, first):
        assert deliver(world, event) == {"batchItemFailures": []}
    assert world.ledger() == before
    assert [entry_of(world, each)[2] for each in (first, second)] == ["RECEIPT_ACCEPTED", "RECEIPT_CORRECTED"]


@pytest.mark.parametrize("journey", [handing_off, uncertain], ids=["handing_off", "uncertain"])
def test_the_same_receipt_twice_moves_it_once(journey: Any) -> None:
    world = World()
    journey(world)
    event = send(world)
    before = world.record(), world.ledger()
    world.wiring.idempotency.clear()
    deliver(world, event)
    assert (world.record(), world.ledger()) == before


def test_a_receipt_for_nothing_is_kept_and_noted() -> None:
    world = World()
    awaiting_window(world)
    event = signed(world, receipt(world, "sha256:" + "7" * 64))
    deliver(world, event)
    assert entry_of(world, event)[:3] == ("orders", "receipt-refused", "UNKNOWN_HANDOFF")
    assert world.wiring.store.get(event.envelope, limit=2**16)
    assert world.record().status is Status.AWAITING_WINDOW


def test_a_receipt_for_nothing_rings(capsys: pytest.CaptureFixture[str]) -> None:
    """The alarm watches this metric, by this dimension. What is known rings nothing."""
    world = World()
    handed_off(world)
    capsys.readouterr()
    send(world)
    deliver(world, signed(world, receipt(world, "sha256:" + "7" * 64)))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    counted = [line for line in lines if "UnknownHandoff" in line]
    assert [(line["function"], line["UnknownHandoff"]) for line in counted] == [("receipts", [1.0])]
    assert "UnknownHandoff" in {each["Name"] for each in counted[0]["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


def test_it_counts_when_the_lane_has_gone_on() -> None:
    """The hand-off stayed uncertain, and the next release is on its way."""
    world = World()
    uncertain(world)
    world.announce(world.candidate(sequence=9), event_id="e-2")
    world.run()
    following = world.record("service@production.2")
    lane = world.wiring.records.lane(following.product, following.target)
    event = send(world)
    assert entry_of(world, event)[1:3] == ("handed-off", "RECEIPT_ACCEPTED")
    assert world.record().status is Status.HANDED_OFF
    assert world.wiring.records.lane(following.product, following.target) == lane
    assert world.record("service@production.2") == following


def test_a_consumer_that_is_quicker_than_the_acknowledgement() -> None:
    """It has the message, and answers, before HandOff reads that its send was taken."""
    world = World()
    awaiting_window(world)
    wiring, sent = world.wiring, world.wiring.deployment.send
    recorder = wiring.recorder("receipts")
    door = SignedEvents(
        kind=KIND, audience=wiring.settings.audience, store=wiring.store, journal=recorder, policy=wiring.policy,
        clock=wiring.clock,
    )  # fmt: skip
    results: list[str] = []

    def quick(*args: Any, **kwargs: Any) -> str:
        message = sent(*args, **kwargs)
        event = signed(world, receipt(world, world.record().handoff_id or ""))
        obey = Receiving(recorder=recorder, outbox=wiring.store).obey
        results.append(door.take(event.body, message_id="m-1", obey=obey)["result"])
        return message

    wiring.deployment.send = quick  # type: ignore[method-assign]
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert results == ["RECEIPT_ACCEPTED"]
    assert world.record().status is Status.HANDED_OFF
    assert [entry.actor.role for entry in world.ledger() if entry.transition == 20] == ["receipts"]
    assert world.execution().visited[-1] == "HandedOff"
    assert_consistent(world)


@pytest.mark.parametrize("products", [(), ("service",), ("another",)])
def test_a_consumer_s_key_speaks_for_its_products(products: tuple[str, ...]) -> None:
    world = World()
    uncertain(world)
    keys = tuple(
        key.model_copy(update={"products": products}) if key.purpose == "receipt" else key
        for key in world.deployment.trusted_keys()
    )
    world.publish(facts=world.deployment.facts().model_copy(update={"keys": keys, "version": 2}), version=2)
    event = send(world)
    if products == ("another",):
        assert entry_of(world, event)[:3] == ("orders", "receipt-refused", "OUT_OF_SCOPE")
        assert world.record().status is Status.UNCERTAIN
    else:
        assert world.record().status is Status.HANDED_OFF


def test_a_record_of_another_hand_off_is_not_moved() -> None:
    """Whoever can write the table names another id: the receipt is about the message that stands."""
    world = World()
    record = uncertain(world)
    event = signed(world, receipt(world, record.handoff_id or ""))
    world.wiring.records._set(record.model_copy(update={"handoff_id": "sha256:" + "1" * 64}))
    deliver(world, event)
    assert world.record().status is Status.UNCERTAIN
    assert entry_of(world, event)[1] == "receipt"


@pytest.mark.parametrize("call", ["store.put", "store.has_handoff", "store.get_handoff", "records.commit"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("error", [DependencyUnavailable, AmbiguousCompletion])
def test_a_failing_service_loses_no_receipt(call: str, moment: When, error: type[Exception]) -> None:
    world = World()
    uncertain(world)
    event = signed(world, receipt(world, world.record().handoff_id or ""))
    with failing(world, call, moment, error):
        assert deliver(world, event) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert deliver(world, event) == {"batchItemFailures": []}
    assert entry_of(world, event)[1:3] == ("handed-off", "RECEIPT_ACCEPTED")
