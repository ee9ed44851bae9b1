"""Which events the outside is told of a ledger entry, and what they say: pure."""

from cutover.contracts.base import Audience
from cutover.contracts.ledger import LedgerEntry
from cutover.contracts.told import (
    ADMITTED_INSTEAD,
    OF_ADMISSIONS,
    OF_REHEARSALS,
    OF_RELEASES,
    OF_THE_BRAKE,
    OF_THE_POLICY,
    ReleaseEvent,
)
from cutover.domain import ledger, naming
from cutover.domain.record import Status

_ANNOUNCING = frozenset({"announced", "refused", "admitted"})
"""Events whose entries name the envelope of a candidate; in others it is that of a decision or an order."""

OWN_WORDS = frozenset({"bound", "held", "handing-off", "uncertain", "policy-activated"})
"""Events whose entries' ``detail`` Cutover words. In others people are quoted, or what came from outside: whoever
subscribes to the bus would keep that, and has the digest of the entry, where it stands.
"""


def detail_type(entry: LedgerEntry) -> str | None:
    """The ``detail-type`` of the event that tells of this entry; None where nobody is told."""
    if "@" in entry.chain:
        if naming.is_rehearsal(entry.chain):
            return OF_REHEARSALS.get(entry.event)
        if entry.event == "opened" and entry.from_ == Status.ADMITTING:
            return ADMITTED_INSTEAD
        return OF_RELEASES.get(entry.event)
    if entry.chain == ledger.BRAKE_CHAIN:
        return OF_THE_BRAKE.get(entry.event)
    if entry.chain == ledger.POLICY_CHAIN:
        return OF_THE_POLICY.get(entry.event)
    return OF_ADMISSIONS.get(entry.event) if entry.chain.startswith(ledger.ADMISSIONS) else None


def event_of(entry: LedgerEntry, audience: Audience) -> ReleaseEvent:
    """What is said of an entry, and nothing that it does not say: whoever has the ledger can make it again.

    No words of people, and no more of them than the entry's digest.
    """
    cutover = entry.chain if "@" in entry.chain else None
    product, target = naming.of(cutover) if cutover else (None, None)
    return ReleaseEvent(
        audience=audience, cutover=cutover, revision=entry.revision, product=product, target=target,
        event=entry.event, status=entry.to, previous=entry.from_, result=entry.result,
        detail=entry.detail if entry.event in OWN_WORDS else None,
        at=entry.at, correlation_id=entry.correlation_id, chain=entry.chain, sequence=entry.sequence,
        entry=ledger.entry_digest(entry), manifest=entry.inputs.get("manifest"),
        envelope=entry.inputs.get("envelope") if entry.event in _ANNOUNCING else None,
    )  # fmt: skip
