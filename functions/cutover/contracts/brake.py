"""The emergency brake: a signed order to engage or to release it."""

from typing import Annotated, Literal

from cutover.contracts.base import SAID, Audience, CutoverId, Digest, Instant, Line, Model, Revision, Text, kind

BRAKE_ORDER_TYPE = "application/vnd.cutover.brake-order.v1+json"


class BrakeOrder(Model):
    """``cutover/brake-order/v1``. A release names the plan that its dry run showed."""

    schema_: Annotated[Literal["cutover/brake-order/v1"], SAID] = kind("cutover/brake-order/v1")
    audience: Audience
    action: Literal["engage", "release"]
    requester: Line
    reason: Text
    issued_at: Instant
    plan: Digest | None = None


class Freed(Model):
    """A revision that could be handed off once the brake is released."""

    cutover: CutoverId
    revision: Revision
    status: Line
    opens_at: Instant | None
    closes_at: Instant | None


class ReleasePlan(Model):
    """``cutover/release-plan/v1``: what a release would free, by the order that engaged the brake."""

    schema_: Annotated[Literal["cutover/release-plan/v1"], SAID] = kind("cutover/release-plan/v1")
    engaged_by: Digest
    frees: tuple[Freed, ...]
