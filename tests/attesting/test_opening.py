"""Whose statements count: envelopes, bundles by keys and bundles by certificates, against one policy."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from cutover.attesting.opening import Opening
from cutover.attesting.roots import public_good_root
from cutover.contracts.base import Digest
from cutover.contracts.envelope import IN_TOTO_TYPE
from cutover.contracts.policy import Facts, KeylessIdentity, Purpose
from cutover.domain import canonical, checks
from cutover.domain.statements import Signed
from cutover.errors import DependencyUnavailable, DigestMismatch, DocumentMissing, Refused
from tests.attesting.corpus import GITHUB
from tests.attesting.log import Log, bundle, bundle_said
from tests.attesting.test_slsa_bundle import BUILDER, COMMIT, NAME, REPOSITORY
from tests.building.keys import Key, seal_bytes
from tests.building.policy import AS_OF, DEPLOYMENT, KEYS_FROM, KEYS_UNTIL, instant
from tests.checks.stating import Published, release, v1

LOG = Log()
PAYLOAD = b'{"_type":"https://in-toto.io/Statement/v1","subject":[]}'
SECOND = timedelta(seconds=1)
SIGNED_AT = instant("2025-02-25T21:58:50")
"""When the public builder's certificate began; the log took the entry in within the same minute."""
IDENTITY = KeylessIdentity(
    purpose="provenance", issuer=GITHUB, identity=BUILDER, repository=REPOSITORY, ref="refs/heads/main",
    not_before=instant("2025-01-01T00:00"), not_after=instant("2027-01-01T00:00"),
)  # fmt: skip


class Shelf:
    """Bytes by digest, as the store has them; ``altered`` ones are other than their name says."""

    def __init__(self, *contents: bytes, altered: bytes | None = None) -> None:
        self.contents = {canonical.digest(each): each for each in contents}
        self.altered = altered

    def __call__(self, digest: Digest, *, limit: int) -> bytes:
        if digest not in self.contents:
            raise DocumentMissing(digest)
        return (self.altered or self.contents[digest])[:limit]


def facts(root: bytes | None, *identities: KeylessIdentity, **key: Any) -> Facts:
    known = DEPLOYMENT.facts()
    keys = tuple(
        DEPLOYMENT.trusted_key("provenance", **key) if each.purpose == "provenance" else each for each in known.keys
    )
    pinned = canonical.digest(root) if root is not None else None
    return known.model_copy(update={"keys": keys, "identities": identities, "trusted_root": pinned})


def opened(
    content: bytes,
    policy: Facts,
    *shelf: bytes,
    purpose: Purpose = "provenance",
    product: str = "service",
    at: datetime = AS_OF,
) -> Signed:
    return Opening(Shelf(*shelf))(content, purpose=purpose, facts=policy, product=product, at=at)


def code(*args: Any, **options: Any) -> str:
    with pytest.raises(Refused) as refused:
        opened(*args, **options)
    return refused.value.code


ENVELOPE = seal_bytes(IN_TOTO_TYPE, PAYLOAD, DEPLOYMENT.key("provenance"))
BY_KEY = bundle(PAYLOAD, DEPLOYMENT.key("provenance"), LOG)


@pytest.mark.parametrize("content", [ENVELOPE, BY_KEY], ids=["envelope", "bundle"])
class TestByAKey:
    def test_it_counts(self, content: bytes) -> None:
        assert opened(content, facts(LOG.root()), LOG.root()) == Signed(PAYLOAD, (DEPLOYMENT.key("provenance").key_id,))

    def test_for_its_purpose_only(self, content: bytes) -> None:
        assert code(content, facts(LOG.root()), LOG.root(), purpose="attestation") == "WRONG_KEY_PURPOSE"

    def test_while_it_is_valid_only(self, content: bytes) -> None:
        policy = facts(LOG.root())
        assert opened(content, policy, LOG.root(), at=KEYS_UNTIL - SECOND).keys
        assert code(content, policy, LOG.root(), at=KEYS_UNTIL) == "KEY_NOT_VALID"
        assert code(content, policy, LOG.root(), at=KEYS_FROM - SECOND) == "KEY_NOT_VALID"

    def test_until_it_is_revoked_only(self, content: bytes) -> None:
        assert opened(content, facts(LOG.root(), revoked_at=AS_OF + SECOND), LOG.root()).keys
        assert code(content, facts(LOG.root(), revoked_at=AS_OF), LOG.root()) == "KEY_REVOKED"

    def test_for_its_products_only(self, content: bytes) -> None:
        assert opened(content, facts(LOG.root(), products=("other", "service")), LOG.root()).keys
        assert code(content, facts(LOG.root(), products=("other",)), LOG.root()) == "OUT_OF_SCOPE"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (seal_bytes(IN_TOTO_TYPE, PAYLOAD, Key("somebody")), "UNTRUSTED_SIGNATURE"),
        (bundle(PAYLOAD, Key("somebody"), LOG), "KEY_NOT_TRUSTED"),
        (seal_bytes("text/plain", PAYLOAD, DEPLOYMENT.key("provenance")), "WRONG_PAYLOAD_TYPE"),
        (bundle(PAYLOAD, DEPLOYMENT.key("provenance"), LOG, payload_type="text/plain"), "WRONG_PAYLOAD_TYPE"),
        (b"{}", "NOT_AN_ENVELOPE"),
        (b"not JSON", "EVIDENCE_UNREADABLE"),
        (b'{"mediaType":"application/vnd.dev.sigstore.bundle.v0.9+json"}', "BUNDLE_UNREADABLE"),
    ],
)
def test_what_does_not_count_says_why(content: bytes, expected: str) -> None:
    assert code(content, facts(LOG.root()), LOG.root()) == expected


def test_the_pinned_root_and_no_other_is_used() -> None:
    assert code(BY_KEY, facts(None), LOG.root()) == "TRUSTED_ROOT_MISSING"
    assert code(BY_KEY, facts(LOG.root())) == "TRUSTED_ROOT_MISSING"
    assert code(BY_KEY, facts(Log(Key("other")).root()), LOG.root()) == "TRUSTED_ROOT_MISSING"


def test_an_altered_root_is_refused_whoever_notices() -> None:
    def store(digest: Digest, *, limit: int) -> bytes:
        raise DigestMismatch(digest)

    for load in (Shelf(LOG.root(), altered=Log(Key("other")).root()), store):
        with pytest.raises(Refused) as refused:
            Opening(load)(BY_KEY, purpose="provenance", facts=facts(LOG.root()), product="service", at=AS_OF)
        assert refused.value.code == "TRUSTED_ROOT_ALTERED"


def test_a_plain_envelope_needs_no_root() -> None:
    assert opened(ENVELOPE, facts(None)).payload == PAYLOAD


def test_what_is_read_is_what_was_signed() -> None:
    """A second envelope, or a second spelling of the payload, that only some readers would find."""
    said = bundle_said(PAYLOAD, DEPLOYMENT.key("provenance"), LOG)
    signed = said.pop("dsseEnvelope")
    shown = {**signed, "payload": base64.b64encode(b"{}").decode()}
    broken = {**signed, "payload": signed["payload"] + "\n"}
    for spoiled in (
        {"dsse_envelope": signed, "dsseEnvelope": shown},
        {"dsse_envelope": signed},
        {"dsseEnvelope": broken},
    ):
        assert code(orjson.dumps(said | spoiled), facts(LOG.root()), LOG.root()) == "BUNDLE_UNREADABLE"


@pytest.mark.parametrize("stated", [b'{"subject":[],"subject":[{}]}', b'{"x":NaN}', b"not JSON", b"\xff"])
def test_what_is_stated_can_be_read_in_one_way_only(stated: bytes) -> None:
    key = DEPLOYMENT.key("provenance")
    for content in (bundle(stated, key, LOG), seal_bytes(IN_TOTO_TYPE, stated, key)):
        assert code(content, facts(LOG.root()), LOG.root()) == "EVIDENCE_UNREADABLE"


def test_a_store_that_does_not_answer_is_no_finding() -> None:
    """The state machine tries the whole family again; a hold would never go away by itself."""

    def unavailable(digest: Digest, *, limit: int) -> bytes:
        raise DependencyUnavailable("the store throttled")

    context = release(Published(v1(), DEPLOYMENT.key("provenance")))
    documents = {**context.documents}
    for each in context.evidence_set.collections[-1].evidence:
        if each.unwraps is None:
            documents[each.sha256] = BY_KEY
    with pytest.raises(DependencyUnavailable):
        checks.run(
            "attestations",
            replace(context, documents=documents, statements=Opening(unavailable), facts=facts(LOG.root())),
        )


class Counting(Shelf):
    """How often it was asked; it does not answer the first time."""

    def __init__(self, *contents: bytes, failing: int = 0) -> None:
        super().__init__(*contents)
        self.asked, self.failing = 0, failing

    def __call__(self, digest: Digest, *, limit: int) -> bytes:
        self.asked += 1
        if self.asked <= self.failing:
            raise DependencyUnavailable("the store throttled")
        return super().__call__(digest, limit=limit)


def test_each_statement_is_proved_once() -> None:
    """Every rule about provenance asks for every statement again."""
    shelf, policy = Counting(LOG.root()), facts(LOG.root())
    opening = Opening(shelf)
    first = opening(BY_KEY, purpose="provenance", facts=policy, product="service", at=AS_OF)
    assert opening(bytes(bytearray(BY_KEY)), purpose="provenance", facts=policy, product="service", at=AS_OF) is first
    other = bundle(b'{"a":1}', DEPLOYMENT.key("provenance"), LOG)
    assert opening(other, purpose="provenance", facts=policy, product="service", at=AS_OF).payload == b'{"a":1}'
    assert shelf.asked == 1


def test_what_was_refused_once_is_refused_again() -> None:
    """Without asking the store for the root that it did not have."""
    shelf, policy = Counting(), facts(LOG.root())
    opening = Opening(shelf)
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            opening(BY_KEY, purpose="provenance", facts=policy, product="service", at=AS_OF)
        assert refused.value.code == "TRUSTED_ROOT_MISSING"
    assert shelf.asked == 1


@pytest.mark.parametrize("content", [ENVELOPE, BY_KEY], ids=["envelope", "bundle"])
def test_nothing_is_remembered_of_another_question(content: bytes) -> None:
    opening, policy = Opening(Shelf(LOG.root())), facts(LOG.root(), products=("service",))
    asked: dict[str, Any] = {"purpose": "provenance", "facts": policy, "product": "service", "at": AS_OF}
    revoked = facts(LOG.root(), revoked_at=AS_OF)
    for _ in range(2):
        assert opening(content, **asked).payload == PAYLOAD
        for change, expected in (
            ({"purpose": "attestation"}, "WRONG_KEY_PURPOSE"),
            ({"product": "web"}, "OUT_OF_SCOPE"),
            ({"at": KEYS_UNTIL}, "KEY_NOT_VALID"),
            ({"facts": revoked}, "KEY_REVOKED"),
        ):
            with pytest.raises(Refused) as refused:
                opening(content, **asked | change)
            assert refused.value.code == expected


def test_a_store_that_did_not_answer_is_asked_again() -> None:
    opening, policy = Opening(Counting(LOG.root(), failing=1)), facts(LOG.root())
    with pytest.raises(DependencyUnavailable):
        opening(BY_KEY, purpose="provenance", facts=policy, product="service", at=AS_OF)
    assert opening(BY_KEY, purpose="provenance", facts=policy, product="service", at=AS_OF).payload == PAYLOAD


@pytest.fixture
def provenance(vectors: Path) -> bytes:
    return (vectors / "slsa" / f"{NAME}.intoto.jsonl").read_bytes()


def test_a_certificate_of_a_trusted_identity_counts(provenance: bytes) -> None:
    root = public_good_root()
    signed = opened(provenance, facts(root, IDENTITY), root)
    assert signed.payload == base64.b64decode(json.loads(provenance)["dsseEnvelope"]["payload"])
    assert (signed.keys, signed.issuer, signed.identity) == ((), GITHUB, BUILDER)
    assert (signed.repository, signed.ref, signed.commit) == (REPOSITORY, "refs/heads/main", COMMIT)
    assert signed.event == "workflow_dispatch"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"issuer": "https://accounts.google.com"}, "IDENTITY_NOT_TRUSTED"),
        ({"identity": BUILDER.replace("v2.1.0", "v9")}, "IDENTITY_NOT_TRUSTED"),
        ({"repository": "https://github.com/evil/fork"}, "SOURCE_NOT_TRUSTED"),
        ({"ref": "refs/tags/*"}, "SOURCE_NOT_TRUSTED"),
        ({"purpose": "attestation"}, "WRONG_IDENTITY_PURPOSE"),
        ({"not_after": SIGNED_AT}, "IDENTITY_NOT_VALID"),
        ({"not_before": SIGNED_AT + timedelta(minutes=10)}, "IDENTITY_NOT_VALID"),
        ({"revoked_at": AS_OF}, "IDENTITY_REVOKED"),
        ({"revoked_at": SIGNED_AT}, "IDENTITY_REVOKED"),
        ({"products": ("other",)}, "OUT_OF_SCOPE"),
    ],
)
def test_a_certificate_of_anybody_else_does_not(provenance: bytes, changes: dict[str, Any], expected: str) -> None:
    root = public_good_root()
    assert code(provenance, facts(root, IDENTITY.model_copy(update=changes)), root) == expected


def test_what_was_signed_after_a_revocation_never_counts(provenance: bytes) -> None:
    """Even where it is asked as of an earlier instant."""
    root, early = public_good_root(), SIGNED_AT - timedelta(days=1)
    revoked = IDENTITY.model_copy(update={"revoked_at": SIGNED_AT - timedelta(hours=1)})
    assert code(provenance, facts(root, revoked), root, at=early) == "IDENTITY_REVOKED"


def test_nobody_is_trusted_by_default(provenance: bytes) -> None:
    root = public_good_root()
    assert code(provenance, facts(root), root) == "IDENTITY_NOT_TRUSTED"


def test_one_of_several_identities_is_enough(provenance: bytes) -> None:
    root = public_good_root()
    revoked = IDENTITY.model_copy(update={"revoked_at": AS_OF})
    wider = IDENTITY.model_copy(update={"identity": "https://github.com/slsa-framework/*", "products": ("service",)})
    assert opened(provenance, facts(root, revoked, wider), root).identity == BUILDER


def test_what_was_signed_while_it_was_valid_counts_after_it_ended(provenance: bytes) -> None:
    """Rotation: an identity's time is when it signed; only a revocation blocks what is pending."""
    root = public_good_root()
    ended = IDENTITY.model_copy(update={"not_after": SIGNED_AT + timedelta(hours=1)})
    assert opened(provenance, facts(root, ended), root, at=AS_OF).identity == BUILDER
    later = IDENTITY.model_copy(update={"revoked_at": AS_OF + SECOND})
    assert opened(provenance, facts(root, later), root, at=AS_OF).identity == BUILDER


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said["dsseEnvelope"].update(payload=base64.b64encode(PAYLOAD).decode()),
        lambda said: said["dsseEnvelope"]["signatures"][0].update(sig=base64.b64encode(b"x" * 70).decode()),
    ],
)
def test_an_altered_bundle_is_refused(provenance: bytes, change: Callable[[Any], None]) -> None:
    said, root = json.loads(provenance), public_good_root()
    change(said)
    assert code(orjson.dumps(said), facts(root, IDENTITY), root) == "SIGNATURE_INVALID"
