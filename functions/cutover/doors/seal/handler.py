"""Seal: from the ledger's stream, or asked for chains by name, to signed heads and notices in the write-once store."""

from typing import Any

from cutover.doors.seal.sealing import Seal, chains
from cutover.runtime.observability import observed
from cutover.runtime.wiring import wired


@observed("seal")
def handler(event: dict[str, Any], _context: Any) -> dict[str, int]:
    wiring = wired()
    seal = Seal(
        audience=wiring.settings.audience, records=wiring.records, store=wiring.store, sealer=wiring.sealer("ledger"),
        clock=wiring.clock,
    )  # fmt: skip
    grown = dict.fromkeys((*chains(event.get("Records", ())), *event.get("chains", ())))
    for chain in grown:
        seal.seal(chain)
    return {"sealed": len(grown)}
