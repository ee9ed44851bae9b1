"""The last act of some runs: nothing goes wrong any more, everybody helps, and what can be handed off must be."""

from collections import Counter
from datetime import timedelta

from cutover.contracts.resolution import RESOLUTION_TYPE
from cutover.domain.record import RevisionRecord
from tests.building.policy import CLOSES_AT, OPENS_AT
from tests.simulation import orders, people, protocol, services
from tests.simulation.settling import settle
from tests.simulation.simulation import Simulation
from tests.simulation.violation import demand
from tests.simulator.journeys import open_holds
from tests.simulator.resolving import mended, resolution, waived

ROUNDS = 45
APPROVERS = ("erin", "omar")
ANSWERS = 3
IN_TIME = timedelta(minutes=50)
"""Less than that before the close, nobody begins."""


def finale(sim: Simulation) -> None:
    """Until the window closes, or nothing is left that could be handed off."""
    if sim.world.clock.now() > CLOSES_AT - IN_TIME:
        return
    sim.tell("everybody helps")
    for _ in range(ROUNDS):
        going = _going(sim)
        if not going:
            break
        orders.free(sim)
        for record in going:
            _help(sim, record)
        if all(record.status.value == "awaiting_window" for record in going):
            sim.world.clock.move_to(max(sim.world.clock.now(), OPENS_AT + timedelta(minutes=1)))
        sim.wait(61)
        services.clock(sim)
        settle(sim)
    left = [(record.cutover, record.revision, record.status.value) for record in _going(sim)]
    demand(not left, f"nothing stands in the way of {left}, and they are not handed off")
    sim.done["finale"] += 1


def _going(sim: Simulation) -> list[RevisionRecord]:
    """Live revisions that nothing stands in the way of: no tombstone, and nobody else in their slot."""
    wiring = sim.world.wiring
    found = []
    for name, record in sim.observer.records.items():
        if record.status.value == "held" and _tried(sim)[name] > ANSWERS:
            continue  # what can be neither waived nor mended needs another candidate
        if record.status.value == "awaiting_approval" and not all(
            people.asked(sim, record, each) for each in APPROVERS
        ):
            continue  # somebody was not in the facts when people were asked: only another revision asks them
        live = record.status.value in protocol.LIVE or record.status.value == "handing_off"
        slot = wiring.records.slot(sim.world.deployment.queue_arn, record.window)
        free = slot is None or (slot.cutover, slot.revision) == name
        if live and free and not wiring.store.has_tombstone(*name):
            found.append(record)
    return found[:1]  # two products want the same slot: one after the other


def _tried(sim: Simulation) -> Counter[tuple[str, int]]:
    """How often each held revision's holds were answered."""
    tried: Counter[tuple[str, int]] = sim.known.setdefault("tried", Counter())
    return tried


def _help(sim: Simulation, record: RevisionRecord) -> None:
    if record.status.value == "held":
        tried = _tried(sim)
        tried[record.cutover, record.revision] += 1
        waive = tried[record.cutover, record.revision] % 2
        for hold in open_holds(sim.world, record):
            said = resolution(sim.world, hold, waived(sim.world, hold) if waive else mended(), record)
            orders.send(sim, "resolutions", said, RESOLUTION_TYPE, "resolution")
            settle(sim)
    if record.deferral is not None and record.status.value == "deferred":
        # Nobody else may, nor they themselves in another role.
        _says(sim, record, record.deferral.person, "resume", record.deferral.role)
    if record.status.value == "awaiting_approval":
        for person in APPROVERS:
            _says(sim, record, person, "approve")
            settle(sim)


def _says(sim: Simulation, record: RevisionRecord, person: str, decision: str, role: str | None = None) -> None:
    asked = people.asked(sim, record, person, role)
    if asked is not None:
        people.answer(sim, asked, decision)
