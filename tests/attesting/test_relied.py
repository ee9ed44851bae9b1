"""A revision rests on whoever signed its Sigstore bundles, and ends when they are revoked (DESIGN §5, row 24)."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from cutover.attesting.reading import read
from cutover.contracts.policy import KeylessIdentity
from cutover.domain import reliance
from cutover.domain.identities import identity_id
from cutover.errors import Refused
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


def snake(value: Any) -> Any:
    """The same in the other spelling that the JSON of protocol buffers allows, all the way down."""
    if isinstance(value, dict):
        return {re.sub("(?<!^)(?=[A-Z])", "_", name).lower(): snake(each) for name, each in value.items()}
    return [snake(each) for each in value] if isinstance(value, list) else value


def test_nothing_opens_under_a_certificate_that_nothing_rests_on(provenance: bytes) -> None:
    """The library reads more spellings than we do: who signs in one of those could be revoked to no effect."""
    assert read(provenance).certificate is not None
    for respelt in (_material_renamed, _material_respelt, _certificate_broken_in_two):
        content = respelt(json.loads(provenance))
        assert relied(content, IDENTITY) == ()
        with pytest.raises(Refused, match="spelt") as refused:
            read(content)
        assert refused.value.code == "BUNDLE_UNREADABLE"


def _material_renamed(said: Any) -> bytes:
    said["verification_material"] = said.pop("verificationMaterial")
    return orjson.dumps(said)


def _material_respelt(said: Any) -> bytes:
    said["verificationMaterial"] = snake(said["verificationMaterial"])
    return orjson.dumps(said)


def _certificate_broken_in_two(said: Any) -> bytes:
    certificate = said["verificationMaterial"]["certificate"]
    certificate["rawBytes"] = certificate["rawBytes"][:40] + "\n" + certificate["rawBytes"][40:]
    return orjson.dumps(said)


def _renamed(within: Any, name: str) -> None:
    within |= snake({name: within.pop(name)})


def _broken(within: Any, name: str) -> None:
    within[name] += "\n"


@pytest.mark.parametrize(
    "respelt",
    [
        lambda said: _renamed(said, "dsseEnvelope"),
        lambda said: _renamed(said["dsseEnvelope"], "payloadType"),
        lambda said: _broken(said["dsseEnvelope"], "payload"),
        lambda said: _broken(said["dsseEnvelope"]["signatures"][0], "sig"),
    ],
)
def test_nothing_opens_under_a_key_that_nothing_rests_on(respelt: Callable[[Any], None]) -> None:
    said = json.loads(BY_KEY)
    assert read(orjson.dumps(said)).certificate is None
    respelt(said)
    assert relied(orjson.dumps(said)) == ()
    with pytest.raises(Refused, match="spelt") as refused:
        read(orjson.dumps(said))
    assert refused.value.code == "BUNDLE_UNREADABLE"
