"""Who a Sigstore bundle says has signed it, unproved and without its library: for what a revision relies on. Pure.

A bundle has more than one spelling in JSON, of which this knows one; ``attesting.reading`` opens no other, so that
nothing rests on a signer who is not found here.
"""

from collections.abc import Iterable
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm

from cutover.contracts.base import Digest
from cutover.contracts.policy import KeylessIdentity, TrustedKey
from cutover.domain import envelope as dsse
from cutover.domain import identities
from cutover.domain.pointer import resolve
from cutover.domain.reading import parse_strictly
from cutover.domain.unwrapping import is_bundle
from cutover.errors import Refused

_CERTIFICATES = ("/certificate/rawBytes", "/x509CertificateChain/certificates/0/rawBytes")
"""Where its verification material has the signing certificate."""


def signers(content: bytes, trusted: Iterable[TrustedKey], keyless: Iterable[KeylessIdentity]) -> frozenset[Digest]:
    """The ids of the trusted keys and identities that it is signed by; none of what is no bundle, or cannot be read."""
    try:
        document = parse_strictly(content)
        if not is_bundle(document):
            return frozenset()
        certificate = certificate_in(document)
        return _keys(document, trusted) if certificate is None else _identities(certificate, keyless)
    except (Refused, ValueError, UnsupportedAlgorithm):
        return frozenset()


def certificate_in(document: Any) -> bytes | None:
    """The signing certificate (DER) that the bundle says it has. ``Refused`` (``BAD_BASE64``)."""
    places = (resolve(document, f"/verificationMaterial{place}") for place in _CERTIFICATES)
    return next((dsse.decode_base64(each) for each in places if isinstance(each, str)), None)


def envelope_in(document: Any) -> tuple[str, bytes, bytes] | None:
    """Payload type, payload and first signature of the envelope in it. ``Refused`` (``BAD_BASE64``)."""
    envelope = resolve(document, "/dsseEnvelope")
    kind, payload, signature = (resolve(envelope, at) for at in ("/payloadType", "/payload", "/signatures/0/sig"))
    if not (isinstance(payload, str) and isinstance(kind, str) and isinstance(signature, str)):
        return None
    return kind, dsse.decode_base64(payload), dsse.decode_base64(signature)


def _identities(certificate: bytes, keyless: Iterable[KeylessIdentity]) -> frozenset[Digest]:
    from cryptography.x509 import load_der_x509_certificate

    from cutover.domain.certificates import claims

    found = load_der_x509_certificate(certificate)
    begins, ends = found.not_valid_before_utc, found.not_valid_after_utc
    return frozenset(identities.relied(keyless, claims(found), begins=begins, ends=ends))


def _keys(document: Any, trusted: Iterable[TrustedKey]) -> frozenset[Digest]:
    """A bundle by a bare key has only a hint of it, which nobody trusts: so each key is tried."""
    found = envelope_in(document)
    if found is None:
        return frozenset()
    kind, payload, signature = found
    message = dsse.pae(kind, payload)
    keys = ((key.id, dsse.decode_base64(key.public_key)) for key in trusted)
    return frozenset(name for name, public in keys if dsse.verify_signature(public, signature, message))
