"""Ledger chains of entries made by hand, and their signed heads."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cutover.contracts.ledger import LEDGER_HEAD_TYPE, LedgerActor, LedgerEngine, LedgerEntry, LedgerHead
from cutover.contracts.ledger_export import LedgerExport
from cutover.domain import canonical
from cutover.domain.ledger import entry_digest
from tests.building.keys import Key, seal_bytes
from tests.building.policy import DEPLOYMENT, RECEIVED_AT

CUTOVER = "service@production.1"
_DIGEST = "sha256:" + "a" * 64


def chain_of(length: int, *, chain: str = CUTOVER) -> tuple[LedgerEntry, ...]:
    """So many entries, each following the one before it."""
    entries = [
        LedgerEntry(
            chain=chain, sequence=number, previous=None, at=RECEIVED_AT + timedelta(minutes=number), event="note",
            transition=None, revision=1, from_=None, to=None,
            actor=LedgerActor(role="bind", requester=f"person-{number}"),
            engine=LedgerEngine(version="0.1.0", lock=_DIGEST), rules=_DIGEST, facts=_DIGEST,
            inputs={"document": canonical.digest(bytes([number % 256]))}, result="DONE", detail=f"The {number}.",
            correlation_id="e-1",
        )
        for number in range(1, length + 1)
    ]  # fmt: skip
    return tuple(rewritten(entries, 2))


def rewritten(entries: Sequence[LedgerEntry], number: int) -> list[LedgerEntry]:
    """The entries, those from this sequence number on following the one before them as it is now."""
    made: list[LedgerEntry] = []
    for entry in entries:
        follows = entry.sequence >= number and made
        made.append(entry.model_copy(update={"previous": entry_digest(made[-1])}) if follows else entry)
    return made


def head_of(entry: LedgerEntry, *, key: Key | None = None, at: datetime | None = None) -> bytes:
    """The signed head of a chain that ends with this entry."""
    head = LedgerHead(chain=entry.chain, sequence=entry.sequence, entry=entry_digest(entry), at=at or entry.at)
    return seal_bytes(LEDGER_HEAD_TYPE, canonical.encode_model(head), key or DEPLOYMENT.key("ledger"))


def export_of(entries: Sequence[LedgerEntry], head: bytes | None) -> bytes:
    """What `cutover ledger export` writes."""
    said = canonical.decode(head) if head is not None else None
    made = LedgerExport.model_construct(chain=entries[0].chain, entries=tuple(entries), head=None)
    return canonical.encode({**canonical.decode(canonical.encode_model(made)), "head": said})
