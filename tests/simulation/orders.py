"""Signed events as actors send them: withdrawals, brake orders, receipts. Also such as nobody should obey."""

import json
from datetime import timedelta

from pydantic import BaseModel

from cutover.contracts.brake import BRAKE_ORDER_TYPE, BrakeOrder
from cutover.contracts.handoff import RECEIPT_TYPE, WITHDRAWAL_TYPE, Receipt, Withdrawal
from cutover.contracts.policy import Purpose
from cutover.domain import brake as braking
from cutover.domain import canonical
from cutover.domain.record import Brake
from cutover.doors.brake_orders.planning import release_plan
from tests.building.keys import seal
from tests.simulation.environment import Message
from tests.simulation.settling import settle
from tests.simulation.simulation import Simulation


def send(sim: Simulation, door: str, document: BaseModel, payload_type: str, purpose: Purpose) -> None:
    """A signed event is on its way to its door; now and then with a key that is not for this."""
    wrong = sim.chaos.rate > 0 and sim.source.random() < 0.05
    key = sim.world.deployment.key("candidate" if wrong else purpose)
    envelope = seal(payload_type, canonical.encode_model(document), key)
    detail = {"schema": "cutover/signed-event/v1", "envelope": envelope.model_dump(by_alias=True)}
    number = sim.known["orders"] = sim.known.get("orders", 0) + 1
    sim.world.queue.append(Message(f"doors.{door}", json.dumps({"id": f"o-{number}", "detail": detail})))
    sim.done[f"order:{door}{':wrong-key' if wrong else ''}"] += 1


def withdraw(sim: Simulation) -> bool:
    """Somebody withdraws a revision, or whichever is current."""
    if not sim.observer.records:
        return False
    cutover, revision = sim.source.choice(sorted(sim.observer.records))
    withdrawal = Withdrawal(
        audience=sim.world.deployment.audience, cutover=cutover,
        revision=sim.source.choice((None, revision, revision, revision + 1)), requester="dana", reason="Not today.",
        issued_at=sim.world.clock.now(),
    )  # fmt: skip
    sim.tell(f"operators withdraw {cutover} revision {withdrawal.revision}")
    send(sim, "withdrawals", withdrawal, WITHDRAWAL_TYPE, "withdrawal")
    return True


def brake(sim: Simulation) -> bool:
    """The brake is ordered to engage, or to be released after a dry run: an old one, now and then."""
    records = sim.world.wiring.records
    standing = records.brake()
    engaged = standing is not None and standing.engaged
    action = "release" if engaged and sim.source.random() < 0.8 else "engage"
    plan = None
    if action == "release":
        plan = braking.digest_of(release_plan(standing or Brake(engaged=True), records))
        if sim.source.random() < 0.2:
            plan = sim.known.get("plan", plan)
        sim.known["plan"] = plan
    order(sim, action, plan)
    return True


def free(sim: Simulation) -> None:
    """The brake is off from here on: released after a dry run, where it was engaged."""
    standing = sim.world.wiring.records.brake()
    if standing is not None and standing.engaged:
        order(sim, "release", braking.digest_of(release_plan(standing, sim.world.wiring.records)))
        settle(sim)


def order(sim: Simulation, action: str, plan: str | None) -> None:
    said = BrakeOrder(
        audience=sim.world.deployment.audience, action="release" if action == "release" else "engage",
        reason="Something is on fire.", requester="omar", issued_at=sim.world.clock.now(), plan=plan,
    )  # fmt: skip
    sim.tell(f"operators order the brake to {action}")
    send(sim, "brake_orders", said, BRAKE_ORDER_TYPE, "brake")


def receive(sim: Simulation) -> bool:
    """The consumer takes what is new in its queue, and answers, for itself or for what it never got."""
    messages = sim.world.wiring.deployment.messages(sim.world.deployment.target)
    known = [each.deduplication_id for each in messages]
    if not known:
        return False
    taken = sim.source.choice(known) if sim.source.random() < 0.95 else "0" * 64
    receipt = Receipt(
        audience=sim.world.deployment.audience, handoff_id="sha256:" + taken,
        outcome=sim.source.choice(("accepted", "accepted", "accepted", "rejected", "corrected")),
        received_at=sim.world.clock.now() - timedelta(seconds=sim.source.randint(0, 3)),
    )  # fmt: skip
    sim.tell(f"the consumer takes {taken[:8]}: {receipt.outcome}")
    send(sim, "receipts", receipt, RECEIPT_TYPE, "receipt")
    return True
