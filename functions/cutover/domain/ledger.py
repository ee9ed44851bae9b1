"""The ledger chain: each entry's digest covers the digest of the entry before it."""

from collections.abc import Iterable

from cutover.contracts.base import Digest
from cutover.contracts.ledger import LedgerEntry
from cutover.domain import canonical
from cutover.domain.record import ChainHead
from cutover.errors import Refused

ADMISSION_SHARDS = 16
ADMISSIONS = "admissions."
"""So the names of their chains begin: candidates that opened no revision."""
BRAKE_CHAIN = "brake"
POLICY_CHAIN = "policy"
"""Proposed, signed and activated: what the owners of the policy did."""
ORDERS_CHAIN = "orders"
"""Signed events that belong to no revision, or that did not count."""


def admissions_chain(admission: Digest) -> str:
    """The shard of the admissions chain that a candidate's digest falls into."""
    return f"{ADMISSIONS}{int(admission.removeprefix('sha256:')[:2], 16) % ADMISSION_SHARDS:x}"


def entry_digest(entry: LedgerEntry) -> Digest:
    return canonical.digest_model(entry)


def head_of(entry: LedgerEntry) -> ChainHead:
    """The chain's head once ``entry`` is appended."""
    return ChainHead(chain=entry.chain, sequence=entry.sequence, entry=entry_digest(entry))


def verify_chain(entries: Iterable[LedgerEntry], *, chain: str) -> ChainHead:
    """The head of a whole chain. ``Refused`` (``LEDGER_BROKEN``) names the first entry that does not follow."""
    head = ChainHead(chain=chain)
    for entry in entries:
        if entry.chain != chain or entry.sequence != head.sequence + 1 or entry.previous != head.entry:
            raise Refused("LEDGER_BROKEN", f"entry {head.sequence + 1} of {chain} does not follow the one before it")
        head = head_of(entry)
    return head


def status_by_ledger(entries: Iterable[LedgerEntry], revision: int) -> str | None:
    """The status that the ledger alone gives a revision."""
    status = None
    for entry in entries:
        if entry.revision == revision and entry.to is not None:
            status = entry.to
    return status
