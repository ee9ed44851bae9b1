"""AWS as an actor: Step Functions, streams, queues, and time. Each function does one thing; False: there was none."""

from datetime import timedelta

from pydantic import BaseModel

from tests.building.policy import CLOSES_AT, OPENS_AT
from tests.simulation.simulation import Simulation

BATCH = 6
VISIBILITY = 30
"""Seconds until a queue shows a message again that was not taken."""
MOST_RECEIVES = 5
MOST_TRIES = 8
"""A batch that fails so often goes to the failure queue: nobody reads it in this run."""


def machine(sim: Simulation) -> bool:
    """One execution goes one state on."""
    ready = [each for each in sim.world.machine.executions.values() if sim.world.machine.ready(each)]
    if not ready:
        return False
    execution = sim.source.choice(ready)
    sim.call(lambda: sim.world.machine.step(execution), f"machine {execution.name[:18]} {execution.state}")
    return True


def relay(sim: Simulation) -> bool:
    return _stream(sim, "doors.relay")


def seal(sim: Simulation) -> bool:
    return _stream(sim, "doors.seal")


def _stream(sim: Simulation, door: str) -> bool:
    """A batch arrives: the oldest or any others, once or again; the relay's may get lost, the clock repairs that."""
    stream = sim.world.streams[door]
    if not stream:
        return _again(sim, door)
    start = 0 if sim.source.random() < 0.7 else sim.source.randrange(len(stream))
    sim.chaos.met["reorder", "stream"] += start > 0
    batch = stream[start : start + sim.source.randint(1, BATCH)]
    del stream[start : start + len(batch)]
    if door == "doors.relay" and sim.chaos.rate and sim.source.random() < 0.1:
        sim.tell(f"lost: {len(batch)} of the stream")
        sim.chaos.met["drop", "stream"] += 1
        return True
    deliver(sim, door, batch)
    return True


def deliver(sim: Simulation, door: str, batch: list[BaseModel]) -> None:
    """Lambda tries a failing batch again, at once; after some tries it goes to the failure queue."""
    for _ in range(MOST_TRIES):
        if sim.call(lambda: sim.world.stream(door, batch), f"{door} gets {len(batch)}"):
            sim.past.append((door, batch))
            return
        if sim.chaos.stack:
            sim.world.streams[door][:0] = batch
            return
    sim.tell(f"{door} gives a batch up")
    sim.done["given-up"] += 1
    sim.failures.append((door, batch))


def redrive(sim: Simulation) -> None:
    """Operators send what lies in the failure queues once more."""
    for door, batch in sim.failures:
        sim.world.streams[door] += batch
    sim.failures.clear()
    for message in sim.dead:
        message.tries = 0
    sim.world.queue += sim.dead
    sim.dead.clear()


def _again(sim: Simulation, door: str) -> bool:
    """What came once comes once more."""
    past = [batch for read_by, batch in sim.past if read_by == door]
    if not past or sim.source.random() < 0.8:
        return False
    batch = sim.source.choice(past)
    sim.chaos.met["duplicate", "stream"] += 1
    sim.call(lambda: sim.world.stream(door, batch), f"{door} gets {len(batch)} again")
    return True


def queue(sim: Simulation) -> bool:
    """A message reaches its door. It can come again; where the door fails, it comes again a moment later."""
    if not sim.world.queue:
        return False
    message = sim.world.queue.pop(sim.source.randrange(len(sim.world.queue)))
    taken = sim.call(lambda: sim.world.receive(message), f"{message.door} gets a message")
    if not taken:
        sim.wait(VISIBILITY)
    again = bool(sim.chaos.rate) and sim.source.random() < 0.1
    sim.chaos.met["duplicate", "queue"] += again
    message.tries += not taken
    if message.tries >= MOST_RECEIVES:
        sim.tell(f"a message for {message.door} goes to the dead-letter queue")
        sim.dead.append(message)
    elif again or not taken:
        sim.world.queue.append(message)
    return True


def clock(sim: Simulation) -> bool:
    """The minute's rule calls the clock."""
    sim.wait(sim.source.choice((0, 20, 60)) if sim.chaos.rate else 0)
    sim.call(lambda: sim.world.invoke("doors.clock", {}), "clock")
    return True


def time(sim: Simulation) -> bool:
    """Time passes: seconds, minutes, or until something is due or the window opens or closes."""
    now, source = sim.world.clock.now(), sim.source
    moments = [
        OPENS_AT + timedelta(seconds=source.randint(-5, 40)),
        CLOSES_AT - timedelta(seconds=source.randint(0, 60)),
    ]
    moments += sorted(each.due_at for each in sim.observer.records.values() if each.due_at is not None)
    until = source.choice(moments)
    if source.random() < 0.65 or until <= now:
        sim.wait(source.choice((1, 3, 10, 30, 61, 301, 1800)))
    elif until < OPENS_AT or source.random() < 0.5:
        sim.wait((until - now).total_seconds())
    sim.tell("time passes")
    return True


def forget(sim: Simulation) -> bool:
    """The Powertools table is emptied: no outcome may change."""
    sim.world.forget()
    sim.tell("the idempotency table is emptied")
    return True
