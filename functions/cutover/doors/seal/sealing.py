"""Signed ledger heads, and signed notices of what the outside must be able to hold in its hands.

Of a chain that grew, in this order:

1. Its entries since the newest head that is kept are read; each must follow the one before, and the last be the head.
2. Each that ``transitions.NOTICES`` names gets its notice, in order. The first that was kept stands. Of rehearsals
   nobody is told.
3. Each of which the outside is told is put on the bus, in order.
4. The head is signed and kept.

So a kept head vouches for every notice up to it, and every event up to it was put at least once. Whatever a lost batch
of the stream would have sealed is sealed with the chain's next entry; within the hour, for a day (``written``: a chain
that has ended has no next entry); or when Seal is asked by the chain's name.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile
from typing import Any

from cutover.contracts.ledger import LEDGER_HEAD_TYPE, LedgerEntry, LedgerHead
from cutover.contracts.supersession import NOTICE_TYPE, Notice, Supersession
from cutover.domain import canonical, ledger, telling_events
from cutover.domain import envelope as dsse
from cutover.domain.naming import is_rehearsal
from cutover.domain.record import ChainHead
from cutover.domain.transitions import NOTICES
from cutover.errors import DigestMismatch, DocumentMissing
from cutover.ports import Announcement, Announcements, Clock, LockedStore, Records
from cutover.sealing import Sealer

MAX_SUPERSESSION_BYTES = 2 * 1_048_576


def chains(stream: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The chains that grew in a stream's batch, each once."""
    keys = (record.get("dynamodb", {}).get("Keys", {}) for record in stream)
    named = ((key.get("pk", {}).get("S", ""), key.get("sk", {}).get("S", "")) for key in keys)
    grown = (pk.removeprefix("CHAIN#") for pk, sk in named if pk.startswith("CHAIN#") and sk.startswith("LEDGER#"))
    return tuple(dict.fromkeys(grown))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """For one deployment (``audience``). ``sealer`` signs with the ledger's key."""

    audience: str
    records: Records
    store: LockedStore
    sealer: Sealer
    announcements: Announcements
    clock: Clock

    def seal(self, chain: str) -> tuple[LedgerEntry, ...]:
        """Seal the chain's present head; the entries since the one that was sealed before, which keeps its signature.

        Raises ``DigestMismatch`` when the chain is not the one that was sealed before.
        """
        head = self.records.chain(chain)
        if head.entry is None:
            raise DocumentMissing(f"chain {chain} has no entry")
        kept = self._kept(chain, upto=head.sequence)
        grown = tuple(self._since(kept, head))  # nothing is signed or told before the last one proved to follow
        for entry in grown:
            if entry.event in NOTICES and entry.revision is not None and not is_rehearsal(chain):
                self._tell(entry, entry.revision)
        self.announcements.put(tuple(self._announced(grown)))
        if kept != head:
            self._keep(head, head.entry)
        return grown

    def written(self) -> tuple[str, ...]:
        """The chains that grew today or yesterday in UTC, by their first entry: any may have lost its batch."""
        today = self.clock.now().date()
        days = (today - timedelta(days=1), today)
        entries = (entry for day in days for entry in self.records.written_on(day) if isinstance(entry, LedgerEntry))
        return tuple(dict.fromkeys(entry.chain for entry in entries))

    def _kept(self, chain: str, *, upto: int) -> ChainHead:
        """The newest head that is kept; the empty chain's where there is none."""
        content = self.store.newest_ledger_head(chain, upto=upto)
        return ChainHead(chain=chain) if content is None else _said_by(content)

    def _since(self, kept: ChainHead, head: ChainHead) -> Iterator[LedgerEntry]:
        """The entries after one head, up to the other."""
        at = kept
        found = self.records.ledger(head.chain, after=kept.sequence)
        for entry in takewhile(lambda each: each.sequence <= head.sequence, found):
            if (entry.sequence, entry.previous) != (at.sequence + 1, at.entry):
                break
            at = ledger.head_of(entry)
            yield entry
        if at != head:
            raise DigestMismatch(f"{head.chain} does not lead from entry {at.sequence} to its head: it was rewritten")

    def _tell(self, entry: LedgerEntry, revision: int) -> None:
        digest = entry.inputs.get("supersession")
        content = self.store.get(digest, limit=MAX_SUPERSESSION_BYTES) if digest else None
        notice = Notice(
            audience=self.audience, cutover=entry.chain, revision=revision, event=entry.event, result=entry.result,
            detail=entry.detail, at=entry.at, chain=entry.chain, sequence=entry.sequence,
            entry=ledger.entry_digest(entry),
            supersession=Supersession.model_validate_json(content) if content else None,
        )  # fmt: skip
        _, _, signed = self.sealer.seal(notice, NOTICE_TYPE)
        standing = dsse.parse(self.store.put_notice(entry.chain, entry.sequence, signed))
        if Notice.model_validate_json(dsse.decode_base64(standing.payload)) != notice:
            raise DigestMismatch(f"another notice of entry {entry.sequence} of {entry.chain} was signed before")

    def _announced(self, entries: Iterable[LedgerEntry]) -> Iterator[Announcement]:
        for entry in entries:
            detail_type = telling_events.detail_type(entry)
            if detail_type is not None:
                event = telling_events.event_of(entry, self.audience)
                yield Announcement(detail_type, canonical.encode_model(event), entry.at)

    def _keep(self, head: ChainHead, entry: str) -> None:
        document = LedgerHead(chain=head.chain, sequence=head.sequence, entry=entry, at=self.clock.now())
        _, _, signed = self.sealer.seal(document, LEDGER_HEAD_TYPE)
        if _said_by(self.store.put_ledger_head(head.chain, head.sequence, signed)) != head:
            raise DigestMismatch(f"another entry {head.sequence} of {head.chain} was sealed before: it was rewritten")


def _said_by(content: bytes) -> ChainHead:
    said = LedgerHead.model_validate_json(dsse.decode_base64(dsse.parse(content).payload))
    return ChainHead(chain=said.chain, sequence=said.sequence, entry=said.entry)
