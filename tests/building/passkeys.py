"""A passkey that lies in memory: what a browser and an authenticator say, true or not (WebAuthn Level 3, §6.1).

Keys are made from their names, so anybody can sign with them: never use one outside of tests.
"""

import functools
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import cbor2
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from cutover.contracts.approval import Assertion
from cutover.contracts.people import Passkey
from cutover.domain import base64url
from tests.building.keys import Key
from tests.building.policy import KEYS_FROM

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
Kind = Literal["ES256", "EdDSA", "RS256"]


@functools.cache
def _rsa(name: str) -> rsa.RSAPrivateKey:
    del name  # one for each name and run: RSA keys are not made of a seed
    return rsa.generate_private_key(65537, 2048)


@dataclass(frozen=True)
class Authenticator:
    """One credential at one page."""

    name: str = "yubi"
    rp_id: str = "page.example.com"
    origin: str = "https://page.example.com"
    kind: Kind = "ES256"

    @property
    def credential(self) -> bytes:
        return hashlib.sha256(f"credential {self.name}".encode()).digest()

    @property
    def cose_key(self) -> bytes:
        """RFC 9052."""
        return cbor2.dumps(self._cose(), canonical=True)

    def passkey(self, registered_at: datetime = KEYS_FROM, **changes: Any) -> Passkey:
        known = Passkey(
            id=base64url.encode(self.credential), public_key=base64url.encode(self.cose_key), rp_id=self.rp_id,
            origin=self.origin, registered_at=registered_at,
        )  # fmt: skip
        return known.model_copy(update=changes)

    def assertion(self, challenge: bytes, /, *, sign_count: int = 1, **more: Any) -> Assertion:
        """``more``: ``flags``, ``rp_id``, ``data`` (all of the authenticator's), and what the browser says instead."""
        flags, rp_id, given = (
            more.pop("flags", PRESENT | VERIFIED),
            more.pop("rp_id", self.rp_id),
            more.pop("data", b""),
        )
        client_data = self.client_data("webauthn.get", challenge, **more)
        data = given or self.data(flags, sign_count, rp_id)
        return Assertion(
            credential=base64url.encode(self.credential), authenticator_data=base64url.encode(data),
            client_data=base64url.encode(client_data),
            signature=base64url.encode(self.sign(data + hashlib.sha256(client_data).digest())),
        )  # fmt: skip

    def registration(self, challenge: bytes, /, **more: Any) -> dict[str, str]:
        """What the page's script posts. ``more``: ``flags``, ``rp_id``, ``fmt``, and what the browser says instead."""
        flags = more.pop("flags", PRESENT | VERIFIED) | ATTESTED
        rp_id, fmt = more.pop("rp_id", self.rp_id), more.pop("fmt", "none")
        client_data = self.client_data("webauthn.create", challenge, **more)
        size = len(self.credential).to_bytes(2, "big")
        data = self.data(flags, 0, rp_id) + bytes(16) + size + self.credential + self.cose_key
        attested = cbor2.dumps({"fmt": fmt, "attStmt": {}, "authData": data}, canonical=True)
        return {
            "credential": base64url.encode(self.credential), "client_data": base64url.encode(client_data),
            "attestation": base64url.encode(attested),
        }  # fmt: skip

    def client_data(self, kind: str, challenge: bytes, /, **more: Any) -> bytes:
        said = {"type": kind, "challenge": base64url.encode(challenge), "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | more).encode()

    @staticmethod
    def data(flags: int, sign_count: int, rp_id: str) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + sign_count.to_bytes(4, "big")

    def sign(self, message: bytes) -> bytes:
        if self.kind == "ES256":
            return self._p256.sign(message)
        if self.kind == "EdDSA":
            return self._ed25519.sign(message)
        return _rsa(self.name).sign(message, padding.PKCS1v15(), SHA256())

    @property
    def _p256(self) -> Key:
        return Key(f"passkey/{self.name}")

    @property
    def _ed25519(self) -> ed25519.Ed25519PrivateKey:
        return ed25519.Ed25519PrivateKey.from_private_bytes(self.credential)

    def _cose(self) -> dict[int, Any]:
        if self.kind == "ES256":
            point = self._p256.private.public_key().public_numbers()
            return {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        if self.kind == "EdDSA":
            return {1: 1, 3: -8, -1: 6, -2: self._ed25519.public_key().public_bytes_raw()}
        numbers = _rsa(self.name).public_key().public_numbers()
        return {1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")}
