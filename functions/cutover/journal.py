"""Appending to the ledger: what every writer of records has in common."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cutover.contracts.base import Digest
from cutover.contracts.ledger import LedgerEngine, LedgerEntry
from cutover.domain import ledger
from cutover.domain.entries import Told, entry_after
from cutover.domain.record import Brake, ChainHead, RevisionRecord
from cutover.errors import Conflict
from cutover.ports import Clock, Commit, Records

DECISIONS = 5
"""How often a decision is made again on a fresh reading after a lost race. No service call is retried here."""


def _unseen(_record: RevisionRecord) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """Writes in the name of one function (``role``)."""

    records: Records
    clock: Clock
    role: str
    engine: LedgerEngine
    execution: int | None = None
    """In whose name this writes; once another execution serves the revision, nothing is written any more."""
    seen: Callable[[RevisionRecord], None] = _unseen
    """Told of every record that is read, so that log lines can carry its correlation id."""

    def note_order(self, chain: str, told: Told, *, nonce: Digest) -> bool:
        """An entry about a signed event that changes nothing: it was not understood, not trusted, or came too late.

        False when the event has its entry already: ``nonce`` is spent by the one entry that an event leads to.
        """
        try:
            self.append(chain, told, nonce=nonce)
        except Conflict as conflict:
            if "nonce" not in conflict.parts:
                raise
            return False
        return True

    def set_brake(self, brake: Brake, *, before: Brake | None, told: Told, nonce: Digest) -> None:
        """The brake as it is from now on, with its entry. ``Conflict`` (``brake``) when another order was first,
        (``nonce``) when this one has its entry already.
        """
        self.append(ledger.BRAKE_CHAIN, told, brake=brake, brake_before=before, nonce=nonce)

    def append(self, chain: str, told: Told, **written: Any) -> None:
        """Commit what does not depend on the chain's head; when only the head was lost, on the new head again."""
        for remaining in reversed(range(DECISIONS)):
            head = self.records.chain(chain)
            try:
                return self.records.commit(Commit(entries=self.entries(head, told), head_before=head, **written))
            except Conflict as conflict:
                if remaining == 0 or conflict.parts - {"ledger"}:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def entries(self, head: ChainHead, *told: Told) -> tuple[LedgerEntry, ...]:
        """The chain's next entries, in order."""
        found: list[LedgerEntry] = []
        for each in told:
            entry = entry_after(head, each, at=self.clock.now(), role=self.role, engine=self.engine)
            head = ledger.head_of(entry)
            found.append(entry)
        return tuple(found)
