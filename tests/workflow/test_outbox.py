"""The outbox: one id, one envelope, one lease at a time, and nothing sent that today's facts speak against."""

from datetime import timedelta
from typing import Any

import pytest

from cutover.domain.record import ActivePolicy, RevisionRecord
from cutover.errors import DependencyUnavailable
from cutover.stages.hand_off.handing import HandOff
from tests.building.policy import OPENS_AT
from tests.simulator.journeys import AFTER_OPENING, awaiting_window
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

    def meanwhile(product: str, target: str) -> object:
        world.wiring.records.lane = real  # type: ignore[method-assign]
        assert hand_off(world).status == "handed_off"
        return real(product, target)

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


def test_one_hand_off_id_has_one_envelope_whatever_was_cut_off() -> None:
    """The ledger grew between two attempts, so the second would say something else: the first one stands."""
    world = World()
    awaiting_window(world)
    world.clock.move_to(AFTER_OPENING)
    real = world.wiring.records.commit

    def fail(_commit: object) -> None:
        raise DependencyUnavailable("the table")

    world.wiring.records.commit = fail  # type: ignore[method-assign,assignment]
    with pytest.raises(DependencyUnavailable):
        hand_off(world)
    world.wiring.records.commit = real  # type: ignore[method-assign]
    kept = {key: value for key, value in world.wiring.store.objects.items() if key.startswith("handoffs/")}
    assert len(kept) == 1
    world.wiring.recorder("clock").note(world.record(), "something", result="NOTED")
    assert hand_off(world).status == "handed_off"
    assert world.messages() == list(kept.values())


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
