"""Letting everything that can happen by itself happen now."""

from tests.simulation import services
from tests.simulation.simulation import Simulation
from tests.simulation.violation import Violation


def settle(sim: Simulation, limit: int = 400) -> None:
    """Queues, streams and executions, until nothing is left to do now."""
    for number in range(limit):
        if number % 20 == 19:
            sim.wait(1)  # doing something takes time, and clocks that are apart need some to agree
        if not (_emptied(sim) or services.machine(sim)):
            return
    raise Violation("the world does not come to rest")


def _emptied(sim: Simulation) -> bool:
    for door, stream in sim.world.streams.items():
        if stream:
            batch = stream[:10]
            del stream[:10]
            services.deliver(sim, door, batch)
            return True
    return bool(sim.world.queue) and services.queue(sim)
