"""Chains of a site, and the signed heads that its Object Lock bucket keeps of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from cutover.contracts.envelope import Envelope
from cutover.contracts.ledger import LedgerEntry, LedgerHead
from cutover.contracts.ledger_export import LedgerExport
from cutover.contracts.policy import TrustedKey
from cutover.domain import envelope as dsse
from cutover.domain.ledger import (
    ADMISSION_SHARDS,
    ADMISSIONS,
    BRAKE_CHAIN,
    ORDERS_CHAIN,
    POLICY_CHAIN,
    entry_digest,
)
from cutover.domain.verification.ledger_proof import Finding, Kept, Proof, open_head, prove
from cutover.domain.verification.reading import read_exact
from cutover.errors import EntryUnreadable, IntegrityError, Refused
from cutover.ports import HEADS_LOOKED_AT
from cutover_cli.output import CommandError, Exit, oneline
from cutover_cli.site import Site

STANDING = (BRAKE_CHAIN, POLICY_CHAIN, ORDERS_CHAIN, *(f"{ADMISSIONS}{each:x}" for each in range(ADMISSION_SHARDS)))
"""Chains of fixed names. Every announcement is told in one of them, before its cutover's chain begins."""

MAX_DETAIL = 300


class NoSuchChain(CommandError):
    """The ledger has no chain of that name."""

    exit_code = Exit.REFUSED
    reason = "UNKNOWN_CHAIN"


@dataclass(frozen=True, slots=True)
class Chains:
    """The ledger of one site."""

    site: Site

    def names(self) -> tuple[str, ...]:
        """Every chain that was ever sealed, whether or not the table still knows it."""
        return tuple(sorted(self.site.documents.sealed_chains()))

    def unsealed(self, *, days: int | None = None) -> tuple[str, ...]:
        """Every chain of the table of which no head is kept: those of fixed names, and of which the days tell since the
        first entry, or so many of them. Of days an index tells, which may lag.
        """
        records, today = self.site.records, self.site.clock.now().date()
        found = {name for name in STANDING if records.chain(name).sequence}
        if days is None:
            first = [entry for name in STANDING for entry in self._readable(name)[0][:1]]
            found |= {entry.chain for entry in first}
            days = (today - min((entry.at.date() for entry in first), default=today)).days
        for ago in range(days + 1):
            told = records.written_on(today - timedelta(days=ago))
            found.update(each.chain for each in told if isinstance(each, LedgerEntry))
        return tuple(sorted(found - set(self.site.documents.sealed_chains())))

    def entries(self, chain: str) -> tuple[LedgerEntry, ...]:
        """Raises NoSuchChain."""
        found = tuple(self.site.records.ledger(chain))
        if not found:
            raise NoSuchChain(f"the ledger has no chain {chain}")
        return found

    def export(self, chain: str) -> LedgerExport:
        entries = self.entries(chain)
        content = self.site.documents.newest_ledger_head(chain, upto=entries[-1].sequence)
        return LedgerExport(chain=chain, entries=entries, head=dsse.parse(content) if content else None)

    def newest(self, chain: str, *, length: int) -> bytes | None:
        """The newest head of all that are kept, also one that lies beyond the end of what the table has."""
        store = self.site.documents
        found = store.newest_ledger_head(chain, upto=length)
        at = length
        while (further := store.newest_ledger_head(chain, upto=at + HEADS_LOOKED_AT - 1)) is not None:
            number = said(further).sequence
            if number <= at:
                break
            found, at = further, number
        return found

    def heads(self, chain: str, *, upto: int) -> Iterator[tuple[int, bytes]]:
        """The kept heads, the newest first."""
        while upto > 0 and (content := self.site.documents.newest_ledger_head(chain, upto=upto)) is not None:
            upto = said(content).sequence
            yield upto, content
            upto -= 1

    def verify(self, chain: str, *, keys: tuple[TrustedKey, ...], given: Sequence[Kept] = ()) -> Proof:
        """The chain as the table has it, against the heads that the bucket keeps, and others that were given.

        Where it is broken, more of the kept heads are asked: they tell from which entry on.
        """
        entries, garbled = self._readable(chain)
        length = max((entry.sequence for entry in entries), default=0)
        kept = list(given)
        try:
            if (content := self.newest(chain, length=length)) is not None:
                kept.append(_opened(content, chain, keys))
            proof = prove(chain, entries, kept)
            if proof.outcome == "broken":
                kept += self._between(chain, entries, proof.newest, keys)
                proof = prove(chain, entries, kept)
        except Refused as refused:
            finding = Finding(length or 1, refused.code, f"a kept head: {refused.detail}")
            return Proof(chain, len(entries), (finding, *garbled), proven=0, newest=0, compared=0)
        gone = {(each.sequence, "ENTRY_MISSING") for each in garbled}
        findings = (*(each for each in proof.findings if (each.sequence, each.code) not in gone), *garbled)
        return replace(proof, findings=tuple(sorted(findings, key=lambda each: (each.sequence, each.code))))

    def _readable(self, chain: str) -> tuple[tuple[LedgerEntry, ...], list[Finding]]:
        """The entries that can be read, and the items between them that are none."""
        entries, garbled = list[LedgerEntry](), list[Finding]()
        while True:
            try:
                for entry in self.site.records.ledger(chain, after=garbled[-1].sequence if garbled else 0):
                    entries.append(entry)  # those before an item that is none stay
            except EntryUnreadable as error:
                garbled.append(Finding(error.sequence, "ENTRY_UNREADABLE", "what stands in its place is no entry"))
            except IntegrityError as error:  # nobody knows where it stands, so nothing after it is asked for
                garbled.append(Finding(len(entries) + 1, "ENTRY_UNREADABLE", oneline(str(error))[:MAX_DETAIL]))
                return tuple(entries), garbled
            else:
                return tuple(entries), garbled

    def _between(
        self, chain: str, entries: Sequence[LedgerEntry], top: int, keys: tuple[TrustedKey, ...]
    ) -> Iterator[Kept]:
        """Heads around the first entry that is not what it was: each halves where it can be."""
        digests = {entry.sequence: entry_digest(entry) for entry in entries}
        low, high = 0, top - 1
        while low < high:
            middle = (low + high + 1) // 2
            content = self.site.documents.newest_ledger_head(chain, upto=middle)
            number = said(content).sequence if content else 0
            if content is None or number <= low:
                low = middle  # no head between: what the next ones say decides
                continue
            kept = _opened(content, chain, keys)
            yield kept
            if digests.get(number) == kept.head.entry:
                low = middle
            else:
                high = number - 1


def said(content: bytes) -> LedgerHead:
    """What a kept head says. Nobody judged its signature. Raises ``Refused`` where it is none."""
    return read_exact(LedgerHead, dsse.decode_base64(dsse.parse(content).payload), "ledger head")


def _opened(content: bytes, chain: str, keys: tuple[TrustedKey, ...]) -> Kept:
    envelope: Envelope = dsse.parse(content)
    head = open_head(envelope, keys)
    if head.chain != chain:
        raise Refused("HEAD_OF_ANOTHER_CHAIN", f"a head of {head.chain} lies among those of {chain}")
    return Kept(head, elsewhere=True)
