"""DSSE: what is signed, whose signature counts, and every envelope that must not."""

import base64
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cutover.contracts.envelope import Envelope, Signature
from cutover.contracts.policy import TrustedKey
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.errors import Refused
from tests.builders import DEPLOYMENT, KEYS_FROM, KEYS_UNTIL, OPENS_AT, Key, instant, seal, seal_bytes

TYPE = "application/vnd.cutover.test+json"
PAYLOAD = '{"word":"Übergabe ✓"}'.encode()
BIND = DEPLOYMENT.key("bind")
KEYS = DEPLOYMENT.trusted_keys()
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def opened(
    envelope: Envelope, *, keys: tuple[TrustedKey, ...] = KEYS, at: Any = OPENS_AT, product: str | None = None
) -> dsse.Opened:
    return dsse.open_envelope(envelope, payload_type=TYPE, purpose="bind", keys=keys, at=at, product=product)


def code_of(envelope: Envelope, **given: Any) -> str:
    with pytest.raises(Refused) as refused:
        opened(envelope, **given)
    return refused.value.code


def test_pae_is_the_published_example() -> None:
    assert dsse.pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_pae_counts_bytes_not_characters() -> None:
    assert dsse.pae("typ/ü", "ü✓".encode()) == b"DSSEv1 6 typ/\xc3\xbc 5 \xc3\xbc\xe2\x9c\x93"


def test_pae_of_nothing() -> None:
    assert dsse.pae("", b"") == b"DSSEv1 0  0 "


def test_a_signed_payload_is_opened() -> None:
    found = opened(seal(TYPE, PAYLOAD, BIND))
    assert found.payload == PAYLOAD
    assert found.digest == canonical.digest(PAYLOAD)
    assert [key.purpose for key in found.keys] == ["bind"]


def test_a_signature_covers_the_payload_type() -> None:
    sealed = seal("application/other", PAYLOAD, BIND)
    assert code_of(sealed) == "WRONG_PAYLOAD_TYPE"
    assert code_of(sealed.model_copy(update={"payload_type": TYPE})) == "UNTRUSTED_SIGNATURE"


def test_unknown_key_ids_are_ignored() -> None:
    stranger = Key("stranger")
    found = opened(seal(TYPE, PAYLOAD, stranger, BIND))
    assert [key.id for key in found.keys] == [BIND.key_id]


def test_when_nobody_trusted_has_signed_it_is_refused() -> None:
    assert code_of(seal(TYPE, PAYLOAD, Key("stranger"))) == "UNTRUSTED_SIGNATURE"
    assert code_of(seal(TYPE, PAYLOAD, BIND), keys=()) == "UNTRUSTED_SIGNATURE"


def test_a_strangers_signature_under_a_trusted_key_id_is_refused() -> None:
    signature = Key("stranger").sign(dsse.pae(TYPE, PAYLOAD))
    assert code_of(dsse.seal(TYPE, PAYLOAD, (BIND.key_id, signature))) == "UNTRUSTED_SIGNATURE"


def test_an_empty_key_id_counts_for_nobody() -> None:
    signature = BIND.sign(dsse.pae(TYPE, PAYLOAD))
    assert code_of(dsse.seal(TYPE, PAYLOAD, ("", signature))) == "UNTRUSTED_SIGNATURE"


@pytest.mark.parametrize("purpose", ["decide", "handoff", "candidate", "ledger", "waiver"])
def test_a_key_of_another_purpose_is_refused(purpose: str) -> None:
    assert code_of(seal(TYPE, PAYLOAD, DEPLOYMENT.key(purpose))) == "WRONG_KEY_PURPOSE"


def test_two_signatures_of_one_key_are_one_signer() -> None:
    sealed = seal(TYPE, PAYLOAD, BIND, BIND)
    assert dsse.signers(sealed, {BIND.key_id: BIND.public}) == {BIND.key_id}
    assert len(opened(sealed).keys) == 1


def test_one_good_signature_is_enough_beside_a_bad_one_of_the_same_key() -> None:
    good, bad = BIND.sign(dsse.pae(TYPE, PAYLOAD)), BIND.sign(b"something else")
    assert opened(dsse.seal(TYPE, PAYLOAD, (BIND.key_id, bad), (BIND.key_id, good))).payload == PAYLOAD


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (KEYS_FROM, None),
        (instant("2025-12-31T23:59"), "KEY_NOT_VALID"),
        (KEYS_UNTIL, "KEY_NOT_VALID"),
        (instant("2026-12-31T23:59"), None),
    ],
)
def test_a_key_counts_from_its_first_instant_until_just_before_its_last(at: Any, code: str | None) -> None:
    sealed = seal(TYPE, PAYLOAD, BIND)
    if code is None:
        assert opened(sealed, at=at).payload == PAYLOAD
    else:
        assert code_of(sealed, at=at) == code


def test_a_revoked_key_counts_only_before_its_revocation() -> None:
    keys = (DEPLOYMENT.trusted_key("bind", revoked_at=OPENS_AT),)
    sealed = seal(TYPE, PAYLOAD, BIND)
    assert code_of(sealed, keys=keys, at=OPENS_AT) == "KEY_REVOKED"
    assert opened(sealed, keys=keys, at=instant("2026-03-03T19:59")).payload == PAYLOAD


def test_a_key_under_an_id_that_is_not_its_own_is_not_trusted() -> None:
    stranger = Key("stranger")
    forged = DEPLOYMENT.trusted_key("bind", public_key=stranger.public_base64)
    signature = stranger.sign(dsse.pae(TYPE, PAYLOAD))
    assert code_of(dsse.seal(TYPE, PAYLOAD, (BIND.key_id, signature)), keys=(forged,)) == "UNTRUSTED_SIGNATURE"


def test_keys_of_another_kind_verify_nothing() -> None:
    curve = ec.generate_private_key(ec.SECP384R1())
    edwards = ed25519.Ed25519PrivateKey.generate()
    for public in (curve.public_key(), edwards.public_key()):
        spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert not dsse.verify_signature(spki, b"signature", b"message")
    assert not dsse.verify_signature(b"no key at all", b"signature", b"message")


def test_base64_with_trailing_bits_is_refused() -> None:
    assert dsse.decode_base64("QQ==") == b"A"
    for text in ("QR==", "QUJ=", "Q", "QQ", "QQ==\n", "QQ= =", "Q-==", "QQ==QQ==", "ü==="):
        with pytest.raises(Refused) as refused:
            dsse.decode_base64(text)
        assert refused.value.code == "BAD_BASE64"


def test_a_signature_with_trailing_bits_is_refused() -> None:
    """The same signature, spelled otherwise: its bytes decode alike, and still it does not count."""
    sealed, ending = _signed_with_padding()
    signature = sealed.signatures[0]
    last = signature.sig.rstrip("=")[-1]
    odd = signature.sig.removesuffix(last + ending) + ALPHABET[ALPHABET.index(last) + 1] + ending
    assert base64.b64decode(odd) == base64.b64decode(signature.sig)
    other = sealed.model_copy(update={"signatures": (Signature(keyid=signature.keyid, sig=odd),)})
    assert code_of(other) == "BAD_BASE64"


def _signed_with_padding() -> tuple[Envelope, str]:
    """A DER signature has 70 to 72 bytes: some payload gives one whose base64 is padded."""
    for number in range(100):
        sealed = seal(TYPE, PAYLOAD + str(number).encode(), BIND)
        text = sealed.signatures[0].sig
        if text.endswith("="):
            return sealed, text[len(text.rstrip("=")) :]
    raise AssertionError("no padded signature in a hundred")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: b" " + text, "NOT_CANONICAL"),
        (lambda text: text + b"\n", "NOT_CANONICAL"),
        (lambda text: text.replace(b'{"payload"', b'{"extra":1,"payload"'), "NOT_AN_ENVELOPE"),
        (lambda _: b"[]", "NOT_AN_ENVELOPE"),
        (lambda _: b"", "NOT_CANONICAL"),
        (lambda _: b'{"payload":"QQ==","payloadType":"x","signatures":[]}', "NOT_AN_ENVELOPE"),
        (lambda _: b'"' + b"a" * dsse.MAX_ENVELOPE_BYTES + b'"', "DOCUMENT_TOO_LARGE"),
    ],
)
def test_bytes_that_are_no_envelope_are_refused(change: Any, code: str) -> None:
    with pytest.raises(Refused) as refused:
        dsse.parse(change(seal_bytes(TYPE, PAYLOAD, BIND)))
    assert refused.value.code == code


def test_an_envelope_survives_its_bytes() -> None:
    content = seal_bytes(TYPE, PAYLOAD, BIND)
    assert canonical.encode_model(dsse.parse(content)) == content
    assert set(orjson.loads(content)) == {"payload", "payloadType", "signatures"}


def test_a_key_limited_to_products_counts_for_these_alone() -> None:
    sealed = seal(TYPE, PAYLOAD, BIND)

    def outcome(product: str | None, **changes: Any) -> str:
        keys = (DEPLOYMENT.trusted_key("bind", **changes),)
        try:
            found = opened(sealed, keys=keys, product=product)
        except Refused as refused:
            return refused.code
        assert found.keys == keys
        return "OPENED"

    assert outcome("web") == outcome("web", products=("service", "web")) == "OPENED"
    assert outcome("web", products=("service",)) == outcome("web", products=("webs", "we")) == "OUT_OF_SCOPE"
    assert outcome(None, products=("service",)) == "OPENED", "whoever names no product asks ``within`` for it"
    assert outcome("web", products=("service",), revoked_at=KEYS_FROM) == "KEY_REVOKED", "the rest comes first"


def test_of_several_signatures_those_for_the_product_count() -> None:
    other = Key("another builder")
    limited = DEPLOYMENT.trusted_key("bind", id=other.key_id, public_key=other.public_base64, products=("service",))
    sealed, keys = seal(TYPE, PAYLOAD, BIND, other), (*KEYS, limited)
    assert [key.id for key in opened(sealed, keys=keys, product="web").keys] == [BIND.key_id]
    assert len(opened(sealed, keys=keys, product="service").keys) == 2
