"""A revision rests on whoever signed its Sigstore bundles, and ends when they are revoked (DESIGN §5, row 24)."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from cutover.contracts.policy import KeylessIdentity
from cutover.domain import reliance
from cutover.domain.identities import identity_id
from tests.attesting.log import Log, bundle
from tests.attesting.test_opening import IDENTITY, SECOND
from tests.attesting.test_slsa_bundle import NAME
from tests.building.keys import Key
from tests.building.policy import AS_OF, DEPLOYMENT, instant

PROVENANCE = DEPLOYMENT.key("provenance")
TRUSTED = DEPLOYMENT.trusted_keys()
BY_KEY = bundle(b"{}", PROVENANCE, Log())


def relied(content: bytes, *identities: KeylessIdentity) -> tuple[str, ...]:
    return reliance.keys((), [content], TRUSTED, identities)


def revoked(relied_on: tuple[str, ...], *identities: KeylessIdentity) -> tuple[str, ...]:
    facts = DEPLOYMENT.facts().model_copy(update={"identities": identities})
    return reliance.revoked(relied_on, facts, AS_OF)


@pytest.fixture
def provenance(vectors: Path) -> bytes:
    return (vectors / "slsa" / f"{NAME}.intoto.jsonl").read_bytes()


def test_on_the_key_behind_a_bundle() -> None:
    assert relied(BY_KEY) == (PROVENANCE.key_id,)
    assert relied(bundle(b"{}", Key("nobody"), Log())) == ()


def test_on_nobody_of_what_says_not_that_it_is_a_bundle() -> None:
    said = json.loads(BY_KEY)
    del said["mediaType"]
    assert relied(orjson.dumps(said)) == ()


def test_on_every_identity_that_its_certificate_is_of(provenance: bytes) -> None:
    wider = IDENTITY.model_copy(update={"identity": "https://github.com/slsa-framework/*"})
    other = IDENTITY.model_copy(update={"ref": "refs/heads/next"})
    assert set(relied(provenance, IDENTITY, wider, other)) == {identity_id(IDENTITY), identity_id(wider)}
    assert relied(provenance) == ()


def test_a_revoked_identity_ends_it_and_a_shorter_one_does_not(provenance: bytes) -> None:
    rests_on = relied(provenance, IDENTITY)
    assert revoked(rests_on, IDENTITY) == ()
    assert revoked(rests_on, IDENTITY.model_copy(update={"not_after": instant("2025-03-01T00:00")})) == ()
    assert revoked(rests_on, IDENTITY.model_copy(update={"revoked_at": AS_OF + SECOND})) == ()
    assert revoked(rests_on, IDENTITY.model_copy(update={"revoked_at": AS_OF})) == rests_on
    assert revoked(rests_on) == rests_on, "an identity that the facts do not know any more"


@pytest.mark.parametrize("value", [None, 0, "", "x", "AAAA", [], {}])
def test_what_cannot_be_read_is_signed_by_nobody(provenance: bytes, value: Any) -> None:
    spoiled = json.loads(provenance)
    spoiled["verificationMaterial"]["certificate"]["rawBytes"] = value
    assert relied(orjson.dumps(spoiled), IDENTITY) == ()
    for part in ("payload", "payloadType", "signatures"):
        by_key = json.loads(BY_KEY)
        by_key["dsseEnvelope"][part] = value
        assert relied(orjson.dumps(by_key)) == ()
