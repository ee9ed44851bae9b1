"""Keys that lie in memory: real signatures and MACs, no KMS."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cutover.contracts.base import Digest
from cutover.contracts.policy import Purpose, TrustedKey
from cutover.domain import canonical


class LocalSigner:
    """Implements ``Signer`` with an ECDSA P-256 key. ``scalar`` makes the same key in every run."""

    def __init__(self, scalar: int | None = None) -> None:
        self._key = (
            ec.generate_private_key(ec.SECP256R1()) if scalar is None else ec.derive_private_key(scalar, ec.SECP256R1())
        )

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo in DER."""
        return self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def key_id(self) -> Digest:
        return canonical.digest(self.public_key)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message, ec.ECDSA(SHA256()))

    def trusted(self, purpose: Purpose, *, holder: str, not_before: datetime, not_after: datetime) -> TrustedKey:
        """This key as the facts name it."""
        return TrustedKey(
            id=self.key_id,
            purpose=purpose,
            holder=holder,
            public_key=base64.b64encode(self.public_key).decode(),
            not_before=not_before,
            not_after=not_after,
        )


class LocalMac:
    """Implements ``Mac``."""

    def __init__(self, key_name: str = "links-1", secret: bytes | None = None) -> None:
        self._key_name = key_name
        self._secret = secret or secrets.token_bytes(32)

    @property
    def key_name(self) -> str:
        return self._key_name

    def generate(self, message: bytes) -> bytes:
        return hmac.digest(self._secret, message, hashlib.sha256)

    def verify(self, message: bytes, mac: bytes) -> bool:
        return hmac.compare_digest(self.generate(message), mac)

    def named(self, key_name: str) -> "LocalMac | None":
        return self if key_name == self._key_name else None
