"""The store bucket: content-addressed documents, tombstones, heads and notices of the ledger, hand-off envelopes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from cutover.contracts.base import Digest
from cutover.contracts.handoff import Tombstone


@dataclass(frozen=True, slots=True)
class Stored:
    """Where content-addressed bytes lie: enough for a consumer to fetch exactly these."""

    digest: Digest
    size: int
    bucket: str
    key: str
    version_id: str


class Store(Protocol):
    """The write-once, content-addressed store. Every read checks the digest."""

    def put(self, content: bytes) -> Digest:
        """Store bytes under their SHA-256. Storing the same bytes again is done already.

        Raises ``OverwriteRefused`` when other bytes stand under that name.
        """

    def get(self, digest: Digest, *, limit: int) -> bytes:
        """At most ``limit`` bytes; ``DocumentMissing``, ``DigestMismatch``, or ``Refused`` (``DOCUMENT_TOO_LARGE``)."""

    def locate(self, digest: Digest) -> Stored:
        """Where the bytes lie; ``DocumentMissing``."""

    def put_tombstone(self, tombstone: Tombstone) -> None:
        """The first tombstone of a revision stands; a later one changes nothing."""

    def has_tombstone(self, cutover: str, revision: int) -> bool: ...


HEADS_LOOKED_AT = 900
"""Less than the thousand keys that one listing of S3 has."""


class LedgerHeads(Protocol):
    """Where signed heads of ledger chains are kept, out of the reach of who can write the table."""

    def put_ledger_head(self, chain: str, sequence: int, content: bytes) -> bytes:
        """Keep a signed head, once: the bytes that stand, which are an earlier attempt's where there was one.

        An ECDSA signature differs each time, so the caller compares what both say, not their bytes.
        """

    def newest_ledger_head(self, chain: str, *, upto: int) -> bytes | None:
        """The kept head with the highest sequence not above ``upto``, if there is one among the last
        ``HEADS_LOOKED_AT`` sequence numbers.
        """

    def put_notice(self, chain: str, sequence: int, content: bytes) -> bytes:
        """Keep a signed notice of one ledger entry, once: the bytes that stand."""

    def notices(self, chain: str) -> Iterator[tuple[int, bytes]]:
        """The notices that are kept of a chain, each with its entry's sequence number, in order."""

    def sealed_chains(self) -> Iterator[str]:
        """Every chain of which a head is kept, also one that the table knows no more."""


class Outbox(Protocol):
    """Signed hand-off envelopes by their id. The first that was put stands: one id has one envelope, for good."""

    def put_handoff(self, handoff_id: Digest, content: bytes) -> bytes:
        """The bytes that stand, which are an earlier attempt's where there was one: each signature differs."""

    def get_handoff(self, handoff_id: Digest) -> bytes:
        """Raises ``DocumentMissing``."""

    def has_handoff(self, handoff_id: Digest) -> bool:
        """Whether an envelope stands; every error is raised, so that no answer is never taken for a no."""


class LockedStore(Store, LedgerHeads, Outbox, Protocol):
    """The store bucket, as all of its writers together see it."""
