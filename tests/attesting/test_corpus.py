"""Every bundle of sigstore-conformance that must verify does, and every other is refused, each for its reason."""

from pathlib import Path

import pytest

from cutover.attesting.asking import attest
from cutover.attesting.bundles import verify
from cutover.errors import Refused
from tests.attesting.corpus import Case

VERIFIED = (
    "happy-path-v0.1",
    "happy-path-v0.3",
    "managed-key-and-trusted-root",
    "rekor2-checkpoint-multiple-cosigs",
    "rekor2-checkpoint-origin-not-first",
    "rekor2-checkpoint-two-sigs-from-origin",
    "rekor2-timestamp-with-expired-cert-chain",
    "rekor2-timestamp-without-embedded-cert",
    "trust-root-tlog-validity-end-inclusive",
)
REFUSED = {
    "bundle-empty-certificate-chain_fail": "BUNDLE_UNREADABLE",
    "bundle-invalid-base64-signature_fail": "BUNDLE_UNREADABLE",
    "bundle-negative-log-index_fail": "BUNDLE_UNREADABLE",
    "bundle-with-root-cert_fail": "BUNDLE_WITH_ROOT",
    "checkpoint-bad-keyhint_fail": "LOG_PROOF_INVALID",
    "dsse-invalid-sig_fail": "SIGNATURE_INVALID",
    "dsse-mismatch-sig_fail": "LOG_ENTRY_MISMATCH",
    "inclusion-proof-corrupted-hash_fail": "LOG_PROOF_INVALID",
    "integrated-time-in-future_fail": "CERTIFICATE_NOT_VALID",
    "intoto-log-entry-mismatch_fail": "LOG_ENTRY_UNSUPPORTED",
    "intoto-set-outside-signing-cert-validity_fail": "CERTIFICATE_NOT_VALID",
    "invalid-ct-key_fail": "CERTIFICATE_NOT_LOGGED",
    "managed-key-no-key_fail": "KEY_NOT_TRUSTED",
    "message-digest-mismatch_fail": "MESSAGE_DIGEST_MISMATCH",
    "rekor2-checkpoint-missing-log-signature_fail": "LOG_PROOF_INVALID",
    "rekor2-checkpoint-missing-root-hash_fail": "LOG_PROOF_INVALID",
    "rekor2-dsse-invalid-sig_fail": "SIGNATURE_INVALID",
    "rekor2-dsse-mismatch-sig_fail": "LOG_ENTRY_MISMATCH",
    "rekor2-no-inclusion-proof_fail": "BUNDLE_UNREADABLE",
    "rekor2-timestamp-outside-trust-root-tsa-validity_fail": "TIME_NOT_PROVEN",
    "rekor2-timestamp-payload-mismatch_fail": "TIME_NOT_PROVEN",
    "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail": "TIME_NOT_PROVEN",
    "signature-mismatch_fail": "SIGNATURE_INVALID",
    "wrong-hashedrekord-artifact_fail": "LOG_ENTRY_MISMATCH",
    "wrong-hashedrekord-entry_fail": "LOG_ENTRY_MISMATCH",
}
EXCEPTIONS = {
    # Log entries of the kind intoto 0.0.2 are not compared by the library:
    # https://github.com/sigstore/sigstore-python/issues/1384
    "intoto-with-custom-trust-root": "LOG_ENTRY_UNSUPPORTED",
}
"""Bundles that should verify and are refused, each because of an issue upstream. At most two may stand here."""


def case(vectors: Path, name: str) -> Case:
    return Case(vectors / "sigstore" / name)


@pytest.mark.parametrize("name", VERIFIED)
def test_what_must_verify_does(vectors: Path, name: str) -> None:
    bundle = case(vectors, name)
    proved = attest(bundle.bundle, root=bundle.root, artifact=bundle.artifact, by=bundle.by)
    assert (proved.key is None) != (proved.claims is None)


@pytest.mark.parametrize(("name", "code"), [*REFUSED.items(), *EXCEPTIONS.items()])
def test_what_must_fail_is_refused_for_its_reason(vectors: Path, name: str, code: str) -> None:
    bundle = case(vectors, name)
    with pytest.raises(Refused) as refused:
        attest(bundle.bundle, root=bundle.root, artifact=bundle.artifact, by=bundle.by)
    assert refused.value.code == code


def test_no_bundle_of_the_corpus_is_left_out(vectors: Path) -> None:
    folders = {each.name for each in (vectors / "sigstore").iterdir() if each.is_dir()}
    assert folders == {*VERIFIED, *REFUSED, *EXCEPTIONS}
    assert all(name.endswith("_fail") for name in REFUSED)
    assert not any(name.endswith("_fail") for name in (*VERIFIED, *EXCEPTIONS))
    assert len(EXCEPTIONS) <= 2


@pytest.mark.parametrize("name", [name for name in VERIFIED if not name.startswith("managed")])
def test_another_artifact_is_refused(vectors: Path, name: str) -> None:
    bundle = case(vectors, name)
    with pytest.raises(Refused) as refused:
        attest(bundle.bundle, root=bundle.root, artifact="sha256:" + "0" * 64, by=bundle.by)
    assert refused.value.code in {"MESSAGE_DIGEST_MISMATCH", "SIGNATURE_INVALID", "SUBJECT_MISMATCH"}


@pytest.mark.parametrize("name", ["happy-path-v0.3", "managed-key-and-trusted-root"])
def test_a_message_signature_states_nothing(vectors: Path, name: str) -> None:
    bundle = case(vectors, name)
    keys = (bundle.by,) if isinstance(bundle.by, bytes) else ()
    with pytest.raises(Refused) as refused:
        verify(bundle.bundle, root=bundle.root, keys=keys)
    assert refused.value.code == "BUNDLE_WITHOUT_STATEMENT"


def test_a_root_of_another_instance_trusts_nobody(vectors: Path) -> None:
    bundle, other = case(vectors, "happy-path-v0.3"), case(vectors, "rekor2-checkpoint-multiple-cosigs")
    with pytest.raises(Refused) as refused:
        attest(bundle.bundle, root=other.root, artifact=bundle.artifact, by=bundle.by)
    assert refused.value.code == "CERTIFICATE_NOT_TRUSTED"
