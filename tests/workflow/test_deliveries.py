"""Delivery orders: a hand-off's message once more, or a test message; nothing else can be sent by them."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.handoff import HANDOFF_TYPE
from cutover.contracts.policy import Freeze, TrustFile
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.record import RevisionRecord, Status
from cutover.domain.verification import verify_handoff
from cutover.errors import AmbiguousCompletion, DependencyUnavailable
from cutover.recorder import Step
from tests.building.keys import seal_bytes
from tests.building.policy import CLOSES_AT
from tests.fakes.faults import When
from tests.fakes.queues import FORGETS_AFTER
from tests.simulator.events import Sent, deliver, delivery_order, engage, receipt, release, signed, told, withdraw
from tests.simulator.failing import failing
from tests.simulator.journeys import assert_consistent, awaiting_window, handed_off
from tests.simulator.world import World
from tests.workflow.test_withdrawal import handing_off, uncertain

CUTOVER, TARGET = "service@production.1", "production"
UNKNOWN = "sha256:" + "7" * 64


def resend(world: World, handoff_id: str | None = None, **changes: Any) -> Sent:
    """An operator has the first revision's message sent once more."""
    named = handoff_id or world.record().handoff_id
    event = signed(world, delivery_order(world, "resend", handoff_id=named, **changes))
    deliver(world, event)
    return event


def try_out(world: World, target: str = TARGET, **changes: Any) -> Sent:
    event = signed(world, delivery_order(world, "test", target=target, **changes))
    deliver(world, event)
    return event


def came_of(world: World, event: Sent) -> tuple[str, str, str]:
    (entry,) = told(world, event, CUTOVER)
    assert (entry.actor.role, entry.actor.requester) == ("deliveries", "delivery of shop")
    return entry.chain, entry.event, entry.result


def bodies(world: World) -> list[bytes]:
    return [each.body for each in world.wiring.deployment.messages(TARGET)]


def assert_refused(world: World, code: str, event: Sent) -> None:
    assert came_of(world, event) == ("orders", "delivery-refused", code)


@pytest.mark.parametrize("journey", [handed_off, uncertain], ids=["handed_off", "uncertain"])
def test_the_very_message_goes_again(journey: Callable[[World], RevisionRecord]) -> None:
    world = World()
    before = journey(world)
    event = resend(world)
    assert came_of(world, event) == (CUTOVER, "resent", "RESENT")
    first, second = world.wiring.deployment.messages(TARGET)
    assert first.body == second.body, "not a byte is made anew"
    assert (second.group, second.deduplication_id == first.deduplication_id) == (CUTOVER, False)
    (entry,) = told(world, event, CUTOVER)
    assert entry.inputs["handoff"] == before.handoff_id
    assert world.record() == before, "no status changes"
    assert_consistent(world)


def test_an_order_sends_once_however_often_it_comes() -> None:
    world = World()
    handed_off(world)
    event = resend(world)
    world.clock.move(FORGETS_AFTER)
    for _ in range(2):
        assert deliver(world, event) == {"batchItemFailures": []}
    assert len(bodies(world)) == 2
    assert len(told(world, event, CUTOVER)) == 1
    resend(world, reason="Lost again.")
    assert len(bodies(world)) == 3, "another order is another message"


@pytest.mark.parametrize(
    ("journey", "code"), [(awaiting_window, "UNKNOWN_HANDOFF"), (handing_off, "STILL_HANDING_OFF")],
    ids=["before", "during"],
)  # fmt: skip
def test_hand_off_itself_comes_first(journey: Callable[[World], RevisionRecord], code: str) -> None:
    world = World()
    record = journey(world)
    sends = world.wiring.deployment.sends
    assert_refused(world, code, resend(world, record.handoff_id or UNKNOWN))
    assert world.wiring.deployment.sends == sends


def braked(world: World) -> None:
    engage(world)


def taken_back(world: World) -> None:
    withdraw(world, CUTOVER)


def after_its_window(world: World) -> None:
    world.clock.move_to(CLOSES_AT)


def frozen(world: World) -> None:
    """A freeze that nobody knew of at the hand-off."""
    facts = world.deployment.facts()
    calendar = facts.calendars[TARGET]
    now = world.clock.now()
    late = Freeze(id="late", starts_at=now, ends_at=now + timedelta(hours=1), reason="An incident")
    calendars = {TARGET: calendar.model_copy(update={"freezes": (late,)})}
    world.publish(facts=facts.model_copy(update={"calendars": calendars, "version": 2}), version=2)


def approver_gone(world: World) -> None:
    facts = world.deployment.facts()
    people = {name: each for name, each in facts.people.items() if name != "erin"}
    world.publish(facts=facts.model_copy(update={"people": people, "version": 2}), version=2)


def key_revoked(world: World) -> None:
    facts, now = world.deployment.facts(), world.clock.now()
    keys = tuple(
        key.model_copy(update={"revoked_at": now}) if key.purpose == "bind" else key for key in facts.keys
    )  # fmt: skip
    world.publish(facts=facts.model_copy(update={"keys": keys, "version": 2}), version=2)


def other_record(world: World) -> None:
    """Whoever can write the table points the record to another hand-off."""
    world.wiring.records._set(world.record().model_copy(update={"handoff_id": UNKNOWN}))


def other_target(world: World) -> None:
    deployed = world.wiring.destinations[TARGET]
    world.wiring.__dict__["destinations"] = {TARGET: deployed.model_copy(update={"account": "9" * 12})}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (braked, "BRAKE_ENGAGED"), (taken_back, "WITHDRAWN"), (after_its_window, "WINDOW_OVER"),
        (frozen, "WINDOW_FROZEN"), (approver_gone, "QUORUM_LAPSED"), (key_revoked, "KEY_REVOKED"),
        (other_record, "MESSAGE_OF_ANOTHER_REVISION"), (other_target, "QUEUE_NOT_DEPLOYED"),
    ],
)  # fmt: skip
def test_what_would_stop_a_hand_off_stops_a_repetition(spoil: Callable[[World], None], code: str) -> None:
    world = World()
    handed_off(world)
    name = world.record().handoff_id
    spoil(world)
    assert_refused(world, code, resend(world, name))
    assert len(bodies(world)) == 1


def test_a_tombstone_stops_it() -> None:
    """Withdrawn while it was handing off, and then uncertain: nothing more is sent, by nobody."""
    world = World()
    handing_off(world)
    withdraw(world, CUTOVER)
    step_to_uncertain(world)
    sends = world.wiring.deployment.sends
    assert_refused(world, "WITHDRAWN", resend(world))
    assert world.wiring.deployment.sends == sends


def step_to_uncertain(world: World) -> None:
    step = Step("uncertain", "clock", {"reason": "SEND_UNCERTAIN"}, result="SEND_UNCERTAIN")
    world.wiring.recorder("clock").advance(CUTOVER, 1, lambda _: step)


@pytest.mark.parametrize("outcome", ["accepted", "rejected", "corrected"])
@pytest.mark.parametrize("journey", [handed_off, uncertain], ids=["handed_off", "uncertain"])
def test_what_was_answered_was_not_lost(journey: Callable[[World], RevisionRecord], outcome: str) -> None:
    """A consumer that forgot the id would do it once more."""
    world = World()
    record = journey(world)
    assert record.handoff_id is not None
    deliver(world, signed(world, receipt(world, record.handoff_id, outcome=outcome)))
    sends = world.wiring.deployment.sends
    assert_refused(world, "ANSWERED", resend(world))
    assert world.wiring.deployment.sends == sends


def test_a_message_that_does_not_prove_itself_is_not_sent() -> None:
    """Somebody got an envelope of their own under the hand-off's id."""
    world = World()
    record = handed_off(world)
    payload = dsse.decode_base64(dsse.parse(world.wiring.store.get_handoff(record.handoff_id or "")).payload)
    (place,) = (each for each in world.wiring.store.objects if each.startswith("handoffs/"))
    world.wiring.store.objects[place] = seal_bytes(HANDOFF_TYPE, payload, world.deployment.key("bind"))
    assert_refused(world, "WRONG_KEY_PURPOSE", resend(world))
    assert len(bodies(world)) == 1


def test_a_test_is_the_operator_s_own_order_and_no_hand_off() -> None:
    world = World()
    awaiting_window(world)
    event = try_out(world)
    assert came_of(world, event) == ("orders", "tested", "TESTED")
    (message,) = world.wiring.deployment.messages(TARGET)
    assert canonical.digest(message.body) == event.envelope
    assert message.group == "cutover-test"
    assert json.loads(message.body)["payloadType"] == "application/vnd.cutover.delivery-order.v1+json"
    trust = TrustFile.model_validate_json(world.deployment.trust_file())
    report = verify_handoff(message.body, trust=trust, documents={}, now=world.clock.now())
    assert (report.verified, report.code) == (False, "WRONG_PAYLOAD_TYPE")


def test_a_test_passes_the_brake_and_needs_a_target() -> None:
    """The brake stops releases. That nothing else goes wrong can be looked at meanwhile."""
    world = World()
    engage(world)
    assert came_of(world, try_out(world))[2] == "TESTED"
    assert_refused(world, "UNKNOWN_TARGET", try_out(world, "elsewhere"))
    release(world)


@pytest.mark.parametrize("action", ["test", "resend"])
def test_a_key_for_another_product_orders_nothing(action: str) -> None:
    world = World()
    handed_off(world)
    keys = tuple(
        key.model_copy(update={"products": ("another",)}) if key.purpose == "delivery" else key
        for key in world.deployment.trusted_keys()
    )
    world.publish(facts=world.deployment.facts().model_copy(update={"keys": keys, "version": 2}), version=2)
    assert_refused(world, "OUT_OF_SCOPE", try_out(world) if action == "test" else resend(world))
    assert len(bodies(world)) == 1


@pytest.mark.parametrize(
    ("action", "named"),
    [("test", {}), ("test", {"target": TARGET, "handoff_id": UNKNOWN}), ("test", {"handoff_id": UNKNOWN}),
     ("resend", {}), ("resend", {"target": TARGET}), ("resend", {"target": TARGET, "handoff_id": UNKNOWN})],
)  # fmt: skip
def test_an_order_names_what_its_action_is_about(action: str, named: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"an order to {action} names"):
        delivery_order(World(), action, **named)


@pytest.mark.parametrize("error", [DependencyUnavailable, AmbiguousCompletion])
@pytest.mark.parametrize(
    ("call", "moment"),
    [
        ("deployment.send", "before"),
        ("deployment.send", "after"),
        ("records.commit", "before"),
        ("records.commit", "after"),
    ],
)
def test_a_failing_service_loses_no_order(call: str, moment: When, error: type[Exception]) -> None:
    """Sent twice at the worst, under one deduplication id: the queue takes one of them."""
    world = World()
    handed_off(world)
    event = signed(world, delivery_order(world, "resend", handoff_id=world.record().handoff_id))
    with failing(world, call, moment, error):
        assert deliver(world, event) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert deliver(world, event) == {"batchItemFailures": []}
    assert came_of(world, event) == (CUTOVER, "resent", "RESENT")
    assert len(bodies(world)) == 2
    assert world.record().status is Status.HANDED_OFF


def test_a_setting_that_is_missing_is_no_refusal() -> None:
    world = World()
    handed_off(world)
    world.wiring.__dict__["deployment"] = type(world.wiring.deployment)(())
    event = signed(world, delivery_order(world, "resend", handoff_id=world.record().handoff_id))
    assert deliver(world, event) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert told(world, event, CUTOVER) == []
