"""Waivers: signed, expiring permissions, each for one hold. Which of those that came count at all."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from cutover.contracts.base import Digest
from cutover.contracts.candidate import Reference
from cutover.contracts.evidence import Evidence, EvidenceSet
from cutover.contracts.policy import TrustedKey
from cutover.contracts.records import WAIVER_TYPE, Waiver
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.waiving import Waiving
from cutover.errors import Refused

RESOLUTIONS = "resolutions"
"""The source of waivers that resolutions brought. Their envelopes lie in the store, under their digests."""
MAX_CARRIED = 50
"""At most so many waivers of resolutions stay with a cutover; a candidate can name as many."""


@dataclass(frozen=True, slots=True)
class OpenedWaiver:
    """A waiver that a trusted key signed: its payload's digest, and the keys."""

    waiver: Waiver
    digest: Digest
    keys: tuple[TrustedKey, ...]


@dataclass(frozen=True, slots=True)
class TrustedWaiver:
    """A waiver that counts: complete, signed by somebody who may, covering the time that it is asked about."""

    waiver: Waiver
    digest: Digest
    expires_at: datetime


Answer = tuple[Digest, str]
"""What a waiver can answer: a hold's fingerprint, in a family of checks that its signer may waive."""
Answers = Mapping[Answer, TrustedWaiver]


def open_waiver(content: bytes, *, keys: tuple[TrustedKey, ...], at: datetime, product: str) -> OpenedWaiver:
    """The signed waiver in an envelope's bytes, for a release of ``product``.

    ``Refused`` when it is not one, or nobody who is trusted with this product signed it.
    """
    opened = dsse.open_envelope(
        dsse.parse(content), payload_type=WAIVER_TYPE, purpose="waiver", keys=keys, at=at, product=product
    )
    canonical.decode(opened.payload)
    try:
        return OpenedWaiver(Waiver.model_validate_json(opened.payload), opened.digest, opened.keys)
    except ValidationError as error:
        raise Refused("WAIVER_INVALID", "not a waiver of cutover/waiver/v1") from error


def lasting(waiver: Waiver, *, at: datetime, until: datetime) -> datetime:
    """When a complete waiver ends, if it covers the time from ``at`` until ``until`` (the window's end).

    Raises ``Refused``: ``WAIVER_INCOMPLETE``, ``WAIVER_EXPIRED``, ``WAIVER_ENDS_BEFORE_WINDOW``.
    """
    ends = waiver.expires_at
    if ends is None or not (waiver.owner and waiver.reason and waiver.approver and waiver.policy):
        wanted = "owner, reason, approver, policy and expires_at"
        raise Refused("WAIVER_INCOMPLETE", f"not all of {wanted} are stated", "issue the waiver again, complete")
    if ends <= at:
        raise Refused("WAIVER_EXPIRED", f"it ended at {ends.isoformat()}", "issue a waiver with a later end")
    if ends < until:
        detail = f"it ends at {ends.isoformat()}, the window at {until.isoformat()}"
        raise Refused("WAIVER_ENDS_BEFORE_WINDOW", detail, "issue a waiver with a later end")
    return ends


def carried(envelopes: Iterable[Digest]) -> tuple[Reference, ...]:
    """How the evidence refers to waivers that resolutions brought, by their envelopes' digests."""
    return tuple(Reference(source=RESOLUTIONS, record=each, version="v1") for each in envelopes)


def signed_waivers(evidence_set: EvidenceSet) -> Iterator[Evidence]:
    """What Collect brought as waivers: signed envelopes, or what should have been."""
    for collection in evidence_set.collections:
        if collection.section == "waivers":
            yield from (each for each in collection.evidence if each.unwraps is None)


def envelopes_of(evidence_set: EvidenceSet) -> Iterator[Digest]:
    """The digests of the signed envelopes that Collect brought as waivers."""
    return (each.sha256 for each in signed_waivers(evidence_set))


def counting(
    envelopes: Iterable[bytes], *, waiving: Waiving, at: datetime, until: datetime
) -> Iterator[tuple[Answer, TrustedWaiver]]:
    """Each waiver that counts from ``at`` until ``until``, for each family in which it does.

    One that is unsigned, incomplete, over, ends too early, or is signed by somebody who may not, answers nothing;
    the checks of its family say so.
    """
    for content in envelopes:
        try:
            opened = open_waiver(content, keys=waiving.facts.keys, at=at, product=waiving.product)
            ends = lasting(opened.waiver, at=at, until=until)
        except Refused:
            continue
        for family in sorted(waiving.families(opened.keys)):
            yield (opened.waiver.fingerprint, family), TrustedWaiver(opened.waiver, opened.digest, ends)


def trusted(
    envelopes: Iterable[bytes], *, waiving: Waiving, at: datetime, until: datetime
) -> dict[Answer, TrustedWaiver]:
    """What is answered, and by which waiver. Of two that count for one hold, the one that ends later."""
    found: dict[Answer, TrustedWaiver] = {}
    for answer, waiver in counting(envelopes, waiving=waiving, at=at, until=until):
        known = found.get(answer)
        if known is None or known.expires_at < waiver.expires_at:
            found[answer] = waiver
    return found
