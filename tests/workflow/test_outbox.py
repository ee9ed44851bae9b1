"""The outbox: one id, one envelope, one lease at a time, and nothing sent that today's facts speak against."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from cutover.domain import canonical
from cutover.domain.record import ActivePolicy, RevisionRecord, Status
from cutover.errors import DependencyUnavailable
from cutover.stages.hand_off.handing import HandOff
from tests.building.policy import OPENS_AT
from tests.fakes.faults import Faults, faulty
from tests.simulator.journeys import AFTER_OPENING, awaiting_window, handed_off
from tests.simulator.world import World


def hand_off(world: World) -> RevisionRecord:
    """The stage's own logic, once."""
    wiring = world.wiring
    return HandOff(
        store=wiring.store,
        outbox=wiring.store,
        recorder=wiring.recorder("hand-off"),
        policies=wiring.policies,
        destinations=wiring.destinations,
        deployment=wiring.deployment,
        drifting=wiring.drifting,
        succession=wiring.succession(),
        clock=wiring.clock,
        sealer=lambda: wiring.sealer("handoff"),
    ).run(world.record().cutover, 1)


def forge(world: World, **changes: Any) -> None:
    """Somebody who can write the table does."""
    world.wiring.records._set(world.record().model_copy(update=changes))


def active(world: World) -> ActivePolicy:
    policy = world.wiring.records.policy()
    assert policy is not None
    return policy


def test_a_second_attempt_at_the_same_moment_does_not_send_under_the_first_one_s_lease() -> None:
    """Both read ``awaiting_window``; one takes the lease. The other must see that it did not."""
    world = World()
    awaiting_window(world)
    world.clock.move_to(AFTER_OPENING)
    real = world.wiring.records.lane

    def meanwhile(product: str, target: str, *, rehearsal: bool) -> object:
        world.wiring.records.lane = real  # type: ignore[method-assign]
        assert hand_off(world).status == "handed_off"
        return real(product, target, rehearsal=rehearsal)

    world.wiring.records.lane = meanwhile  # type: ignore[method-assign,assignment]
    assert hand_off(world).status == "handed_off"
    assert world.wiring.deployment.sends == 1
    assert world.record().attempt == 1


def test_a_record_that_names_another_revision_s_envelope_sends_nothing() -> None:
    """Whoever can write the table lets a refused revision's envelope be "sent again" by another record."""
    world = World()
    awaiting_window(world)
    world.wiring.deployment.refuse(99)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    stuck = world.record()
    assert stuck.status == "handing_off"
    sends = world.wiring.deployment.sends
    for forged in ({"handoff_id": "sha256:" + "1" * 64}, {"handoff": "sha256:" + "2" * 64}):
        forge(world, **forged, lease_until=OPENS_AT)
        hand_off(world)
        assert world.wiring.deployment.sends == sends
        assert world.ledger()[-1].result == "ENVELOPE_DIFFERS"
        forge(world, handoff_id=stuck.handoff_id, handoff=stuck.handoff)


def kept(world: World) -> list[bytes]:
    return [value for key, value in world.wiring.store.objects.items() if key.startswith("handoffs/")]


@contextmanager
def failing(world: World, port: str, call: str) -> Iterator[None]:
    """Every such call fails before it does anything."""
    faults = Faults()
    faults.before(f"{port}.{call}", times=100)
    found = getattr(world.wiring, port)
    setattr(world.wiring, port, faulty(found, port, faults))
    try:
        yield
    finally:
        setattr(world.wiring, port, found)


def test_one_hand_off_id_has_one_envelope_whatever_was_cut_off() -> None:
    """Cut off between the lease and the outbox: the next attempt keeps and sends the envelope of the record."""
    world = World()
    awaiting_window(world)
    world.clock.move_to(AFTER_OPENING)
    with failing(world, "store", "put_handoff"), pytest.raises(DependencyUnavailable):
        hand_off(world)
    leased = world.record()
    assert (leased.status, kept(world)) == ("handing_off", [])
    world.wiring.recorder("clock").note(leased, "something", result="NOTED")
    world.clock.move(timedelta(seconds=61))
    assert hand_off(world).status == "handed_off"
    assert world.messages() == kept(world)
    assert canonical.digest(world.messages()[0]) == leased.handoff


def test_an_envelope_that_no_lease_names_binds_nobody() -> None:
    """The table fails at transition 18 again and again; meanwhile an approval lapses, and another takes its place."""
    world = World()
    awaiting_window(world)
    world.clock.move_to(AFTER_OPENING)
    with failing(world, "records", "commit"), pytest.raises(DependencyUnavailable):
        hand_off(world)
    assert kept(world) == []
    facts = world.deployment.facts()
    people = {name: person for name, person in facts.people.items() if name != "erin"}
    world.publish(facts=facts.model_copy(update={"version": 2, "people": people}), version=2)
    assert hand_off(world).status == "awaiting_approval"
    world.run()
    world.decide("bo")
    world.run()
    world.clock.move(timedelta(minutes=2))
    world.tick()
    assert world.record().status == "handed_off"
    assert world.messages() == kept(world)


def test_another_envelope_under_the_id_is_never_replaced_nor_sent() -> None:
    """Somebody set the record back after a hand-off, to have it made again."""
    world = World()
    handed_off(world)
    first, sends = kept(world), world.wiring.deployment.sends
    forge(world, status=Status.AWAITING_WINDOW, attempt=0, handoff=None, handoff_id=None, message_id=None)
    world.clock.move(timedelta(minutes=10))
    hand_off(world)
    assert (kept(world), world.wiring.deployment.sends) == (first, sends)
    assert world.record().status == "handing_off"
    assert world.ledger()[-1].result == "ENVELOPE_DIFFERS"


def test_old_facts_do_not_come_back() -> None:
    world = World()
    first = active(world).facts
    world.publish(facts=world.deployment.facts().model_copy(update={"version": 2}), version=2)
    awaiting_window(world)
    policy = active(world)
    world.wiring.records._set(ActivePolicy(rules=policy.rules, facts=first, version=2))
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.messages() == []
    assert world.ledger()[-1].result == "FACTS_ROLLED_BACK"


@pytest.mark.parametrize("purpose", ["candidate", "provenance", "waiver", "bind"])
def test_a_revoked_key_stops_what_relies_on_it(purpose: str) -> None:
    world = World()
    awaiting_window(world)
    facts = world.deployment.facts()
    revoked = tuple(
        key.model_copy(update={"revoked_at": OPENS_AT - timedelta(hours=1)}) if key.purpose == purpose else key
        for key in facts.keys
    )
    world.publish(facts=facts.model_copy(update={"version": 2, "keys": revoked}), version=2)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.messages() == []
    assert world.ledger()[-1].result == "KEY_REVOKED"
