"""The contracts of ``Signer`` and ``Mac``."""

import base64
import hashlib
import json
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from cutover.adapters.kms_mac import KmsMac
from cutover.adapters.kms_signer import KmsSigner
from cutover.domain.envelope import verify_signature
from cutover.errors import DependencyUnavailable
from cutover.ports import Mac
from tests.adapters import wire
from tests.adapters.conftest import IMPLEMENTATIONS, Clients
from tests.adapters.wire import always, on_the_wire
from tests.fakes.clock import START
from tests.fakes.keys import LocalMac, LocalSigner

LONG = b"m" * 10_000


def kms_that_signs_digests(key: ec.EllipticCurvePrivateKey, seen: list[dict[str, Any]]) -> wire.Handler:
    """KMS ``Sign`` with ``MessageType`` ``DIGEST``, which moto does not have."""

    def handle(request: AWSPreparedRequest) -> AWSResponse:
        asked = json.loads(wire.text(request))
        seen.append(asked)
        signature = key.sign(base64.b64decode(asked["Message"]), ec.ECDSA(Prehashed(SHA256())))
        return wire.success(Signature=base64.b64encode(signature).decode(), KeyId=asked["KeyId"])

    return handle


def test_kms_signs_the_digest_of_any_length_of_message(aws: Clients) -> None:
    key, seen = ec.generate_private_key(ec.SECP256R1()), list[dict[str, Any]]()
    signer = KmsSigner(aws("kms"), key_arn="arn:aws:kms:eu-west-1:000000000000:key/1")
    with on_the_wire(signer._client, "Sign", kms_that_signs_digests(key, seen)):
        signature = signer.sign(LONG)
    key.public_key().verify(signature, LONG, ec.ECDSA(SHA256()))
    assert seen == [
        {
            "KeyId": "arn:aws:kms:eu-west-1:000000000000:key/1",
            "Message": base64.b64encode(hashlib.sha256(LONG).digest()).decode(),
            "MessageType": "DIGEST",
            "SigningAlgorithm": "ECDSA_SHA_256",
        }
    ]


def test_a_kms_key_is_named_by_its_public_half_and_asked_once(aws: Clients) -> None:
    """Two keys of one purpose may be current: what counts is which one signs."""
    client = aws("kms")
    first, second = (
        client.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"] for _ in range(2)
    )
    signer = KmsSigner(client, key_arn=first)
    public = client.get_public_key(KeyId=first)["PublicKey"]
    assert signer.key_id == "sha256:" + hashlib.sha256(public).hexdigest()
    assert isinstance(load_der_public_key(public), ec.EllipticCurvePublicKey)
    assert KmsSigner(client, key_arn=second).key_id != signer.key_id
    busy = always(lambda: wire.error(400, "ThrottlingException"))
    with on_the_wire(client, "GetPublicKey", busy) as tries:
        assert signer.key_id
    assert not tries
    with on_the_wire(client, "GetPublicKey", busy), pytest.raises(DependencyUnavailable):
        assert KmsSigner(client, key_arn=first).key_id


def test_a_throttled_key_is_unavailable_and_a_denied_one_is_not(aws: Clients) -> None:
    signer = KmsSigner(aws("kms"), key_arn="key")
    throttled = always(lambda: wire.error(400, "ThrottlingException"))
    with on_the_wire(signer._client, "Sign", throttled), pytest.raises(DependencyUnavailable):
        signer.sign(b"message")
    denied = always(lambda: wire.error(400, "AccessDeniedException"))
    with on_the_wire(signer._client, "Sign", denied), pytest.raises(ClientError):
        signer.sign(b"message")


def test_a_local_signature_is_one_that_envelopes_accept() -> None:
    signer = LocalSigner()
    signature = signer.sign(LONG)
    assert verify_signature(signer.public_key, signature, LONG)
    assert not verify_signature(signer.public_key, signature, LONG + b"x")
    assert not verify_signature(LocalSigner().public_key, signature, LONG)


def test_a_local_key_can_be_made_again_and_trusted() -> None:
    signer = LocalSigner(scalar=7)
    assert signer.key_id == LocalSigner(scalar=7).key_id != LocalSigner(scalar=8).key_id
    trusted = signer.trusted("bind", holder="bind", not_before=START, not_after=START)
    assert trusted.id == signer.key_id
    assert isinstance(load_der_public_key(base64.b64decode(trusted.public_key)), ec.EllipticCurvePublicKey)


@pytest.fixture(params=IMPLEMENTATIONS)
def mac(request: pytest.FixtureRequest) -> Mac:
    if request.param == "fake":
        return LocalMac("links-1")
    client = request.getfixturevalue("aws")("kms")
    key = client.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    return KmsMac(client, key_arn=key["Arn"], key_name="links-1")


def test_a_mac_is_of_its_message(mac: Mac) -> None:
    made = mac.generate(b"message")
    assert len(made) == 32
    assert made == mac.generate(b"message")
    assert mac.verify(b"message", made)
    assert not mac.verify(b"massage", made)
    assert mac.key_name == "links-1"


@pytest.mark.parametrize("wrong", [b"", b"short", b"\0" * 32, b"\0" * 33])
def test_a_wrong_mac_is_just_false(mac: Mac, wrong: bytes) -> None:
    assert not mac.verify(b"message", wrong)


def test_a_truncated_mac_is_false(mac: Mac) -> None:
    assert not mac.verify(b"message", mac.generate(b"message")[:31])


def test_only_kms_says_that_a_mac_is_wrong(aws: Clients) -> None:
    checked = KmsMac(aws("kms"), key_arn="key", key_name="links-1")
    denied = always(lambda: wire.error(400, "AccessDeniedException"))
    with on_the_wire(checked._client, "VerifyMac", denied), pytest.raises(ClientError):
        checked.verify(b"message", b"\0" * 32)
    busy = always(lambda: wire.error(500, "KMSInternalException"))
    with on_the_wire(checked._client, "VerifyMac", busy), pytest.raises(DependencyUnavailable):
        checked.verify(b"message", b"\0" * 32)
