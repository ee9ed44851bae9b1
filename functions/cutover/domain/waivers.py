"""Waivers: signed, expiring permissions, each for one hold. Which of those that came count at all."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from cutover.contracts.base import Digest
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.policy import TrustedKey
from cutover.contracts.records import WAIVER_TYPE, Waiver
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.errors import Refused


@dataclass(frozen=True, slots=True)
class TrustedWaiver:
    """A waiver that counts: complete, signed for its purpose, covering the time that it is asked about."""

    waiver: Waiver
    digest: Digest
    expires_at: datetime


def open_waiver(content: bytes, *, keys: tuple[TrustedKey, ...], at: datetime) -> tuple[Waiver, Digest]:
    """The signed waiver in an envelope's bytes; ``Refused`` when it is not one, or nobody trusted signed it."""
    opened = dsse.open_envelope(dsse.parse(content), payload_type=WAIVER_TYPE, purpose="waiver", keys=keys, at=at)
    canonical.decode(opened.payload)
    try:
        return Waiver.model_validate_json(opened.payload), opened.digest
    except ValidationError as error:
        raise Refused("WAIVER_INVALID", "not a waiver of cutover/waiver/v1") from error


def envelopes_of(evidence_set: EvidenceSet) -> Iterator[Digest]:
    """The digests of the signed envelopes that Collect brought as waivers."""
    for collection in evidence_set.collections:
        if collection.section == "waivers":
            yield from (each.sha256 for each in collection.evidence if each.unwraps is None)


def trusted(
    envelopes: Iterable[bytes], *, keys: tuple[TrustedKey, ...], at: datetime, until: datetime
) -> dict[Digest, TrustedWaiver]:
    """By fingerprint, the waivers that count from ``at`` until ``until`` (the window's end).

    One that is unsigned, incomplete, over, or ends too early answers nothing; the checks of its
    family say so. Of two for one hold, the one that ends later counts.
    """
    found: dict[Digest, TrustedWaiver] = {}
    for content in envelopes:
        try:
            waiver, digest = open_waiver(content, keys=keys, at=at)
        except Refused:
            continue
        if not (waiver.owner and waiver.reason and waiver.approver and waiver.policy):
            continue
        if waiver.expires_at is None or waiver.expires_at <= at or waiver.expires_at < until:
            continue
        known = found.get(waiver.fingerprint)
        if known is None or known.expires_at < waiver.expires_at:
            found[waiver.fingerprint] = TrustedWaiver(waiver, digest, waiver.expires_at)
    return found
