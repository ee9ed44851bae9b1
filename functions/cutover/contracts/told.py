"""What Cutover tells on its own bus: one event for each change of status, in the past tense.

An event is a hint. Whoever may put events on the bus could make one up; the ledger and the signed notices are the
proof, and ``entry`` names the ledger entry that an event tells of. It can come more than once and out of order: a
receiver drops an ``entry`` that it has seen, and orders by ``chain`` and ``sequence``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import (
    SAID,
    Audience,
    Code,
    CutoverId,
    Digest,
    Instant,
    Line,
    Model,
    Name,
    Product,
    Revision,
    kind,
)

SOURCE = "cutover"
"""The ``source`` of these events. What Cutover takes has ``cutover.ci`` or ``cutover.operators``: no rule of its own
matches an event of its own.
"""


class ReleaseEvent(Model):
    """``cutover/release-event/v1``: the ``detail`` of an event that tells of one ledger entry.

    ``event`` and ``result`` are the entry's, ``entry`` is its digest. A refused candidate has no cutover yet: then
    ``correlation_id`` (the id of the event that announced it) and ``envelope`` say whose it is. The brake and the
    policy concern every release, and have no cutover either.
    """

    schema_: Annotated[Literal["cutover/release-event/v1"], SAID] = kind("cutover/release-event/v1")
    audience: Audience
    cutover: CutoverId | None
    revision: Revision | None
    product: Product | None
    target: Product | None
    event: Name
    status: Name | None
    """The status that the revision has from this entry on; None where no status changed."""
    previous: Name | None
    result: Code
    detail: Line | None
    at: Instant
    correlation_id: Line
    chain: Line
    sequence: Annotated[int, Field(ge=1)]
    entry: Digest
    envelope: Digest | None = None
    """Of the announced candidate, as it was stored; where the entry names it."""
    manifest: Digest | None = None
    """Of the package that is bound; where the entry names it."""


OF_RELEASES: Mapping[str, str] = MappingProxyType(
    {
        "admitted": "Release Admitted",
        "superseded": "Release Superseded",
        "resolved": "Release Superseded",
        "drifted": "Release Superseded",
        "opened": "Release Revised",
        "assembled": "Release Collected",
        "held": "Release Held",
        "bound": "Release Bound",
        "approval-requested": "Release Approval Requested",
        "approved": "Release Approved",
        "deferred": "Release Deferred",
        "taken-up": "Release Taken Up",
        "declined": "Release Declined",
        "awaiting-window": "Release Scheduled",
        "approval-lapsed": "Release Approval Lapsed",
        "handing-off": "Release Hand-Off Started",
        "handed-off": "Release Handed Off",
        "uncertain": "Release Uncertain",
        "expired": "Release Expired",
        "withdrawn": "Release Withdrawn",
        "withdrawn-too-late": "Release Withdrawn Too Late",
        "withdrawal-during-hand-off": "Release Withdrawn Too Late",
        "receipt": "Release Receipt Recorded",
    }
)
"""The ``detail-type`` of each event of a cutover's ledger that is told."""
ADMITTED_INSTEAD = OF_RELEASES["admitted"]
"""Of ``opened`` where a newer candidate did it: that one was admitted."""
OF_ADMISSIONS: Mapping[str, str] = MappingProxyType({"announced": "Release Announced", "refused": "Release Refused"})
OF_REHEARSALS: Mapping[str, str] = MappingProxyType(
    {
        "rehearsed": "Release Rehearsed",
        "superseded": "Rehearsal Ended",
        "expired": "Rehearsal Ended",
        "withdrawn": "Rehearsal Ended",
    }
)
"""Only how they end: whoever waits for a release is told nothing that looks like one."""
OF_THE_BRAKE: Mapping[str, str] = MappingProxyType(
    {"brake-engaged": "Brake Engaged", "brake-released": "Brake Released"}
)
OF_THE_POLICY: Mapping[str, str] = MappingProxyType({"policy-activated": "Policy Activated"})
DETAIL_TYPES = tuple(
    sorted({*OF_RELEASES.values(), *OF_ADMISSIONS.values(), *OF_REHEARSALS.values(), *OF_THE_BRAKE.values(),
            *OF_THE_POLICY.values()})
)  # fmt: skip
"""Every ``detail-type`` that Cutover puts on its bus."""
