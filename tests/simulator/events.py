"""Signed events on the bus: what operators and consumers say, as it reaches the doors' queues."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cutover.contracts.base import Digest, Model
from cutover.contracts.brake import BRAKE_ORDER_TYPE, BrakeOrder
from cutover.contracts.delivery import DELIVERY_ORDER_TYPE, DeliveryOrder
from cutover.contracts.emergency import AFTER_ACTION_TYPE, AfterAction
from cutover.contracts.envelope import Envelope
from cutover.contracts.handoff import RECEIPT_TYPE, WITHDRAWAL_TYPE, Receipt, Withdrawal
from cutover.contracts.ledger import LedgerEntry
from cutover.contracts.passkeys import INVITATION_TYPE, Invitation
from cutover.contracts.resolution import RESOLUTION_TYPE, Resolution
from cutover.domain import brake as braking
from cutover.domain import canonical, ledger
from cutover.domain.record import Status
from cutover.doors.brake_orders.planning import release_plan
from tests.adapters import samples
from tests.building.keys import seal
from tests.building.policy import CLOSES_AT, EXPIRES_AT, OPENS_AT
from tests.simulator.world import World

REASON = "The payment provider has an outage."
KINDS: dict[type[Model], tuple[str, str, str, str]] = {
    Resolution: ("resolutions", "HoldResolution", RESOLUTION_TYPE, "resolution"),
    Withdrawal: ("withdrawals", "Withdrawal", WITHDRAWAL_TYPE, "withdrawal"),
    BrakeOrder: ("brake_orders", "BrakeOrder", BRAKE_ORDER_TYPE, "brake"),
    AfterAction: ("after_actions", "AfterAction", AFTER_ACTION_TYPE, "after-action"),
    Invitation: ("invitations", "PasskeyInvitation", INVITATION_TYPE, "invitation"),
    DeliveryOrder: ("deliveries", "DeliveryOrder", DELIVERY_ORDER_TYPE, "delivery"),
    Receipt: ("receipts", "Receipt", RECEIPT_TYPE, "receipt"),
}
"""Of each document: the door, the detail-type, the payload type, the purpose of the key."""


@dataclass(frozen=True)
class Sent:
    """An event on the bus: the door whose queue it goes to, and the message there."""

    door: str
    body: str
    envelope: Digest
    payload: Digest


def waiting_world(cutover: str = "service@production.1") -> World:
    """One revision awaits its window, as far as its record goes: no documents, no execution, made in no time."""
    world = World()
    names = {"cutover": cutover, "product": "service", "target": world.deployment.target}
    record = samples.record(
        **names, status=Status.AWAITING_WINDOW, expires_at=EXPIRES_AT, due_at=OPENS_AT, opens_at=OPENS_AT,
        closes_at=CLOSES_AT,
    )  # fmt: skip
    samples.Writer(world.wiring.records, cutover).commit(opened=record, lane=samples.lane(**names))
    world.wiring.records.changes.clear()
    return world


def signed(
    world: World, document: Model, *, key: str | None = None, payload: bytes | None = None, payload_type: str = "",
    event_id: str = "o-1",
) -> Sent:  # fmt: skip
    """The event of a document (or of other payload bytes in its place), signed by the key of its purpose or another."""
    door, detail_type, kind, purpose = KINDS[type(document)]
    content = canonical.encode_model(document) if payload is None else payload
    envelope = seal(payload_type or kind, content, world.deployment.key(key or purpose))
    return sent(door, detail_type, envelope, event_id=event_id)


def sent(door: str, detail_type: str, envelope: Envelope, *, event_id: str = "o-1") -> Sent:
    detail = {"schema": "cutover/signed-event/v1", "envelope": envelope.model_dump(by_alias=True)}
    body = json.dumps({"id": event_id, "source": "cutover.operators", "detail-type": detail_type, "detail": detail})
    kept = canonical.encode_model(envelope)
    return Sent(door, body, canonical.digest(kept), canonical.digest(_payload(envelope)))


def _payload(envelope: Envelope) -> bytes:
    from cutover.domain.envelope import decode_base64

    return decode_base64(envelope.payload)


def deliver(world: World, event: Sent, *, message_id: str = "m-1") -> dict[str, Any]:
    """The queue's message reaches its door: at least once, so tests deliver again."""
    message = {"messageId": message_id, "body": event.body, "eventSource": "aws:sqs", "attributes": {}}
    answer: dict[str, Any] = world.invoke(f"doors.{event.door}", {"Records": [message]})
    return answer


def withdrawal(world: World, cutover: str, revision: int | None = None, **changes: Any) -> Withdrawal:
    said: dict[str, Any] = {
        "audience": world.deployment.audience, "cutover": cutover, "revision": revision, "requester": "dana",
        "reason": REASON, "issued_at": world.clock.now(),
    }  # fmt: skip
    return Withdrawal(**said | changes)


def brake_order(world: World, action: str, **changes: Any) -> BrakeOrder:
    said: dict[str, Any] = {
        "audience": world.deployment.audience, "action": action, "requester": "dana", "reason": REASON,
        "issued_at": world.clock.now(),
    }  # fmt: skip
    return BrakeOrder(**said | changes)


def after_action(world: World, cutover: str, revision: int = 1, **changes: Any) -> AfterAction:
    said: dict[str, Any] = {
        "audience": world.deployment.audience, "cutover": cutover, "revision": revision, "author": "dana",
        "summary": "Orders failed for an hour; the fix went out.", "follow_ups": ("Watch the error rate",),
        "written_at": world.clock.now(),
    }  # fmt: skip
    return AfterAction(**said | changes)


def invitation(world: World, person: str = "omar", **changes: Any) -> Invitation:
    now = world.clock.now()
    said: dict[str, Any] = {
        "audience": world.deployment.audience, "person": person, "reason": "Operations decide with passkeys.",
        "issued_at": now, "expires_at": now + timedelta(days=3),
    }  # fmt: skip
    return Invitation(**said | changes)


def delivery_order(world: World, action: str, **changes: Any) -> DeliveryOrder:
    said: dict[str, Any] = {
        "audience": world.deployment.audience, "action": action, "requester": "dana", "reason": REASON,
        "issued_at": world.clock.now(),
    }  # fmt: skip
    return DeliveryOrder(**said | changes)


def receipt(world: World, handoff_id: Digest, **changes: Any) -> Receipt:
    said: dict[str, Any] = {
        "audience": world.deployment.audience, "handoff_id": handoff_id, "outcome": "accepted",
        "received_at": world.clock.now(),
    }  # fmt: skip
    return Receipt(**said | changes)


def withdraw(world: World, cutover: str, revision: int | None = None, **changes: Any) -> Sent:
    """An operator withdraws, and the event is delivered."""
    event = signed(world, withdrawal(world, cutover, revision, **changes))
    deliver(world, event)
    return event


def engage(world: World, **changes: Any) -> Sent:
    event = signed(world, brake_order(world, "engage", **changes))
    deliver(world, event)
    return event


def plan(world: World) -> Digest:
    """What a dry run of the release shows now."""
    brake = world.wiring.records.brake()
    assert brake is not None
    return braking.digest_of(release_plan(brake, world.wiring.records))


def release(world: World, **changes: Any) -> Sent:
    event = signed(world, brake_order(world, "release", **{"plan": plan(world)} | changes))
    deliver(world, event)
    return event


def told(world: World, event: Sent, *chains: str) -> list[LedgerEntry]:
    """Every entry that an event led to, in these chains, ``orders`` and ``brake``."""
    names = dict.fromkeys((*chains, ledger.ORDERS_CHAIN, ledger.BRAKE_CHAIN))
    entries = [entry for name in names for entry in world.ledger(name)]
    return [entry for entry in entries if event.envelope in entry.inputs.values()]
