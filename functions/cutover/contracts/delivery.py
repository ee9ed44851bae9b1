"""Signed orders about deployment queues: a test message to one, or a hand-off's message once more."""

from typing import Annotated, Literal

from pydantic import model_validator

from cutover.contracts.base import SAID, Audience, Digest, Instant, Line, Model, Product, Text, kind

DELIVERY_ORDER_TYPE = "application/vnd.cutover.delivery-order.v1+json"


class DeliveryOrder(Model):
    """``cutover/delivery-order/v1``. A ``test`` names its target, a ``resend`` the hand-off; neither names both.

    The envelope of a test order is itself the test message: of another payload type than a hand-off's, and signed by
    a key that no hand-off counts with.
    """

    schema_: Annotated[Literal["cutover/delivery-order/v1"], SAID] = kind("cutover/delivery-order/v1")
    audience: Audience
    action: Literal["test", "resend"]
    target: Product | None = None
    handoff_id: Digest | None = None
    requester: Line
    reason: Text
    issued_at: Instant

    @model_validator(mode="after")
    def _one(self) -> "DeliveryOrder":
        named = {"target": self.target, "handoff_id": self.handoff_id}
        wanted = "target" if self.action == "test" else "handoff_id"
        if [name for name, value in named.items() if value is not None] != [wanted]:
            raise ValueError(f"an order to {self.action} names {wanted}, and nothing else")
        return self
