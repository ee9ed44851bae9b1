"""Reading policy: nothing counts that both owners of the pinned root have not signed."""

from typing import Any

import pytest

from cutover.contracts.policy import FACTS_TYPE, RULES_TYPE, Facts, Rules
from cutover.domain import canonical
from cutover.domain.record import ActivePolicy
from cutover.errors import DigestMismatch, DocumentMissing, Refused
from cutover.policies import PolicyReader
from tests.building.keys import Key, seal_bytes
from tests.building.policy import OTHER_DEPLOYMENT
from tests.simulator.world import World


def reader(world: World) -> PolicyReader:
    return PolicyReader(
        records=world.wiring.records, store=world.wiring.store,
        fingerprint=world.wiring.settings.text("CUTOVER_ROOT_FINGERPRINT"),
    )  # fmt: skip


def activate(world: World, *, rules: bytes | None = None, facts: bytes | None = None) -> None:
    active = world.wiring.records.policy()
    assert active is not None
    world.wiring.records.activate_policy(
        ActivePolicy(
            rules=world.keep(rules) if rules else active.rules,
            facts=world.keep(facts) if facts else active.facts,
            version=active.version + 1,
        )
    )


def encoded(document: Rules | Facts) -> bytes:
    return canonical.encode_model(document)


def test_what_both_owners_signed_is_loaded() -> None:
    world = World()
    policy = reader(world).active()
    assert (policy.rules, policy.facts) == (world.rules(), world.deployment.facts())
    assert policy.rules_digest == canonical.digest_model(world.rules())


def signers(world: World) -> dict[str, tuple[Key, ...]]:
    ana, otto = world.deployment.owners
    stranger = Key("nobody")
    return {
        "only the first": (ana,), "only the second": (otto,), "the first twice": (ana, ana),
        "one and a stranger": (ana, stranger), "strangers": (stranger, Key("somebody")),
        "another deployment's owners": OTHER_DEPLOYMENT.owners,
    }  # fmt: skip


@pytest.mark.parametrize("who", signers(World()))
@pytest.mark.parametrize("part", ["rules", "facts"])
def test_a_policy_without_both_signatures_is_refused(who: str, part: str) -> None:
    """Row 19: when it is loaded, whatever the pointer says."""
    world = World()
    keys = signers(world)[who]
    document: Any = world.rules() if part == "rules" else world.deployment.facts()
    kind = RULES_TYPE if part == "rules" else FACTS_TYPE
    activate(world, **{part: seal_bytes(kind, encoded(document), *keys)})
    with pytest.raises(Refused) as refused:
        reader(world).active()
    assert refused.value.code == "POLICY_NOT_SIGNED_BY_BOTH"


def test_rules_are_no_facts() -> None:
    world = World()
    activate(world, facts=world.deployment.sealed_rules())
    with pytest.raises(Refused) as refused:
        reader(world).active()
    assert refused.value.code == "WRONG_PAYLOAD_TYPE"


def test_a_policy_for_another_audience_is_refused() -> None:
    world = World()
    facts = world.deployment.facts().model_copy(update={"audience": OTHER_DEPLOYMENT.audience})
    activate(world, facts=world.deployment.sealed_facts(encoded(facts)))
    with pytest.raises(Refused) as refused:
        reader(world).active()
    assert refused.value.code == "WRONG_AUDIENCE"


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"{}", "POLICY_INVALID"), (b'{ "schema":"cutover/facts/v1"}', "NOT_CANONICAL"), (b"", "NOT_CANONICAL")],
)
def test_what_is_no_policy_is_refused_though_both_signed_it(payload: bytes, code: str) -> None:
    world = World()
    activate(world, facts=seal_bytes(FACTS_TYPE, payload, *world.deployment.owners))
    with pytest.raises(Refused) as refused:
        reader(world).active()
    assert refused.value.code == code


def test_no_policy_is_refused() -> None:
    world = World()
    world.wiring.records._models.pop(("ActivePolicy",))
    with pytest.raises(Refused) as refused:
        reader(world).active()
    assert refused.value.code == "NO_POLICY"


def test_another_root_than_the_pinned_one_is_refused() -> None:
    world = World()
    digest = world.wiring.settings.text("CUTOVER_ROOT_FINGERPRINT")
    world.wiring.store.objects["sha256/" + digest.removeprefix("sha256:")] = canonical.encode_model(
        OTHER_DEPLOYMENT.root()
    )
    with pytest.raises(DigestMismatch):
        reader(world).active()


def test_a_reference_with_another_payload_is_refused() -> None:
    world = World()
    active = world.wiring.records.policy()
    assert active is not None
    mixed = active.rules.model_copy(update={"payload": active.facts.payload})
    with pytest.raises(DigestMismatch):
        reader(world).rules(mixed)
    with pytest.raises(DocumentMissing):
        reader(world).facts(active.facts.model_copy(update={"envelope": "sha256:" + "0" * 64}))


def test_which_is_active_is_asked_every_time_and_pinned_ones_stay() -> None:
    world = World()
    policies = reader(world)
    first = policies.active()
    newer = world.deployment.facts().model_copy(update={"version": 2})
    activate(world, facts=world.deployment.sealed_facts(encoded(newer)))
    assert policies.active().facts.version == 2
    assert policies.pinned(first.rules_reference, first.facts_reference) == first
