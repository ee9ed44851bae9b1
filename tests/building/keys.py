"""Keys that are the same in every run, and signatures that are the same bytes (RFC 6979).

They are made from their names, so anybody can sign with them: never use one outside of tests.
"""

import base64
import functools
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cutover.contracts.base import Digest
from cutover.contracts.envelope import Envelope
from cutover.domain import canonical
from cutover.domain import envelope as dsse

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Key:
    """A P-256 key made from a name. Implements the ``Signer`` port."""

    name: str

    @functools.cached_property
    def private(self) -> ec.EllipticCurvePrivateKey:
        secret = int.from_bytes(hashlib.sha256(f"cutover-tests:{self.name}".encode()).digest(), "big")
        return ec.derive_private_key(secret % (_P256_ORDER - 1) + 1, ec.SECP256R1())

    @functools.cached_property
    def public(self) -> bytes:
        """SubjectPublicKeyInfo in DER."""
        return self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def public_base64(self) -> str:
        return base64.b64encode(self.public).decode()

    @property
    def key_id(self) -> Digest:
        return dsse.key_id(self.public)

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True))


def seal(payload_type: str, payload: bytes, *keys: Key) -> Envelope:
    """An envelope around ``payload``, signed by every one of ``keys`` in turn."""
    message = dsse.pae(payload_type, payload)
    return dsse.seal(payload_type, payload, *((key.key_id, key.sign(message)) for key in keys))


def seal_bytes(payload_type: str, payload: bytes, *keys: Key) -> bytes:
    """The envelope as it is stored: canonical bytes."""
    return canonical.encode_model(seal(payload_type, payload, *keys))
