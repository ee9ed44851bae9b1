"""Who acts when: drawn from the seed. A run is short: some dozen acts under faults, then calm, rest, and its end."""

from collections.abc import Callable
from datetime import timedelta

from tests.building.policy import EXPIRES_AT
from tests.simulation import ci, invariants, operators, people, rest, services, sources
from tests.simulation.environment import copied
from tests.simulation.simulation import Failed, Say, Simulation
from tests.simulation.starts import START_NAMES, start
from tests.simulation.violation import Violation

Act = Callable[[Simulation], bool]
ACTS: dict[str, tuple[int, Act]] = {
    "machine": (30, services.machine),
    "relay": (16, services.relay),
    "seal": (3, services.seal),
    "queue": (10, services.queue),
    "clock": (8, services.clock),
    "time": (8, services.time),
    "forget": (1, services.forget),
    "announce": (3, ci.announce),
    "nonsense": (1, ci.nonsense),
    "decide": (10, people.decide),
    "post-again": (2, people.again),
    "look": (1, people.look),
    "stop": (1, operators.stop),
    "publish": (2, operators.publish),
    "brake": (1, operators.brake),
    "change": (1, sources.change),
    "comment": (1, sources.comment),
    "take": (2, sources.take),
}
OPTIONAL = ("announce", "nonsense", "post-again", "look", "stop", "publish", "brake", "change", "comment", "forget")
"""Each run leaves some of these out, so that what remains meets more often."""
ACTS_PER_RUN = (10, 45)
TICKS = (60,) * 4 + (300,) * 3 + (1200,) * 3 + (4 * 3600,) * 2
"""Seconds between the clock's runs after the faults: all repairs have had their time then."""


def simulate(seed: int, say: Say = lambda _line: None) -> Simulation:
    """One whole run. ``Failed`` when it broke an invariant."""
    chosen = START_NAMES[seed % len(START_NAMES)]
    sim = Simulation(copied(start(chosen)), seed, say)
    sim.tell(f"seed {seed} starts as {chosen}")
    try:
        _stormy(sim)
        _rest(sim)
        _end(sim)
    except Violation as violation:
        sim.tell(f"VIOLATION: {violation}")
        raise Failed(seed, violation) from None
    return sim


def _stormy(sim: Simulation) -> None:
    sim.draw_faults()
    left_out = {name for name in OPTIONAL if sim.source.random() < 0.4}
    if not sim.observer.admissions:
        left_out -= {"announce"}
        ci.announce(sim)
    names = [name for name in ACTS if name not in left_out]
    weights = [ACTS[name][0] for name in names]

    def act() -> None:
        for _ in range(8):
            if ACTS[sim.source.choices(names, weights)[0]][1](sim):
                return

    def meanwhile() -> None:
        for _ in range(sim.source.randint(1, 4)):
            act()

    sim.chaos.meanwhile = meanwhile
    for _ in range(sim.source.randint(*ACTS_PER_RUN)):
        act()


def _rest(sim: Simulation) -> None:
    """No more faults and no more people: what runs by itself, until nothing more comes of it."""
    sim.calm()
    sim.tell("calm")
    mended = sim.source.random() < 0.7
    if mended:
        operators.mend(sim)
    settle(sim)
    for seconds in TICKS:
        if _at_rest(sim):
            break
        sim.wait(seconds)
        services.clock(sim)
        settle(sim)
    for check in rest.OF_REST:
        if mended or check is not rest.at_rest:  # without its keys and people a release may well stand still
            check(sim.observer)


def _end(sim: Simulation) -> None:
    """Every expiry passes."""
    sim.tell("the end comes")
    sim.world.clock.move_to(max(sim.world.clock.now(), EXPIRES_AT + timedelta(minutes=1)))
    for seconds in (0, 60, 300, 3600):
        sim.wait(seconds)
        services.clock(sim)
        settle(sim)
    for check in rest.OF_END:
        check(sim.observer)


def settle(sim: Simulation, limit: int = 400) -> None:
    """Queues, streams and executions, until nothing is left to do now."""
    for _ in range(limit):
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


def _at_rest(sim: Simulation) -> bool:
    """Whether nothing is due before long, by itself."""
    soon = sim.world.clock.now() + timedelta(hours=4)
    dates = [each.due_at for each in sim.observer.records.values()]
    dates += [each.due_at for each in sim.observer.admissions.values()]
    due = [each for each in dates if each is not None and each <= soon]
    return not due and not any(each.status == "SLEEPING" for each in sim.world.machine.executions.values())


__all__ = ["ACTS", "invariants", "settle", "simulate"]
