"""A revision rests on whoever signed its Sigstore bundles, and ends when they are revoked (DESIGN §5, row 24)."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
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
from tests.attesting.test_opening import IDENTITY, SECOND, SIGNED_AT
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


def test_an_identity_that_is_listed_again_is_another(provenance: bytes) -> None:
    """After a compromise the owners list a workflow anew; what was signed before then stays ended."""
    before = IDENTITY.model_copy(update={"revoked_at": AS_OF})
    again = IDENTITY.model_copy(update={"not_before": AS_OF})
    rests_on = relied(provenance, IDENTITY)
    for listed in ((before, again), (again, before)):
        assert revoked(rests_on, *listed) == rests_on
        assert relied(provenance, *listed) == rests_on, "the later one does not count for it"
    narrower = before.model_copy(update={"products": ("other",)})
    for listed in ((IDENTITY, narrower), (narrower, IDENTITY)):
        assert revoked(rests_on, *listed) == rests_on, "two entries with one time are one"


def test_what_was_signed_after_it_was_listed_again_rests_on_the_later_entry_only(provenance: bytes) -> None:
    gone = IDENTITY.model_copy(update={"revoked_at": SIGNED_AT - SECOND, "not_before": instant("2024-01-01T00:00")})
    rests_on = relied(provenance, gone, IDENTITY)
    assert rests_on == (identity_id(IDENTITY),)
    assert revoked(rests_on, gone, IDENTITY) == ()
    assert revoked(rests_on, gone, IDENTITY.model_copy(update={"revoked_at": AS_OF})) == rests_on


@pytest.mark.parametrize(
    ("changes", "relies"),
    [
        ({"not_after": SIGNED_AT - SECOND}, False),
        ({"not_after": SIGNED_AT}, False),
        ({"not_after": SIGNED_AT + SECOND}, True),
        ({"not_before": SIGNED_AT + timedelta(minutes=10)}, True),
        ({"not_before": SIGNED_AT + timedelta(minutes=10) + SECOND}, False),
        ({"revoked_at": SIGNED_AT}, False),
        ({"revoked_at": SIGNED_AT + SECOND}, True),
    ],
)
def test_on_an_identity_that_can_have_counted_while_its_certificate_was_valid(
    provenance: bytes, changes: dict[str, Any], relies: bool
) -> None:
    """When it signed within the certificate's ten minutes, only a proof tells. With no other, it rests on that one."""
    identity = IDENTITY.model_copy(update=changes | {"identity": "https://github.com/slsa-framework/*"})
    assert (identity_id(identity) in relied(provenance, identity, IDENTITY)) is relies
    assert relied(provenance, identity) == (identity_id(identity),)


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
