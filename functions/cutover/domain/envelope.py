"""DSSE v1.0.2: signatures over the pre-authentication encoding (PAE) of a payload's bytes.

Rules, in this order: the envelope's bytes are canonical; the payload type is the one that the
caller asked for; a signature by an unknown key is ignored; keys count only for their purpose, at
the time that the caller recorded, and for the products that they are limited to; when no trusted
key has signed, the envelope is refused.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import ValidationError

from cutover.contracts.base import Digest
from cutover.contracts.envelope import Envelope, Signature
from cutover.contracts.policy import Purpose, TrustedKey
from cutover.domain import canonical
from cutover.errors import Refused

MAX_ENVELOPE_BYTES = 4 * 1_048_576


@dataclass(frozen=True, slots=True)
class Opened:
    """A verified envelope: its payload's exact bytes, their digest, and the keys that signed."""

    payload: bytes
    digest: Digest
    keys: tuple[TrustedKey, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: lengths in bytes, not characters (DSSE v1.0.2, protocol)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def decode_base64(text: str) -> bytes:
    """Standard base64 in its one canonical spelling; anything else is ``Refused``."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("BAD_BASE64", "not standard base64") from error
    if base64.b64encode(decoded).decode() != text:
        raise Refused("BAD_BASE64", "base64 with non-zero trailing bits has more than one spelling")
    return decoded


def seal(payload_type: str, payload: bytes, *signatures: tuple[Digest, bytes]) -> Envelope:
    """An envelope around ``payload`` with (key id, DER signature) pairs."""
    return Envelope(
        payload_type=payload_type,
        payload=base64.b64encode(payload).decode(),
        signatures=tuple(
            Signature(keyid=key_id, sig=base64.b64encode(signature).decode()) for key_id, signature in signatures
        ),
    )


def parse(content: bytes) -> Envelope:
    """An envelope from exactly its canonical bytes; ``Refused`` (``NOT_CANONICAL``, ``NOT_AN_ENVELOPE``)."""
    if len(content) > MAX_ENVELOPE_BYTES:
        raise Refused("DOCUMENT_TOO_LARGE", f"an envelope of {len(content)} bytes; at most {MAX_ENVELOPE_BYTES}")
    canonical.decode(content)
    try:
        return Envelope.model_validate_json(content)
    except ValidationError as error:
        raise Refused("NOT_AN_ENVELOPE", "not a DSSE envelope", "send payloadType, payload and signatures") from error


def key_id(public_key: bytes) -> Digest:
    """The id of a public key: SHA-256 of its SubjectPublicKeyInfo in DER."""
    return canonical.digest(public_key)


def verify_signature(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """ECDSA P-256 over SHA-256 with a DER signature. A key of another kind verifies nothing."""
    try:
        key = load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm):
        return False
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        return False
    try:
        key.verify(signature, message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def signers(envelope: Envelope, public_keys: dict[Digest, bytes]) -> frozenset[Digest]:
    """The ids among ``public_keys`` with a valid signature; unknown ids and doubles change nothing."""
    message = pae(envelope.payload_type, decode_base64(envelope.payload))
    return frozenset(
        signature.keyid
        for signature in envelope.signatures
        if signature.keyid in public_keys
        and verify_signature(public_keys[signature.keyid], decode_base64(signature.sig), message)
    )


def covers(key: TrustedKey, product: str) -> bool:
    """Whether a key counts for a product: it is limited to none, or to this one too."""
    return not key.products or product in key.products


def within(keys: tuple[TrustedKey, ...], product: str) -> tuple[TrustedKey, ...]:
    """Those of the keys that count for a product; ``Refused`` (``OUT_OF_SCOPE``) when none does."""
    found = tuple(key for key in keys if covers(key, product))
    if not found:
        raise Refused("OUT_OF_SCOPE", f"its signer does not count for {product}", "sign with a key for the product")
    return found


def open_envelope(
    envelope: Envelope,
    *,
    payload_type: str,
    purpose: Purpose,
    keys: tuple[TrustedKey, ...],
    at: datetime,
    product: str | None = None,
) -> Opened:
    """The payload, if a key trusted for ``purpose`` at the recorded time ``at`` has signed it.

    ``at`` is when Cutover first saw the document, never a time that the document states. ``product``:
    the one that the document speaks of. None where only the payload tells (then ``within`` is the
    caller's to ask), and for what Cutover itself signs, whose keys the policy cannot limit.
    Raises ``Refused``: ``WRONG_PAYLOAD_TYPE``, ``UNTRUSTED_SIGNATURE``, ``WRONG_KEY_PURPOSE``,
    ``KEY_NOT_VALID``, ``KEY_REVOKED``, ``OUT_OF_SCOPE``.
    """
    if envelope.payload_type != payload_type:
        raise Refused("WRONG_PAYLOAD_TYPE", f"found {envelope.payload_type!r}, wanted {payload_type!r}")
    counted = _counted(signers(envelope, _genuine(keys)), keys, purpose, at)
    counted = counted if product is None else within(counted, product)
    payload = decode_base64(envelope.payload)
    return Opened(payload, canonical.digest(payload), counted)


def open_detached(
    document: bytes, signature: bytes, keyid: Digest, *, purpose: Purpose, keys: tuple[TrustedKey, ...], at: datetime
) -> Opened:
    """As ``open_envelope``, of a document whose signature stands beside it: over its own bytes, without PAE.

    Such a signature can never be taken for one of an envelope, nor the other way round, as long as the document is a
    JSON object: a PAE begins with ``DSSEv1``. Raises ``Refused`` with the same codes.
    """
    known = _genuine(keys)
    signed = keyid in known and verify_signature(known[keyid], signature, document)
    counted = _counted(frozenset({keyid} if signed else ()), keys, purpose, at)
    return Opened(document, canonical.digest(document), counted)


def _genuine(keys: tuple[TrustedKey, ...]) -> dict[Digest, bytes]:
    """Public keys by their id, where the id is their own."""
    known: dict[Digest, bytes] = {}
    for key in keys:
        spki = decode_base64(key.public_key)
        if canonical.same(key_id(spki), key.id):
            known[key.id] = spki
    return known


def _counted(
    signed: frozenset[Digest], keys: tuple[TrustedKey, ...], purpose: Purpose, at: datetime
) -> tuple[TrustedKey, ...]:
    """Those of the keys that have signed, for this purpose and at that time; ``Refused`` when none is left."""
    if not signed:
        raise Refused("UNTRUSTED_SIGNATURE", "no key of the policy has signed it", "sign with a key in the facts")
    candidates = [key for key in keys if key.id in signed and key.purpose == purpose]
    if not candidates:
        raise Refused("WRONG_KEY_PURPOSE", f"its signer is not trusted for purpose {purpose!r}")
    trusted = tuple(key for key in candidates if key.not_before <= at < key.not_after)
    if not trusted:
        raise Refused("KEY_NOT_VALID", "its signer's key is not valid at that time", "sign with a current key")
    unrevoked = tuple(key for key in trusted if key.revoked_at is None or at < key.revoked_at)
    if not unrevoked:
        raise Refused("KEY_REVOKED", "its signer's key is revoked", "sign with a key that is not revoked")
    return unrevoked
