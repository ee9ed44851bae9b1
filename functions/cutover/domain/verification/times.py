"""The window, and when the hand-off key had to be valid (step 7)."""

from datetime import datetime

from pydantic import ValidationError

from cutover.contracts.approval import Approval
from cutover.contracts.base import format_instant
from cutover.contracts.envelope import Envelope
from cutover.contracts.handoff import HANDOFF_TYPE, Handoff
from cutover.contracts.policy import TrustedKey
from cutover.domain import envelope as dsse
from cutover.domain.verification.message import Bound
from cutover.errors import Refused


def check_window(
    envelope: Envelope, handoff: Handoff, bound: Bound, keys: tuple[TrustedKey, ...], at: datetime | None
) -> None:
    """Step 7. ``not_before <= t < not_after`` lies within the manifest's window and validity; ``at`` within it."""
    manifest = bound.predicate
    end = min(manifest.window.closes_at, manifest.valid_until)
    if not manifest.window.opens_at <= handoff.not_before < handoff.not_after <= end:
        raise Refused("WINDOW_EXCEEDED", "the message would count outside of the manifest's window or validity")
    if manifest.bound_at >= manifest.valid_until:
        raise Refused("WINDOW_EXCEEDED", "the manifest was over when it was bound")
    if at is not None and not handoff.not_before <= at < handoff.not_after:
        raise Refused(
            "WINDOW_NOT_OPEN",
            f"it counts from {format_instant(handoff.not_before)} until just before"
            f" {format_instant(handoff.not_after)}, not at {format_instant(at)}",
        )
    moments = [signed_after(handoff, bound)]
    if at is not None:
        moments.append(at)
    for moment in moments:
        dsse.open_envelope(envelope, payload_type=HANDOFF_TYPE, purpose="handoff", keys=keys, at=moment)


def signed_after(handoff: Handoff, bound: Bound) -> datetime:
    """The earliest moment at which the message can have been signed and count.

    The message has no time of its own: it follows its manifest and every decision in it, and it
    counts from ``not_before``. The latest of these is when the hand-off key must have been valid.
    """
    times = [handoff.not_before, bound.predicate.bound_at]
    for envelope in handoff.approvals:
        try:
            approval = Approval.model_validate_json(dsse.decode_base64(envelope.payload))
        except (ValidationError, Refused):
            continue  # step 6 says what is wrong with it
        times.append(approval.predicate.decided_at)
    return max(times)
