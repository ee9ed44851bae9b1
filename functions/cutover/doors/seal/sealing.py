"""Signed ledger heads: each new entry's digest, signed and kept in the Object Lock bucket."""

from collections.abc import Iterable, Mapping
from typing import Any

from cutover.contracts.ledger import LEDGER_HEAD_TYPE, LedgerHead
from cutover.domain import envelope as dsse
from cutover.domain.record import ChainHead
from cutover.errors import DigestMismatch, DocumentMissing
from cutover.ports import Clock, LedgerHeads, Records
from cutover.sealing import Sealer


def chains(stream: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The chains that grew in a stream's batch, each once."""
    keys = (record.get("dynamodb", {}).get("Keys", {}) for record in stream)
    named = ((key.get("pk", {}).get("S", ""), key.get("sk", {}).get("S", "")) for key in keys)
    grown = (pk.removeprefix("CHAIN#") for pk, sk in named if pk.startswith("CHAIN#") and sk.startswith("LEDGER#"))
    return tuple(dict.fromkeys(grown))


def seal_head(chain: str, *, records: Records, heads: LedgerHeads, sealer: Sealer, clock: Clock) -> ChainHead:
    """Sign the chain's present head. A head that was sealed before keeps its first signature."""
    head = records.chain(chain)
    if head.entry is None:
        raise DocumentMissing(f"chain {chain} has no entry")
    document = LedgerHead(chain=chain, sequence=head.sequence, entry=head.entry, at=clock.now())
    _, _, content = sealer.seal(document, LEDGER_HEAD_TYPE)
    kept = dsse.parse(heads.put_ledger_head(chain, head.sequence, content))
    standing = LedgerHead.model_validate_json(dsse.decode_base64(kept.payload))
    if standing.entry != head.entry:
        raise DigestMismatch(f"another entry {head.sequence} of {chain} was sealed before: the chain was rewritten")
    return head
