"""Source systems and the deployment's side as actors: records change, messages are taken."""

import json
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


def take(sim: Simulation) -> bool:
    """The consumer takes what is new in its queue."""
    messages = sim.world.wiring.deployment.messages(sim.world.deployment.target)
    taken: dict[str, Any] = sim.known.setdefault("taken", {})
    fresh = [each for each in messages if each.deduplication_id not in taken]
    if not fresh:
        return False
    message = fresh[0]
    taken[message.deduplication_id] = json.loads(message.body)
    sim.tell(f"the consumer takes {message.deduplication_id[:8]}")
    sim.done["taken"] += 1
    return True
