"""Source systems as actors: their records change, in what a package consumes or beside it."""

from typing import Any

from tests.simulation.simulation import Simulation
from tests.simulator.journeys import revise


def change(sim: Simulation) -> bool:
    """A value that packages consume is another one from now on."""
    number = sim.known["changes"] = sim.known.get("changes", 0) + 1

    def rename(said: dict[str, Any]) -> None:
        said["title"] = f"Cancel orders, take {number}"

    revise(sim.world, "change", rename)
    sim.tell("sources change a consumed value")
    sim.done["source:changed"] += 1
    return True


def comment(sim: Simulation) -> bool:
    """Somebody comments on the change: nothing that a package consumes."""

    def remark(said: dict[str, Any]) -> None:
        said["comments"] = [*said["comments"], "Seen."]

    revise(sim.world, "change", remark)
    sim.tell("sources get a comment")
    sim.done["source:commented"] += 1
    return True
