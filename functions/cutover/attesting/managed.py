"""Bundles that were signed with a bare, managed key instead of a certificate.

The library has no call for them (https://github.com/sigstore/sigstore-python/issues/1244). Its proof of a log entry is
used as it stands; what the entry says is compared here. The log entry names the key: an entry by a key that was not
given is refused before any signature is looked at, so a bundle can never bring its own.

Only entries with a log's promise (Rekor v1) are taken: without it nothing proves when the entry was made, and the
library verifies timestamps only beside a certificate.
"""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from cutover.attesting.reading import Read
from cutover.attesting.roots import trusted_root
from cutover.contracts.base import Digest
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.pointer import NOWHERE, resolve
from cutover.domain.reading import parse_strictly
from cutover.errors import Refused

_PLACES = {
    ("hashedrekord", "0.0.1"): ("/spec/data/hash", "/spec/signature/content", "/spec/signature/publicKey/content"),
    ("dsse", "0.0.1"): ("/spec/payloadHash", "/spec/signatures/0/signature", "/spec/signatures/0/verifier"),
}
"""Where a log entry of each kind says the SHA-256, the signature and the key."""


@dataclass(frozen=True, slots=True)
class _Signed:
    """What the bundle holds, as the log and the signature see it."""

    kind: str
    logged: bytes
    """The SHA-256 that the log entry has: of the artifact, or of the payload."""
    digest: bytes
    """The SHA-256 that is signed: of the artifact, or of the envelope's pre-authentication encoding."""
    signature: bytes
    payload: bytes | None = None
    payload_type: str | None = None


def verify(
    found: Read, *, root: bytes, artifact: Digest | None, keys: Iterable[bytes]
) -> tuple[bytes | None, str | None, tuple[datetime, ...], bytes, bytes]:
    """Payload, its type (both None of a message signature), when the log took it in, the signature, and its key."""
    if found.integrated_at is None:
        raise Refused("TIME_NOT_PROVEN", "no log has promised when it took the entry in")
    signed = _signed(found, artifact)
    logged, signature, key = _entry(found, signed.kind)
    if not any(canonical.same(key.hex(), given.hex()) for given in keys):
        raise Refused("KEY_NOT_TRUSTED", "it was logged for a key that is none of those that may sign")
    _demand_logged(found, root)
    _demand_signature(key, signed)
    if signature != signed.signature or logged != signed.logged.hex():
        raise Refused("LOG_ENTRY_MISMATCH", "its log entry is of another signature")
    return signed.payload, signed.payload_type, (found.integrated_at,), signature, key


def _signed(found: Read, artifact: Digest | None) -> _Signed:
    envelope, message = found.bundle.dsse_envelope, found.bundle.message_signature
    if envelope is not None:
        if len(envelope.signatures) != 1:
            raise Refused("BUNDLE_UNREADABLE", f"its envelope has {len(envelope.signatures)} signatures, wanted one")
        encoded = dsse.pae(envelope.payload_type, envelope.payload)
        hashes = hashlib.sha256(envelope.payload).digest(), hashlib.sha256(encoded).digest()
        return _Signed("dsse", *hashes, envelope.signatures[0].sig, envelope.payload, envelope.payload_type)
    if artifact is None or message is None:
        raise Refused("BUNDLE_WITHOUT_STATEMENT", "it signs an artifact's bytes, and states nothing")
    digest = bytes.fromhex(artifact.removeprefix("sha256:"))
    if message.message_digest is not None and message.message_digest.digest != digest:
        raise Refused("MESSAGE_DIGEST_MISMATCH", "the digest beside its signature is not the artifact's")
    return _Signed("hashedrekord", digest, digest, message.signature)


def _entry(found: Read, kind: str) -> tuple[str, bytes, bytes]:
    """The SHA-256 (hexadecimal), the signature and the key (DER) that the log entry has."""
    body: Any = parse_strictly(found.entry.canonicalized_body)
    said = resolve(body, "/kind"), resolve(body, "/apiVersion")
    places = _PLACES.get((kind, "0.0.1")) if said == (kind, "0.0.1") else None
    if places is None:
        raise Refused("LOG_ENTRY_UNSUPPORTED", f"its log entry is not of the kind {kind} 0.0.1")
    hashed, signature, key = (resolve(body, place) for place in places)
    if resolve(hashed, "/algorithm") != "sha256" or resolve(body, "/spec/signatures/1") is not NOWHERE:
        raise Refused("LOG_ENTRY_UNSUPPORTED", "its log entry is not of one signature over a SHA-256")
    try:
        der = load_pem_public_key(base64.b64decode(key, validate=True)).public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        return str(resolve(hashed, "/value")), base64.b64decode(signature, validate=True), der
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Refused("LOG_ENTRY_UNSUPPORTED", "its log entry does not say what was signed by which key") from error


def _demand_logged(found: Read, root: bytes) -> None:
    from sigstore._internal.trust import KeyringPurpose
    from sigstore.errors import Error
    from sigstore.models import TransparencyLogEntry

    trusted = trusted_root(root, issued=None, signed=found.claimed)
    try:
        # Not public: a public one needs a certificate. The library is pinned by hash, and the corpus tests this call.
        TransparencyLogEntry(found.entry)._verify(trusted.rekor_keyring(KeyringPurpose.VERIFY))  # noqa: SLF001
    except (Error, ValueError) as error:
        raise Refused("LOG_PROOF_INVALID", "the proof that a trusted log has it does not hold") from error


def _demand_signature(key: bytes, signed: _Signed) -> None:
    public = load_der_public_key(key)
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise Refused("KEY_NOT_TRUSTED", "its key is not of the kind ECDSA P-256")
    try:
        public.verify(signed.signature, signed.digest, ec.ECDSA(Prehashed(SHA256())))
    except InvalidSignature as error:
        raise Refused("SIGNATURE_INVALID", "the key that it was logged for did not sign this") from error
