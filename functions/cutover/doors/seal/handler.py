"""Seal: from the ledger's stream, each hour, or asked for chains by name, to signed heads and notices in the write-once
store, and to events on the bus and metrics.
"""

from typing import Any

from cutover.domain.tallies import tallies_of
from cutover.doors.seal.sealing import Seal, chains
from cutover.errors import DigestMismatch
from cutover.runtime.observability import count, observed
from cutover.runtime.wiring import wired


@observed("seal")
def handler(event: dict[str, Any], _context: Any) -> dict[str, int]:
    wiring = wired()
    seal = Seal(
        audience=wiring.settings.audience, records=wiring.records, store=wiring.store, sealer=wiring.sealer("ledger"),
        announcements=wiring.announcements, clock=wiring.clock,
    )  # fmt: skip
    named = (*chains(event.get("Records", ())), *event.get("chains", ()))
    grown = dict.fromkeys((*named, *(seal.written() if event.get("repair") else ())))
    failed: list[Exception] = []
    for chain in grown:
        try:
            entries = seal.seal(chain)
        except Exception as error:  # noqa: BLE001 - raised below: no chain waits for what another one failed with
            failed.append(error)
        else:
            # Counted once the head is kept: what is sealed again because it failed is not counted twice.
            count(tallies_of(entries, wiring.records.ledger(chain)))
    if failed:
        raise next((each for each in failed if isinstance(each, DigestMismatch)), failed[0])
    return {"sealed": len(grown)}
