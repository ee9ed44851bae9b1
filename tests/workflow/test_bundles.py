"""Sigstore bundles on the whole road: by a managed key, and a real release by a public builder without any key."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cutover.attesting.roots import public_good_root
from cutover.contracts.candidate import Candidate
from cutover.contracts.policy import BuildOrigin, Facts
from cutover.domain import canonical
from tests.attesting.corpus import GITHUB
from tests.attesting.log import Log, bundle
from tests.attesting.test_slsa_bundle import BUILDER, COMMIT, NAME, REPOSITORY, WORKFLOW
from tests.building.keys import Key
from tests.building.policy import OPENS_AT
from tests.building.records import Record
from tests.simulator.journeys import (
    AFTER_OPENING,
    announced,
    awaiting_approval,
    awaiting_window,
    handed_off,
    open_holds,
    revise,
)
from tests.simulator.world import World

LOG = Log()
STATEMENT = "/components/0/provenance/statement"
BUILDS = {
    "builders": (BUILDER,), "repositories": (REPOSITORY,), "refs": ("refs/heads/main",), "workflows": (WORKFLOW,),
}  # fmt: skip
IDENTITY: dict[str, Any] = {
    "purpose": "provenance", "issuer": GITHUB, "identity": BUILDER, "repository": REPOSITORY, "ref": "refs/heads/main",
    "not_before": "2025-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z", "revoked_at": None, "products": [],
}  # fmt: skip


@dataclass(frozen=True)
class Bundled(Record):
    """A record that its source has as a Sigstore bundle."""

    published: bytes = b""

    def content(self) -> bytes:
        return self.published


def publish(world: World, content: bytes) -> None:
    known = world.records["provenance"]
    fields = {field.name: getattr(known, field.name) for field in dataclasses.fields(Record)}
    world.records["provenance"] = Bundled(**fields, published=content)
    world.records["provenance"] = world.upload(world.records["provenance"])


def trust(
    world: World, root: bytes, *identities: Any, version: int = 2, builds: Mapping[str, tuple[str, ...]] | None = None
) -> None:
    """The owners pin a trusted root, trust identities, and say where the product is built."""
    facts = world.deployment.facts().model_dump(mode="json", by_alias=True)
    facts |= {"trusted_root": world.wiring.store.put(root), "identities": list(identities)}
    rules = world.rules()
    if builds is not None:
        rules = rules.model_copy(update={"builds": {"service": BuildOrigin(**builds)}})
    world.publish(rules=rules, facts=Facts.model_validate_json(canonical.encode(facts)), version=version)


def by_key(key: Key | None = None) -> World:
    world = World()
    publish(world, bundle(world.records["provenance"].payload, key or world.deployment.key("provenance"), LOG))
    return world


def held(world: World, candidate: Candidate | None = None) -> list[tuple[str, str, str]]:
    record = announced(world, candidate)
    assert record.status == "held"
    return [(hold.code, hold.field, hold.found.partition(":")[0]) for hold in open_holds(world, record)]


def test_a_release_whose_provenance_is_a_bundle_by_a_trusted_key_is_handed_off() -> None:
    world = by_key()
    trust(world, LOG.root())
    record = handed_off(world)
    assert world.deployment.key("provenance").key_id in record.relies_on


def test_without_a_pinned_root_it_is_held() -> None:
    assert held(by_key()) == [("PROVENANCE_UNTRUSTED", STATEMENT, "TRUSTED_ROOT_MISSING")]


def test_a_bundle_by_a_stranger_is_held() -> None:
    world = by_key(Key("somebody"))
    trust(world, LOG.root())
    assert held(world) == [("PROVENANCE_UNTRUSTED", STATEMENT, "KEY_NOT_TRUSTED")]


def test_a_bundle_from_another_log_is_held() -> None:
    world = by_key()
    trust(world, Log(Key("another log")).root())
    assert held(world) == [("PROVENANCE_UNTRUSTED", STATEMENT, "LOG_PROOF_INVALID")]


def real(vectors: Path, world: World, *identities: Any, **builds: tuple[str, ...]) -> Candidate:
    """The candidate of a real binary of a public builder, and a policy that trusts that builder."""
    binary = (vectors / "slsa" / NAME).read_bytes()
    digest = canonical.digest(binary)
    publish(world, (vectors / "slsa" / f"{NAME}.intoto.jsonl").read_bytes())
    trust(world, public_good_root(), *identities, builds=BUILDS | builds)
    subject = [{"name": NAME, "digest": {"sha256": digest.removeprefix("sha256:")}}]
    revise(world, "tests", lambda said: said.update(subject=subject))
    candidate = world.candidate(repository=REPOSITORY, commit=COMMIT)
    component = candidate.components[0]
    version = world.wiring.bucket.put("shop-registry", component.artifact.record, binary)
    artifact = component.artifact.model_copy(update={"version": version, "digest": digest})
    return candidate.model_copy(update={"components": (component.model_copy(update={"artifact": artifact}),)})


def test_a_real_release_of_a_public_builder_comes_to_its_approvers(vectors: Path) -> None:
    world = World()
    record = awaiting_approval(world, real(vectors, world, IDENTITY))
    assert record.bundle is not None
    assert BUILDER.encode() in world.wiring.store.get(record.bundle, limit=2**24)


@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        (IDENTITY | {"ref": "refs/tags/*"}, "SOURCE_NOT_TRUSTED"),
        (IDENTITY | {"issuer": "https://accounts.google.com"}, "IDENTITY_NOT_TRUSTED"),
        (IDENTITY | {"purpose": "attestation"}, "WRONG_IDENTITY_PURPOSE"),
        (IDENTITY | {"not_after": "2025-02-01T00:00:00Z"}, "IDENTITY_NOT_VALID"),
    ],
)
def test_by_an_identity_that_does_not_count_it_is_held(vectors: Path, identity: Any, reason: str) -> None:
    world = World()
    assert held(world, real(vectors, world, identity)) == [("PROVENANCE_UNTRUSTED", STATEMENT, reason)]


@pytest.mark.parametrize(
    ("builds", "code", "field"),
    [
        ({"builders": ()}, "PROVENANCE_BUILDER_NOT_ALLOWED", "builder"),
        (
            {"repositories": (f"{REPOSITORY}-other",)},
            "PROVENANCE_REPOSITORY_NOT_ALLOWED",
            "repository",
        ),
        ({"refs": ("refs/tags/*",)}, "PROVENANCE_REF_NOT_ALLOWED", "ref"),
        ({"workflows": ("release.yml",)}, "PROVENANCE_WORKFLOW_NOT_ALLOWED", "workflow"),
    ],
)
def test_built_where_the_policy_does_not_allow_it_is_held(vectors: Path, builds: Any, code: str, field: str) -> None:
    world = World()
    found = held(world, real(vectors, world, IDENTITY, **builds))
    assert [each[:2] for each in found] == [(code, STATEMENT.replace("statement", field))]


def test_a_revoked_identity_stops_what_relies_on_it(vectors: Path) -> None:
    world = World()
    awaiting_window(world, real(vectors, world, IDENTITY))
    revoked = IDENTITY | {"revoked_at": OPENS_AT.strftime("%Y-%m-%dT%H:%M:%SZ")}
    trust(world, public_good_root(), revoked, version=3, builds=BUILDS)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.messages() == []
    assert world.ledger()[-1].result == "KEY_REVOKED"


def test_an_identity_that_is_revoked_under_the_hand_off_stops_it(vectors: Path) -> None:
    """After the clock's last look, and before the message: HandOff asks of every signer of the package for itself."""
    world = World()
    awaiting_window(world, real(vectors, world, IDENTITY))
    ended = IDENTITY | {"revoked_at": "2026-03-02T00:00:00Z"}

    def before(name: str, _payload: Any) -> None:
        if name == "HandOff":
            trust(world, public_good_root(), ended, version=9, builds=BUILDS)

    world.before_invoke = before
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().reason == "KEY_REVOKED"
    assert world.messages() == []
