"""Receipts: what a consumer says of the message that it was handed. Row 20, where nobody else could tell.

Any receipt proves that the message arrived, a ``rejected`` or ``corrected`` one too: the revision was handed off. What
the consumer thinks of it stands in the ledger, with its cause.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cutover.contracts.handoff import RECEIPT_TYPE, Handoff, Receipt
from cutover.domain import canonical, tallies, transitions
from cutover.domain import envelope as dsse
from cutover.domain.record import RevisionRecord
from cutover.doors.signed_events import Kind, Order
from cutover.errors import DigestMismatch, Refused
from cutover.ports import Outbox
from cutover.recorder import Recorder, Step

KIND = Kind(Receipt, RECEIPT_TYPE, "receipt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiving:
    """``alarm`` is rung when a trusted receipt is about nothing that was handed off: its consumer got a message that
    nobody here sent, or speaks of another Cutover's.
    """

    recorder: Recorder
    outbox: Outbox
    alarm: Callable[[], None] = lambda: None

    def obey(self, order: Order[Receipt]) -> str:
        """``RECEIPT_ACCEPTED``, ``RECEIPT_REJECTED`` or ``RECEIPT_CORRECTED``.

        Raises ``Refused``: ``UNKNOWN_HANDOFF``; ``OUT_OF_SCOPE`` where the key is not for this product.
        """
        said = order.document
        handoff = self._handoff(said)
        order = order.speaking_for(handoff.cutover)
        result, inputs = f"RECEIPT_{said.outcome.upper()}", order.inputs | {"handoff": said.handoff_id}
        row = transitions.TABLE["handed-off"]
        steps: list[Step] = []

        def decide(record: RevisionRecord) -> Step | None:
            steps.clear()
            ours = record.handoff_id is not None and canonical.same(record.handoff_id, said.handoff_id)
            if not ours or record.status not in row.writers[self.recorder.role]:
                return None
            step = Step(
                row.event, order.holder, {"lease_until": None}, inputs, result=result, detail=_detail(said),
                facts=order.policy.facts_digest, nonce=order.nonce,
            )  # fmt: skip
            steps.append(step)
            return step

        record = self.recorder.advance(handoff.cutover, handoff.revision, decide)
        if not steps:
            self.recorder.note(
                record, "receipt", result=result, detail=_detail(said), requester=order.holder, inputs=inputs,
                nonce=order.nonce,
            )  # fmt: skip
        return result

    def _handoff(self, said: Receipt) -> Handoff:
        """The message that it is about, as it stands in the outbox."""
        if not self.outbox.has_handoff(said.handoff_id):
            self.alarm()
            raise Refused("UNKNOWN_HANDOFF", f"nothing was handed off as {said.handoff_id}")
        sealed = dsse.parse(self.outbox.get_handoff(said.handoff_id))
        handoff = Handoff.model_validate_json(dsse.decode_base64(sealed.payload))
        if not canonical.same(handoff.handoff_id, said.handoff_id):
            raise DigestMismatch(f"another message stands as {said.handoff_id}")
        return handoff


def _detail(said: Receipt) -> str | None:
    """The cause first. Where none is named that is said, so that no detail that begins like one is taken for it."""
    cause = said.cause or (tallies.UNSTATED if said.detail and said.outcome != "accepted" else None)
    return ": ".join(part for part in (cause, said.detail) if part) or None
