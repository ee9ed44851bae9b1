"""Who acts when: drawn from the seed. A run is short: some dozen acts under faults, then calm, rest, and its end."""

from collections.abc import Callable
from datetime import timedelta

from cutover.domain import attempts
from tests.building.policy import EXPIRES_AT
from tests.simulation import ci, holds, operators, orders, people, rest, services, sources
from tests.simulation.environment import copied
from tests.simulation.finale import finale
from tests.simulation.settling import settle
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
    "announce": (2, ci.announce),
    "nonsense": (1, ci.nonsense),
    "decide": (14, people.decide),
    "post-again": (2, people.again),
    "look": (1, people.look),
    "stop": (1, operators.stop),
    "publish": (3, operators.publish),
    "brake": (1, orders.brake),
    "change": (1, sources.change),
    "comment": (1, sources.comment),
    "withdraw": (1, orders.withdraw),
    "resolve": (6, holds.resolve),
    "receive": (2, orders.receive),
}
OPTIONAL = (
    "announce",
    "nonsense",
    "post-again",
    "look",
    "stop",
    "publish",
    "brake",
    "change",
    "comment",
    "forget",
    "withdraw",
)
"""Each run leaves some of these out, so that what remains meets more often."""
ACTS_PER_RUN = (10, 45)
TICKS = (60,) * 4 + (300,) * 3 + (1200,) * 3 + (4 * 3600,) * 2
"""Seconds between the clock's runs after the faults: all repairs have had their time then."""
FINALES = 0.25
QUIET = 2
"""So many runs of the clock in which nothing happened: nothing more will, before people or the window come."""


def simulate(seed: int, say: Say = lambda _line: None) -> Simulation:
    """One whole run. ``Failed`` when it broke an invariant."""
    chosen = START_NAMES[seed % len(START_NAMES)]
    sim = Simulation(copied(start(chosen)), seed, say)
    sim.tell(f"seed {seed} starts as {chosen}")
    try:
        _stormy(sim)
        mended = _rest(sim)
        if mended and sim.source.random() < FINALES:
            finale(sim)
        _end(sim)
    except Violation as violation:
        sim.tell(f"VIOLATION: {violation}")
        raise Failed(seed, violation) from None
    return sim


def _stormy(sim: Simulation) -> None:
    sim.draw_faults()
    ci.remember(sim)
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


def _rest(sim: Simulation) -> bool:
    """No more faults and no more people: what runs by itself, until nothing more comes of it.

    Whether the owners gave back before what they had taken away.
    """
    sim.calm()
    sim.tell("calm")
    mended = sim.source.random() < 0.7
    if mended:
        operators.mend(sim)
    services.redrive(sim)
    settle(sim)
    quiet = 0
    for seconds in TICKS:
        taken = sim.observer.rows.total()
        sim.wait(seconds)
        services.clock(sim)
        settle(sim)
        quiet = quiet + 1 if sim.observer.rows.total() == taken and _at_rest(sim) else 0
        if quiet == QUIET:
            break
    for check in rest.OF_REST:
        if mended or check not in rest.NEEDS_POLICY:
            check(sim.observer)
    return mended


def _end(sim: Simulation) -> None:
    """Every expiry passes."""
    sim.tell("the end comes")
    sim.world.clock.move_to(max(sim.world.clock.now(), EXPIRES_AT + timedelta(minutes=1)))
    for seconds in (0, 60, 3600):
        sim.wait(seconds)
        services.clock(sim)
        settle(sim)
    for check in rest.OF_END:
        if sim.known.get("facts", operators.WHOLE) == operators.WHOLE or check not in rest.NEEDS_POLICY:
            check(sim.observer)


def _at_rest(sim: Simulation) -> bool:
    """Whether everything has ended, or waits for people or time, and nobody has to be told of anything."""
    records, admissions = sim.observer.records.values(), sim.observer.admissions.values()
    resting = all(rest.quiet(each) and each.signal is None for each in records)
    decided = all(each.status.value != "admitting" or attempts.abandoned(each) for each in admissions)
    return (
        resting and decided and not any(sim.world.machine.ready(each) for each in sim.world.machine.executions.values())
    )
