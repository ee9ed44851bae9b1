"""Brake orders: a trusted order sets the brake, in one transaction with its entry on the chain ``brake``."""

from dataclasses import dataclass

from cutover.contracts.brake import BRAKE_ORDER_TYPE, BrakeOrder
from cutover.domain import brake as braking
from cutover.domain.entries import Told
from cutover.domain.record import Brake
from cutover.doors.brake_orders.planning import release_plan
from cutover.doors.signed_events import Kind, Order
from cutover.errors import Conflict
from cutover.journal import DECISIONS, Journal
from cutover.ports import Clock, Records

KIND = Kind(BrakeOrder, BRAKE_ORDER_TYPE, "brake")
ENGAGED, ENGAGED_AGAIN, RELEASED = "ENGAGED", "ENGAGED_AGAIN", "RELEASED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Braking:
    records: Records
    journal: Journal
    clock: Clock

    def obey(self, order: Order[BrakeOrder]) -> str:
        """``ENGAGED``, ``ENGAGED_AGAIN`` or ``RELEASED``. Decided again when another order was first.

        Raises ``Refused`` (see ``domain.brake``; ``OUT_OF_SCOPE`` where the key is limited to products), ``Conflict``.
        """
        order = order.speaking_for_all()
        for remaining in reversed(range(DECISIONS)):
            before = self.records.brake()
            after, result = self._decide(order, before)
            try:
                self.journal.set_brake(after, before=before, told=_told(order, result), nonce=order.nonce)
            except Conflict as conflict:
                if remaining == 0 or conflict.parts - {"brake", "ledger"}:
                    raise
            else:
                return result
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _decide(self, order: Order[BrakeOrder], before: Brake | None) -> tuple[Brake, str]:
        now, said = self.clock.now(), order.document
        if said.action == "engage":
            again = before is not None and before.engaged
            return braking.engaged(before, said, order.payload, now=now), ENGAGED_AGAIN if again else ENGAGED
        brake = braking.releasable(before, said, now=now)
        planned = release_plan(brake, self.records)
        return braking.released(brake, said, order.payload, planned=planned, now=now), RELEASED


def _told(order: Order[BrakeOrder], result: str) -> Told:
    said = order.document
    plan = {"plan": said.plan} if said.plan and result == RELEASED else {}
    return Told.of_order(
        "brake-released" if result == RELEASED else "brake-engaged", requester=order.holder,
        correlation_id=order.correlation_id, facts=order.policy.facts_digest, inputs=order.inputs | plan,
        result=result, detail=f"{said.requester}: {said.reason}",
    )  # fmt: skip
