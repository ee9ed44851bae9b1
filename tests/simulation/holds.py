"""Whoever has to answer holds, as an actor: with a waiver, a corrected record, or the word that it was mended."""

from typing import Any

from cutover.contracts.resolution import RESOLUTION_TYPE
from tests.simulation.orders import send
from tests.simulation.simulation import Simulation
from tests.simulator.journeys import open_holds, revise
from tests.simulator.resolving import Answer, corrected, mended, resolution, waived

KINDS = ("waiver",) * 6 + ("evidence",) * 2 + ("mended",) * 2


def resolve(sim: Simulation) -> bool:
    """One open hold of a revision is answered; sometimes of one that was held once."""
    held = [each for each in sim.observer.records.values() if each.hold_register and each.status.value in STANDING]
    if not held:
        return False
    record = sim.source.choice(held)
    found = open_holds(sim.world, record)
    if not found:
        return False
    hold = sim.source.choice(found)
    kind = sim.source.choice(KINDS)
    said = resolution(sim.world, hold, _answer(sim, kind, hold), record)
    sim.tell(f"somebody answers {hold.code} of revision {record.revision}: {kind}")
    send(sim, "resolutions", said, RESOLUTION_TYPE, "resolution")
    return True


STANDING = frozenset({"held", "superseded", "declined", "rehearsed"})


def _answer(sim: Simulation, kind: str, hold: Any) -> Answer:
    if kind == "waiver":
        return waived(sim.world, hold)
    if kind == "mended":
        return mended()
    revise(sim.world, "rollback", _drilled)
    return corrected(sim.world, "rollback")


def _drilled(said: dict[str, Any]) -> None:
    for step in said["steps"]:
        step["drilled_at"] = "2026-03-01T09:00:00Z"
