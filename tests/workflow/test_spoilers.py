"""Who may not give an order cannot use up its one effect, by whatever they send before it."""

import json

import pytest

from cutover.contracts.base import Model
from cutover.contracts.candidate import CANDIDATE_TYPE
from cutover.domain import canonical
from cutover.domain.record import Brake
from tests.building.keys import seal
from tests.simulator import events
from tests.simulator.journeys import awaiting_window
from tests.simulator.world import World

DOORS = ("resolutions", "withdrawals", "brake_orders", "receipts")


def spoil(world: World, door: str, document: Model) -> None:
    """An unsigned event whose detail is exactly the bytes that will be signed later."""
    detail = json.loads(canonical.encode_model(document))
    events.deliver(world, events.Sent(door, json.dumps({"id": "x", "detail": detail}), "", ""))


def brake(world: World) -> Brake:
    found = world.wiring.records.brake()
    assert found is not None
    return found


@pytest.mark.parametrize("door", DOORS)
def test_an_unsigned_copy_disarms_nothing(door: str) -> None:
    world = World()
    record = awaiting_window(world)
    order = events.brake_order(world, "engage")
    spoil(world, door, order)
    events.deliver(world, events.signed(world, order))
    assert brake(world).engaged
    withdrawal = events.withdrawal(world, record.cutover)
    spoil(world, door, withdrawal)
    events.deliver(world, events.signed(world, withdrawal))
    world.run()
    assert world.record().status == "withdrawn"


def test_a_copy_that_a_limited_key_signed_disarms_nothing() -> None:
    """The facts trust a second brake key, for another product alone."""
    world = World()
    facts = world.deployment.facts()
    limited = world.deployment.trusted_key("brake", products=("other",)).model_copy(
        update={"id": world.deployment.key("other-brake").key_id, "public_key": _public(world, "other-brake")}
    )
    world.publish(facts=facts.model_copy(update={"version": 2, "keys": (*facts.keys, limited)}), version=2)
    order = events.brake_order(world, "engage")
    copy = events.signed(world, order, key="other-brake")
    events.deliver(world, copy)
    assert not brake(world).engaged
    assert [entry.result for entry in events.told(world, copy)] == ["OUT_OF_SCOPE"]
    events.deliver(world, events.signed(world, order))
    assert brake(world).engaged


def test_a_refused_order_stays_refused_whatever_envelope_it_comes_in() -> None:
    """A release for a plan that was not so: nobody who kept it can send it when the plan would fit."""
    world = World()
    events.engage(world)
    order = events.brake_order(world, "release", plan="sha256:" + "0" * 64)
    first = events.signed(world, order)
    events.deliver(world, first)
    events.deliver(world, first)
    assert brake(world).engaged
    assert [entry.result for entry in events.told(world, first)] == ["PLAN_DIFFERS"]


def _public(world: World, name: str) -> str:
    return world.deployment.key(name).public_base64


def test_a_bare_envelope_on_the_bus_refuses_no_candidate() -> None:
    """Somebody has the signed envelope before CI announces it, and sends it without the event's own form."""
    world = World()
    payload = canonical.encode_model(world.candidate())
    envelope = seal(CANDIDATE_TYPE, payload, world.deployment.key("candidate"))
    world.deliver(json.dumps({"id": "x", "detail": envelope.model_dump(by_alias=True)}))
    world.run()
    assert [each.status for each in world.admissions()] == ["refused"]
    world.announce(payload)
    world.run()
    assert world.record().status == "awaiting_approval"
