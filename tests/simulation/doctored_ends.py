"""Leases, sends and ends that are wrong in one way each: what the invariants must notice."""

import dataclasses
import functools
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from cutover.domain.record import Brake, Status
from tests.building.policy import CLOSES_AT
from tests.simulation import rest, sending
from tests.simulation.chaos import Invocation
from tests.simulation.environment import copied
from tests.simulation.observer import Observer
from tests.simulation.scene import Scene
from tests.simulation.simulation import Simulation
from tests.simulation.starts import start


def _leased(change: Callable[[Scene, Invocation], object]) -> None:
    scene = Scene("sent in vain")
    invocation, _ = scene.sending()
    invocation.read.pop("records.commit")
    scene.sim.world.clock.move(timedelta(seconds=61))  # the lease before is over
    change(scene, invocation)
    entry = scene.entry("handing-off-again", 19, role="hand-off", to="handing_off")
    write = scene.write(entry, scene.image(status=Status.HANDING_OFF), function="stages.hand_off")
    sending.leased_rightly(scene.seen, dataclasses.replace(write, invocation=invocation))


def _not_current(scene: Scene, _invocation: Invocation) -> None:
    records = scene.sim.world.wiring.records
    lane = records.lane(scene.record.product, scene.record.target)
    assert lane is not None
    records._set(lane.model_copy(update={"revision": 2}))


def _braked(_scene: Scene, invocation: Invocation) -> None:
    invocation.read["records.brake"] = (Brake(engaged=True), 3)


def _brake_unknown(_scene: Scene, invocation: Invocation) -> None:
    invocation.read["records.brake"] = (None, 3)


def _tombstoned(_scene: Scene, invocation: Invocation) -> None:
    invocation.read["store.has_tombstone"] = (True, 4)


def _closed(scene: Scene, _invocation: Invocation) -> None:
    scene.sim.world.clock.move_to(CLOSES_AT)


def _lease_still_on(scene: Scene, _invocation: Invocation) -> None:
    later = scene.sim.world.clock.now() + timedelta(seconds=5)
    scene.seen.records[scene.name] = scene.record.model_copy(update={"lease_until": later})


def _person_gone(scene: Scene, invocation: Invocation) -> None:
    active = invocation.read["records.policy"][0]
    facts = scene.sim.world.known_facts[active.facts.payload]
    fewer = {name: person for name, person in facts.people.items() if name != "omar"}
    scene.sim.world.known_facts[active.facts.payload] = facts.model_copy(update={"people": fewer})


def _sent(check: Callable[..., None], change: Callable[[Scene, Invocation, dict[str, Any]], object]) -> None:
    scene = Scene("sent in vain")
    invocation, given = scene.sending()
    change(scene, invocation, given)
    check(scene.seen, invocation, given)


def _other_bytes(_scene: Scene, _invocation: Invocation, given: dict[str, Any]) -> None:
    given["body"] += b" "


def _lease_over(scene: Scene, _invocation: Invocation, _given: dict[str, Any]) -> None:
    scene.sim.world.clock.move(timedelta(minutes=2))


def _ended(scene: Scene, _invocation: Invocation, _given: dict[str, Any]) -> None:
    scene.seen.records[scene.name] = scene.image(status=Status.WITHDRAWN)


def _overtaken(_scene: Scene, invocation: Invocation, _given: dict[str, Any]) -> None:
    invocation.read["attempt"] = (9, 2)


def _looked_before_the_lease(_scene: Scene, invocation: Invocation, _given: dict[str, Any]) -> None:
    invocation.read["records.brake"] = (Brake(engaged=False), 1)


def _no_lease(_scene: Scene, invocation: Invocation, _given: dict[str, Any]) -> None:
    del invocation.read["records.commit"]


def _waits_elsewhere() -> None:
    scene = Scene()
    next(iter(scene.sim.world.machine.executions.values())).state = "AwaitWindow"
    rest.at_rest(scene.seen)


def _two_wait() -> None:
    scene = Scene()
    executions = scene.sim.world.machine.executions
    executions["another"] = next(iter(executions.values()))
    rest.at_rest(scene.seen)


def _stands_still() -> None:
    scene = Scene("approved")
    rest.at_rest(scene.seen)


def _goes_on() -> None:
    scene = Scene()
    scene.seen.records[scene.name] = scene.image(status=Status.EXPIRED)
    rest.at_rest(scene.seen)


def _undecided() -> None:
    rest.admissions_decided(_empty("announced"))


def _empty(name: str) -> Observer:
    sim = Simulation(copied(start(name)), seed=1)
    return sim.observer


def _never_sent() -> None:
    scene = Scene("handed off")
    scene.sim.world.wiring.deployment.messages(scene.record.target).clear()
    rest.queues_have_what_was_sent(scene.seen)


def _sent_for_nobody() -> None:
    scene = Scene("handed off")
    scene.seen.records.clear()
    rest.queues_have_what_was_sent(scene.seen)


def _another_end() -> None:
    scene = Scene()
    scene.seen.records[scene.name] = scene.image(status=Status.EXPIRED)
    rest.one_story(scene.seen)


def _unsealed() -> None:
    scene = Scene()
    objects = scene.sim.world.wiring.store.objects
    for key in [each for each in objects if each.startswith("ledger/")]:
        del objects[key]
    rest.all_sealed(scene.seen)


def _unnoticed() -> None:
    scene = Scene("superseded")
    objects = scene.sim.world.wiring.store.objects
    for key in [each for each in objects if each.startswith("notices/")]:
        del objects[key]
    rest.all_sealed(scene.seen)


def _not_over() -> None:
    rest.all_over(Scene().seen)


def _each(show: Callable[[Any], None], changes: Iterable[Any]) -> tuple[Callable[[], None], ...]:
    return tuple(functools.partial(show, change) for change in changes)


BROKEN_ENDS: dict[Callable[..., None], tuple[Callable[[], None], ...]] = {
    sending.leased_rightly: _each(
        _leased, (_not_current, _braked, _brake_unknown, _tombstoned, _closed, _person_gone, _lease_still_on)
    ),
    sending.one_envelope: _each(functools.partial(_sent, sending.one_envelope), (_other_bytes,)),
    sending.in_its_lease: _each(
        functools.partial(_sent, sending.in_its_lease), (_other_bytes, _lease_over, _ended, _overtaken)
    ),
    sending.after_the_last_look: _each(
        functools.partial(_sent, sending.after_the_last_look), (_looked_before_the_lease, _no_lease)
    ),
    rest.at_rest: (_waits_elsewhere, _two_wait, _stands_still, _goes_on),
    rest.admissions_decided: (_undecided,),
    rest.queues_have_what_was_sent: (_never_sent, _sent_for_nobody),
    rest.one_story: (_another_end,),
    rest.all_sealed: (_unsealed, _unnoticed),
    rest.all_over: (_not_over,),
}
"""For each invariant of leases, sends and rest the ways to break it that it is shown to notice."""
