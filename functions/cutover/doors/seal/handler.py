"""Seal: from the ledger's stream to signed heads in the write-once store."""

from typing import Any

from cutover.doors.seal.sealing import chains, seal_head
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired


@observed("seal")
def handler(event: dict[str, Any], _context: Any) -> dict[str, int]:
    wiring = wired()
    grown = chains(event.get("Records", ()))
    for chain in grown:
        seal_head(chain, records=wiring.records, heads=wiring.store, sealer=wiring.sealer("ledger"), clock=wiring.clock)
    return {"sealed": len(grown)}
