"""A ledger export, proved as far as signed heads reach (step 9, first half)."""

from collections.abc import Sequence
from dataclasses import dataclass

from cutover.contracts.handoff import Handoff
from cutover.contracts.ledger import LedgerEntry
from cutover.contracts.ledger_export import LedgerExport
from cutover.contracts.policy import TrustedKey
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.ledger import entry_digest
from cutover.domain.verification.ledger_proof import Kept, Proof, open_head, prove
from cutover.domain.verification.reading import equal, read_exact
from cutover.errors import Refused

MAX_LEDGER_BYTES = 256 * 1_048_576


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain that was proved. ``of`` are the entries of one revision."""

    entries: tuple[LedgerEntry, ...]
    proof: Proof

    def of(self, revision: int) -> tuple[LedgerEntry, ...]:
        return tuple(entry for entry in self.entries if entry.revision == revision)


def read_ledger(content: bytes) -> LedgerExport:
    """An export, from exactly its bytes. Raises ``Refused``."""
    if len(content) > MAX_LEDGER_BYTES:
        raise Refused("DOCUMENT_TOO_LARGE", f"a ledger of {len(content)} bytes; at most {MAX_LEDGER_BYTES}")
    return read_exact(LedgerExport, content, "ledger export")


def kept_heads(export: LedgerExport, heads: Sequence[bytes], keys: tuple[TrustedKey, ...]) -> list[Kept]:
    """The export's own head and those that were kept elsewhere, each signed by a ledger key, of this chain.

    Raises ``Refused``: ``HEAD_OF_ANOTHER_CHAIN``, ``HEAD_TOO_EARLY``, and what ``open_head`` raises.
    """
    given = [] if export.head is None else [(export.head, False)]
    times = {entry.sequence: entry.at for entry in export.entries}
    kept: list[Kept] = []
    for envelope, elsewhere in [*given, *((dsse.parse(each), True) for each in heads)]:
        head = open_head(envelope, keys)
        if head.chain != export.chain:
            raise Refused("HEAD_OF_ANOTHER_CHAIN", f"a head of {head.chain} says nothing of {export.chain}")
        if head.sequence in times and head.at < times[head.sequence]:
            raise Refused("HEAD_TOO_EARLY", f"the head of entry {head.sequence} was signed before that was written")
        kept.append(Kept(head, elsewhere))
    return kept


def open_chain(content: bytes, heads: Sequence[bytes], handoff: Handoff, keys: tuple[TrustedKey, ...]) -> Chain:
    """The chain of the message's cutover: whole, ending in a signed head, with the entry that the message follows.

    Raises ``Refused``: ``LEDGER_OF_ANOTHER``, ``LEDGER_UNANCHORED``, ``LEDGER_POSITION_DIFFERS``, the codes of
    ``ledger_proof`` and of ``kept_heads``.
    """
    export = read_ledger(content)
    equal("LEDGER_OF_ANOTHER", ("the ledger's chain", export.chain, handoff.cutover))
    proof = prove(export.chain, export.entries, kept_heads(export, heads, keys))
    if proof.outcome == "broken":
        raise Refused(proof.code, f"the ledger's {proof.detail}")
    if proof.newest < proof.entries:
        raise Refused("LEDGER_UNANCHORED", f"the ledger does not end in a signed head: {proof.detail}")
    number, named = handoff.ledger.sequence, handoff.ledger.entry
    if number > len(export.entries) or not canonical.same(entry_digest(export.entries[number - 1]), named):
        raise Refused("LEDGER_POSITION_DIFFERS", f"the message follows another entry {number} than the ledger's")
    return Chain(export.entries, proof)
