"""Row 19: new rules take effect with their activation, and never for what is on its way."""

from collections.abc import Callable

import pytest

from cutover.contracts.manifest import Manifest
from cutover.contracts.policy import FACTS_TYPE, RULES_TYPE, Rules
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.record import RevisionRecord
from cutover_cli import policy_governing
from tests.building.keys import seal
from tests.simulator.journeys import AFTER_OPENING, announced, awaiting_approval, awaiting_window, open_holds
from tests.simulator.world import World

REASON = "INC-12: an image with a known hole was released"
LAX = {"close_margin": 60}


def stricter(world: World) -> Rules:
    """From now on every release brings a scan."""
    return world.rules().model_copy(
        update={
            **LAX, "version": 2, "attestations": {**world.rules().attestations, "scan": "https://example.com/scan/v1"},
            "enforce_now": {"attestations.scan": REASON},
        }
    )  # fmt: skip


@pytest.fixture
def world() -> World:
    world = World()
    world.publish(rules=world.rules().model_copy(update=LAX))
    return world


def activate(world: World, rules: Rules) -> None:
    """As the command does, signed by both owners."""
    owners = world.deployment.owners
    sealed = (
        seal(kind, canonical.encode_model(each), *owners)
        for kind, each in ((RULES_TYPE, rules), (FACTS_TYPE, world.deployment.facts()))
    )
    policy_governing.activate(
        world.deployment.root(), *sealed,
        targets=[world.deployment.target], store=world.wiring.store, records=world.wiring.records, clock=world.clock,
    )  # fmt: skip


def bound_rules(world: World, record: RevisionRecord) -> str:
    """The rules that the manifest binds."""
    assert record.manifest is not None
    sealed = dsse.parse(world.wiring.store.get(record.manifest.envelope, limit=10**6))
    return Manifest.model_validate_json(dsse.decode_base64(sealed.payload)).predicate.rules


@pytest.mark.parametrize("reach", [awaiting_approval, awaiting_window])
def test_what_waits_keeps_its_rules_and_the_next_candidate_gets_the_new_ones(
    world: World, reach: Callable[[World], RevisionRecord]
) -> None:
    before = reach(world)
    old, new = before.rules.payload, canonical.digest_model(stricter(world))
    activate(world, stricter(world))
    world.tick()
    waiting = world.record()
    assert (waiting.status, waiting.rules.payload, waiting.revision) == (before.status, old, before.revision)
    assert bound_rules(world, waiting) == old

    announced(world, world.candidate(sequence=2))
    following = world.record(revision=2)
    assert following.rules.payload == new
    assert {hold.code for hold in open_holds(world, following)} == {"ATTESTATION_MISSING"}


def test_a_release_goes_out_by_the_rules_that_it_was_admitted_by(world: World) -> None:
    waiting = awaiting_window(world)
    activate(world, stricter(world))
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    done = world.record()
    assert (done.status, done.rules) == ("handed_off", waiting.rules)
