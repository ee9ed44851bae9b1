"""Bundles by a bare key: logged for that key, signed by it, and never trusted for what they bring along."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cutover.attesting.bundles import verify
from cutover.contracts.envelope import IN_TOTO_TYPE
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.errors import Refused
from tests.attesting.log import Log, bundle, bundle_said, encoded, entry_of, message_said
from tests.building.keys import Key
from tests.building.policy import AS_OF

BUILDER, SOMEBODY = Key("builder"), Key("somebody")
PAYLOAD = b'{"_type":"https://in-toto.io/Statement/v1","subject":[]}'
OTHER = b'{"_type":"https://in-toto.io/Statement/v1","subject":[{}]}'
LOG = Log()
ARTIFACT = canonical.digest(b"the artifact")
SECOND = timedelta(seconds=1)


def code(content: bytes, *, root: bytes | None = None, key: Key = BUILDER) -> str:
    with pytest.raises(Refused) as refused:
        verify(content, root=root or LOG.root(), keys=(key.public,))
    return refused.value.code


def altered(change: Callable[[Any], Any]) -> bytes:
    said = bundle_said(PAYLOAD, BUILDER, LOG)
    change(said)
    return orjson.dumps(said)


def entry(said: Any) -> Any:
    return said["verificationMaterial"]["tlogEntries"][0]


def test_a_logged_statement_by_the_given_key_is_proved() -> None:
    proved = verify(bundle(PAYLOAD, BUILDER, LOG), root=LOG.root(), keys=(SOMEBODY.public, BUILDER.public))
    assert (proved.payload, proved.payload_type) == (PAYLOAD, IN_TOTO_TYPE)
    assert (proved.key, proved.claims, proved.times) == (BUILDER.public, None, (AS_OF,))


def test_a_bundle_cannot_bring_its_own_key() -> None:
    assert code(bundle(PAYLOAD, SOMEBODY, LOG)) == "KEY_NOT_TRUSTED"


def test_a_logged_signature_does_not_speak_for_another_payload() -> None:
    assert code(altered(lambda said: said["dsseEnvelope"].update(payload=encoded(OTHER)))) == "SIGNATURE_INVALID"


def test_another_signature_of_the_same_key_is_not_the_logged_one() -> None:
    def resigned(said: Any) -> None:
        said["dsseEnvelope"]["payload"] = encoded(OTHER)
        said["dsseEnvelope"]["signatures"][0]["sig"] = encoded(BUILDER.sign(dsse.pae(IN_TOTO_TYPE, OTHER)))

    assert code(altered(resigned)) == "LOG_ENTRY_MISMATCH"


def test_another_signature_over_the_same_payload_is_not_the_logged_one() -> None:
    """ECDSA signs the same twice in two ways."""
    again = BUILDER.private.sign(dsse.pae(IN_TOTO_TYPE, PAYLOAD), ec.ECDSA(SHA256()))
    assert code(altered(lambda said: said["dsseEnvelope"]["signatures"][0].update(sig=encoded(again)))) == (
        "LOG_ENTRY_MISMATCH"
    )


def test_an_envelope_has_exactly_one_signature() -> None:
    def signed_twice(said: Any) -> None:
        said["dsseEnvelope"]["signatures"] *= 2

    assert code(altered(signed_twice)) == "BUNDLE_UNREADABLE"


def test_a_key_of_another_kind_is_refused_though_it_was_given() -> None:
    key = ec.derive_private_key(7, ec.SECP384R1())
    public = key.public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signature = key.sign(dsse.pae(IN_TOTO_TYPE, PAYLOAD), ec.ECDSA(SHA256()))
    body = entry_of(BUILDER, PAYLOAD, signature)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    body["spec"]["signatures"][0]["verifier"] = encoded(pem)

    def resigned(said: Any) -> None:
        said["dsseEnvelope"]["signatures"][0]["sig"] = encoded(signature)
        entry(said).update(LOG.entry(body))

    with pytest.raises(Refused) as refused:
        verify(altered(resigned), root=LOG.root(), keys=(spki,))
    assert refused.value.code == "KEY_NOT_TRUSTED"


@pytest.mark.parametrize("digest", [ARTIFACT, None])
def test_a_signature_over_an_artifact_is_proved_for_it(digest: str | None) -> None:
    """The digest beside the signature is a hint that may be left out, and never may be wrong."""
    content = orjson.dumps(message_said(ARTIFACT, BUILDER, LOG, beside=digest))
    proved = verify(content, root=LOG.root(), artifact=ARTIFACT, keys=(BUILDER.public,))
    assert (proved.payload, proved.key) == (None, BUILDER.public)


def test_a_signature_over_another_artifact_is_refused() -> None:
    other = "sha256:" + "0" * 64
    for beside, asked, expected in (
        (None, other, "SIGNATURE_INVALID"),
        (ARTIFACT, other, "MESSAGE_DIGEST_MISMATCH"),
        (other, ARTIFACT, "MESSAGE_DIGEST_MISMATCH"),
    ):
        content = orjson.dumps(message_said(ARTIFACT, BUILDER, LOG, beside=beside))
        with pytest.raises(Refused) as refused:
            verify(content, root=LOG.root(), artifact=asked, keys=(BUILDER.public,))
        assert refused.value.code == expected


def test_the_log_must_have_logged_this_payload() -> None:
    signature = BUILDER.sign(dsse.pae(IN_TOTO_TYPE, PAYLOAD))
    logged = LOG.entry(entry_of(BUILDER, OTHER, signature))
    assert code(altered(lambda said: entry(said).update(logged))) == "LOG_ENTRY_MISMATCH"


@pytest.mark.parametrize(
    "change",
    [
        lambda each: each["inclusionProof"].update(rootHash=encoded(b"\x00" * 32)),
        lambda each: each["inclusionProof"].update(hashes=[encoded(b"\x00" * 32)]),
        lambda each: each["inclusionProof"]["checkpoint"].update(envelope="x"),
        lambda each: each["inclusionProof"]["checkpoint"].update(envelope=""),
        lambda each: each["inclusionPromise"].update(signedEntryTimestamp=encoded(b"nobody")),
        lambda each: each.update(integratedTime=str(int(AS_OF.timestamp()) + 1)),
        lambda each: each.update(logIndex="7"),
        lambda each: each["logId"].update(keyId=encoded(b"\x00" * 32)),
    ],
    ids=["root", "hashes", "checkpoint", "no checkpoint", "promise", "time", "index", "log"],
)
def test_a_log_proof_that_does_not_hold_is_refused(change: Callable[[Any], None]) -> None:
    assert code(altered(lambda said: change(entry(said)))) == "LOG_PROOF_INVALID"


def test_another_log_proves_nothing() -> None:
    assert code(bundle(PAYLOAD, BUILDER, LOG), root=Log(Key("another log")).root()) == "LOG_PROOF_INVALID"


def test_a_logs_key_counts_to_its_last_second_and_no_longer() -> None:
    verify(bundle(PAYLOAD, BUILDER, LOG), root=Log(until=AS_OF).root(), keys=(BUILDER.public,))
    verify(bundle(PAYLOAD, BUILDER, LOG), root=Log(since=AS_OF).root(), keys=(BUILDER.public,))
    assert code(bundle(PAYLOAD, BUILDER, LOG), root=Log(until=AS_OF - SECOND).root()) == "LOG_NOT_VALID"
    assert code(bundle(PAYLOAD, BUILDER, LOG), root=Log(since=AS_OF + SECOND).root()) == "LOG_NOT_VALID"


def test_without_the_logs_promise_nothing_says_when() -> None:
    assert code(altered(lambda said: entry(said).pop("inclusionPromise"))) == "TIME_NOT_PROVEN"
    assert code(altered(lambda said: entry(said).pop("integratedTime"))) == "TIME_NOT_PROVEN"


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.update(kind="intoto", apiVersion="0.0.2"),
        lambda body: body.update(apiVersion="0.0.3"),
        lambda body: body["spec"].pop("signatures"),
        lambda body: body["spec"]["signatures"].append({}),
        lambda body: body["spec"]["signatures"][0].update(verifier="bm90IGEga2V5"),
        lambda body: body["spec"]["payloadHash"].update(algorithm="sha512"),
        lambda body: body.update(spec=None),
    ],
)
def test_a_log_entry_that_cannot_be_compared_is_refused(change: Callable[[Any], None]) -> None:
    body = entry_of(BUILDER, PAYLOAD, BUILDER.sign(dsse.pae(IN_TOTO_TYPE, PAYLOAD)))
    change(body)
    assert code(altered(lambda said: entry(said).update(LOG.entry(body)))) == "LOG_ENTRY_UNSUPPORTED"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"\xff", b'{"a":1,"a":2}', b"[" * 100_000])
def test_what_is_no_bundle_is_refused(content: bytes) -> None:
    assert code(content) == "BUNDLE_UNREADABLE"


def test_a_huge_bundle_is_not_read() -> None:
    assert code(b" " * (4 * 1_048_576 + 1)) == "BUNDLE_TOO_LARGE"


@pytest.mark.parametrize("root", [b"", b"{}", b"[]", b'{"tlogs":[]}', b" " * 1_048_577])
def test_what_is_no_trusted_root_is_refused(root: bytes) -> None:
    with pytest.raises(Refused) as refused:
        verify(bundle(PAYLOAD, BUILDER, LOG), root=root, keys=(BUILDER.public,))
    assert refused.value.code == "TRUSTED_ROOT_UNREADABLE"


@pytest.mark.parametrize("value", [None, 0, -1, 2**70, "", "x", [], {}, True, "\ud800", "9" * 5_000])
def test_whatever_stands_in_a_bundle_is_refused_and_never_a_crash(value: Any) -> None:
    """Every place of it in turn, as JSON that other readers might make of it."""
    said = bundle_said(PAYLOAD, BUILDER, LOG)
    for path in _paths(said):
        spoiled = orjson.loads(orjson.dumps(said))
        place = spoiled
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value
        try:
            proved = verify(_dumps(spoiled), root=LOG.root(), keys=(BUILDER.public,))
        except Refused:
            continue
        assert proved.payload == PAYLOAD, path


def _dumps(said: Any) -> bytes:
    import json

    return json.dumps(said).encode("utf-8", "surrogatepass")


def _paths(said: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    below = [path for key, value in inside for path in _paths(value, (*at, key))]
    return ([at] if at else []) + below


def test_a_signature_counts_only_in_the_one_spelling_that_others_read() -> None:
    """The library is lenient with base64; other readers would find nothing there."""
    said = bundle_said(PAYLOAD, BUILDER, LOG)
    said["dsseEnvelope"]["payload"] = base64.b64encode(PAYLOAD).decode() + "\n"
    assert code(orjson.dumps(said)) == "BUNDLE_UNREADABLE"
