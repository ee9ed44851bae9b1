"""The emergency brake: what an order does to it, and what a release would free. Pure.

- To engage is always possible, also for the second time: then the brake names the newer order, so whoever releases
  has read that one too. Only what somebody has released since the order was issued stays released.
- To release is possible while it is engaged, within ``RELEASE_WITHIN`` of issuing the order, after whatever set it
  last, and for exactly the plan that the dry run showed. The plan names the order that engaged it: a release that was
  kept back cannot release what was engaged later.

An order has its effect once; that is not looked at here (``doors.signed_events``).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from cutover.contracts.base import Digest
from cutover.contracts.brake import BrakeOrder, Freed, ReleasePlan
from cutover.domain import canonical
from cutover.domain.record import STOPPED_BY_BRAKE, Brake, RevisionRecord
from cutover.errors import Refused

CLOCK_SKEW = timedelta(minutes=5)
"""So far the clock of who signs an order may be off: on the safe side only."""
RELEASE_WITHIN = timedelta(minutes=15)
NO_ORDER: Digest = canonical.digest(b"")
"""In a plan: the brake was engaged without an order. It is the digest of nothing."""


def plan(brake: Brake, records: Iterable[RevisionRecord]) -> ReleasePlan:
    """Which of these revisions could go to their queue once this brake is released, in order."""
    stopped = sorted(
        (record for record in records if record.status in STOPPED_BY_BRAKE),
        key=lambda record: (record.cutover, record.revision),
    )
    return ReleasePlan(
        engaged_by=brake.order or NO_ORDER,
        frees=tuple(
            Freed(
                cutover=each.cutover, revision=each.revision, status=each.status.value, opens_at=each.opens_at,
                closes_at=each.closes_at,
            )
            for each in stopped
        ),
    )  # fmt: skip


def digest_of(planned: ReleasePlan) -> Digest:
    """What a release names."""
    return canonical.digest_model(planned)


def engaged(brake: Brake | None, order: BrakeOrder, payload: Digest, *, now: datetime) -> Brake:
    """The brake after an order to engage, whose payload digest is ``payload``. ``Refused``: ``ORDER_OVERTAKEN``."""
    off_since = brake.since if brake is not None and not brake.engaged else None
    if off_since is not None and order.issued_at + CLOCK_SKEW < off_since:
        raise Refused("ORDER_OVERTAKEN", "the brake was released after this order was issued", "issue it again")
    return _set(brake, engaged=True, payload=payload, now=now)


def releasable(brake: Brake | None, order: BrakeOrder, *, now: datetime) -> Brake:
    """The engaged brake, if this order may release it but for its plan.

    ``Refused``: ``NOT_ENGAGED``, ``NOT_YET_ISSUED``, ``ORDER_EXPIRED``, ``ORDER_OVERTAKEN``, ``PLAN_MISSING``.
    """
    if brake is None or not brake.engaged:
        raise Refused("NOT_ENGAGED", "the brake is not engaged")
    if order.issued_at > now + CLOCK_SKEW:
        raise Refused("NOT_YET_ISSUED", "the order was issued in the future", "look at your clock")
    if now - order.issued_at > RELEASE_WITHIN:
        raise Refused("ORDER_EXPIRED", "the order to release came too late", "make the dry run again")
    if brake.since is not None and order.issued_at < brake.since:
        raise Refused("ORDER_OVERTAKEN", "the brake was engaged after this order was issued", "make the dry run again")
    if order.plan is None:
        raise Refused("PLAN_MISSING", "the order names no plan", "make the dry run first")
    return brake


def released(brake: Brake, order: BrakeOrder, payload: Digest, *, planned: ReleasePlan, now: datetime) -> Brake:
    """The brake after a release for exactly the plan as it is now. ``Refused``: ``PLAN_DIFFERS``."""
    if order.plan is None or not canonical.same(order.plan, digest_of(planned)):
        raise Refused("PLAN_DIFFERS", "the plan of the dry run is not the plan now", "make the dry run again")
    return _set(brake, engaged=False, payload=payload, now=now)


def _set(brake: Brake | None, *, engaged: bool, payload: Digest, now: datetime) -> Brake:
    return Brake(engaged=engaged, version=brake.version + 1 if brake else 1, order=payload, since=now)
