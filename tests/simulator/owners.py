"""What the owners of the policy publish in the course of a release."""

from collections.abc import Callable
from typing import Any

from cutover.contracts.policy import FACTS_TYPE, Facts, Purpose, Rules
from cutover.domain import canonical
from cutover.domain.record import ActivePolicy
from tests.building.keys import Key, seal_bytes
from tests.simulator.world import World


def with_facts(world: World, change: Callable[[dict[str, Any]], object], version: int = 2) -> Facts:
    """Owners publish changed facts, signed by both; the brake stays as it is."""
    said = world.deployment.facts().model_dump(mode="json", by_alias=True)
    change(said)
    facts = Facts.model_validate_json(canonical.encode(said))
    brake = world.wiring.records.brake()
    world.publish(facts=facts, version=version)
    if brake is not None:
        world.wiring.records.set_brake(brake)
    return facts


def with_key_of(world: World, person: str | None, purpose: Purpose = "waiver", **changes: Any) -> Key:
    """Owners publish one more key for a purpose, and say that it is this person's. Its name is ``purpose/person``."""
    key = world.deployment.key(f"{purpose}/{person}")
    trusted = world.deployment.trusted_key(
        purpose, id=key.key_id, public_key=key.public_base64, person=person, **changes
    ).model_dump(mode="json", by_alias=True)
    with_facts(world, lambda said: said["keys"].append(trusted))
    return key


def with_rules(world: World, **changes: Any) -> Rules:
    rules = world.rules().model_copy(update=changes)
    world.publish(rules=rules, version=2)
    return rules


def with_facts_of_one_owner(world: World, version: int = 2) -> None:
    """The pointer names facts that only the first owner has signed."""
    active = world.wiring.records.policy()
    assert active is not None
    content = canonical.encode_model(world.deployment.facts().model_copy(update={"version": version}))
    sealed = seal_bytes(FACTS_TYPE, content, world.deployment.owners[0])
    world.wiring.records.activate_policy(ActivePolicy(rules=active.rules, facts=world.keep(sealed), version=version))
