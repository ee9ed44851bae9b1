"""Deliveries: a hand-off's message once more, or a test message, by a signed order of an operator.

Nothing is signed here: what is sent was signed by HandOff, or is the operator's own order. The send comes before the
entry that spends the order's nonce, so a crash between the two never loses a message. It is then sent again under the
same deduplication id, which its queue drops for five minutes; whoever receives it later knows the ``handoff_id``.
"""

from dataclasses import dataclass

from cutover.contracts.base import Digest
from cutover.contracts.delivery import DELIVERY_ORDER_TYPE, DeliveryOrder
from cutover.domain import canonical, ledger
from cutover.domain import envelope as dsse
from cutover.domain.entries import Told
from cutover.doors.deliveries.judging import Judging
from cutover.doors.signed_events import Kind, Order
from cutover.errors import Conflict
from cutover.ports import DeploymentQueue, Store
from cutover.recorder import Recorder

KIND = Kind(DeliveryOrder, DELIVERY_ORDER_TYPE, "delivery")
RESENT, TESTED = "RESENT", "TESTED"
TEST_GROUP = "cutover-test"
"""No cutover's name is like it: a test waits for no hand-off, and no hand-off for a test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    recorder: Recorder
    judging: Judging
    store: Store
    deployment: DeploymentQueue

    def obey(self, order: Order[DeliveryOrder]) -> str:
        """``RESENT`` or ``TESTED``. What the queue did not surely take is raised, and the order comes again.

        Raises ``Refused`` as ``Judging`` does (``OUT_OF_SCOPE`` besides), ``Conflict`` (``nonce``) where the order has
        had its effect, ``DependencyUnavailable``, ``AmbiguousCompletion``.
        """
        if self.recorder.records.spent(order.nonce):
            raise Conflict("nonce")
        return self._test(order) if order.document.action == "test" else self._resend(order)

    def _resend(self, order: Order[DeliveryOrder]) -> str:
        lost = self.judging.resend(order)
        order = order.speaking_for(lost.record.cutover)
        self.recorder.seen(lost.record)
        self.judging.stopped(lost)
        message_id = self.deployment.send(
            lost.record.target, body=lost.content, group=lost.record.cutover,
            deduplication_id=deduplication_id(order.payload, lost.handoff.handoff_id),
        )  # fmt: skip
        self.recorder.note(
            lost.record, "resent", result=RESENT, detail=f"{_detail(order)} (message {message_id})",
            requester=order.holder, inputs=order.inputs | {"handoff": lost.handoff.handoff_id}, nonce=order.nonce,
        )  # fmt: skip
        return RESENT

    def _test(self, order: Order[DeliveryOrder]) -> str:
        target = self.judging.test(order).target
        order = order.speaking_for_all()
        message_id = self.deployment.send(
            target, body=self.store.get(order.envelope, limit=dsse.MAX_ENVELOPE_BYTES), group=TEST_GROUP,
            deduplication_id=deduplication_id(order.payload),
        )  # fmt: skip
        told = Told.of_order(
            "tested", requester=order.holder, correlation_id=order.correlation_id,
            facts=order.policy.facts_digest, inputs=order.inputs, result=TESTED,
            detail=f"{target}: {_detail(order)} (message {message_id})",
        )  # fmt: skip
        self.recorder.append(ledger.ORDERS_CHAIN, told, nonce=order.nonce)
        return TESTED


def deduplication_id(order: Digest, handoff_id: Digest | None = None) -> str:
    """One for each order, and none like a hand-off's own: within five minutes its queue would drop that unseen."""
    return canonical.digest(f"delivery\n{order}\n{handoff_id or ''}".encode()).removeprefix("sha256:")


def _detail(order: Order[DeliveryOrder]) -> str:
    return f"{order.document.requester}: {order.document.reason}"
