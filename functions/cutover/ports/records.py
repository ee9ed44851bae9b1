"""The table: what decisions are made on, and the tokens that wake executions."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from cutover.contracts.base import Digest
from cutover.contracts.ledger import LedgerEntry
from cutover.domain.record import (
    ActivePolicy,
    Admission,
    Brake,
    ChainHead,
    Enrolled,
    Lane,
    PasskeyUse,
    RevisionRecord,
    Signal,
    Slot,
    Status,
    Token,
)


@dataclass(frozen=True, slots=True)
class Commit:
    """One transaction. Each ``…_before`` is the reading that it is conditional on; None means: must not exist.

    ``current`` is the lane reading that must still hold (its cutover and revision), whether or not the lane changes.
    """

    entries: tuple[LedgerEntry, ...]
    """One or two, the second following the first in the same chain."""
    head_before: ChainHead
    record: RevisionRecord | None = None
    record_before: RevisionRecord | None = None
    opened: RevisionRecord | None = None
    """A new revision: its record must not exist."""
    admission: Admission | None = None
    admission_before: Admission | None = None
    lane: Lane | None = None
    lane_before: Lane | None = None
    current: Lane | None = None
    claim: Slot | None = None
    release: Slot | None = None
    payload: Digest | None = None
    """A trusted candidate's payload digest, claimed once and for all by the revision that is opened."""
    nonce: Digest | None = None
    """A form's nonce, spent by this commit."""
    brake: Brake | None = None
    brake_before: Brake | None = None
    policy: ActivePolicy | None = None
    policy_before: ActivePolicy | None = None
    passkey: PasskeyUse | None = None
    passkey_before: PasskeyUse | None = None
    enrolled: Enrolled | None = None
    """A passkey that an invitation registers: no other may have been, by the same one."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stored item that is none of ours, or not any more: by its key."""

    key: str


Due = RevisionRecord | Admission | Unreadable


class Records(Protocol):
    """The table. Every reading is strongly consistent but ``due``, ``waiting`` and ``written_on``."""

    def admission(self, digest: Digest) -> Admission | None: ...

    def revision(self, cutover: str, revision: int) -> RevisionRecord | None: ...

    def lane(self, product: str, target: str, *, rehearsal: bool = False) -> Lane | None: ...

    def chain(self, chain: str) -> ChainHead: ...

    def ledger(self, chain: str, *, after: int = 0) -> Iterator[LedgerEntry]:
        """The entries of a chain in order: those after a sequence number.

        Raises ``EntryUnreadable`` at an item that is none; those after it can still be asked for.
        """

    def written_on(self, day: date) -> Iterator[LedgerEntry | Unreadable]:
        """What all chains tell of one day in UTC, in the order of time, from an index that may lag."""

    def slot(self, queue_arn: str, window: str) -> Slot | None: ...

    def payload_owner(self, payload: Digest) -> tuple[str, int] | None:
        """The cutover and revision that a trusted candidate payload already opened."""

    def policy(self) -> ActivePolicy | None: ...

    def activate_policy(self, policy: ActivePolicy) -> None:
        """Without an entry, as a deployment is set up. Owners activate through ``commit``."""

    def brake(self) -> Brake | None: ...

    def set_brake(self, brake: Brake) -> None:
        """An operator's own setting, such as the first one. Orders go through ``commit``, with their entry."""

    def spent(self, nonce: Digest) -> bool:
        """Whether a commit has spent this nonce."""

    def passkey_use(self, credential: Digest) -> PasskeyUse | None:
        """How far the counter of a passkey has come, by the digest of its credential id."""

    def enrolments(self, person: str) -> Iterator[Enrolled]:
        """What one person has registered, in no order."""

    def commit(self, commit: Commit) -> None:
        """All or nothing. Raises ``Conflict`` naming the parts whose condition failed:

        ``record``, ``opened``, ``admission``, ``lane``, ``ledger``, ``slot``, ``payload``, ``nonce``, ``brake``,
        ``passkey``, ``enrolled``, ``policy``.
        """

    def clear_signal(self, of: RevisionRecord | Admission) -> None:
        """Forget the signal of exactly this reading; does nothing when it has changed since."""

    def nudge(self, of: RevisionRecord | Admission, *, signal: Signal | None, due_at: datetime | None) -> None:
        """Give exactly this reading another signal and next look; does nothing when it has changed since.

        Neither its version nor its status changes: whoever decides on the reading still may.
        """

    def due(self, now: datetime, *, limit: int) -> Iterator[Due]:
        """What the clock must look at, oldest first, from an index that may lag. Unreadable items are named."""

    def waiting(self, statuses: Collection[Status], *, limit: int) -> Iterator[RevisionRecord]:
        """Revisions that stand in one of these, of those the clock looks at, from an index that may lag.

        What cannot be read is left out: nobody can decide about it or hand it off either.
        """


class Tokens(Protocol):
    """Task tokens, in a table of their own. That of the latest execution wins, and of these the newest."""

    def put(self, token: Token) -> None: ...

    def newest(self, cutover: str, revision: int) -> Token | None: ...

    def delete(self, token: Token) -> None:
        """Forget this token, unless a newer one stands."""
