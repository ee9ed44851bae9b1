"""The independent verifier's own reading of WebAuthn (Level 3, §6.1 and §7.2), and of as much CBOR as a key needs.

It shares no line with Cutover and none with the library that Cutover uses; signatures are checked by
``cryptography``. Whatever is not as expected raises: ``ValueError``, or what a missing piece raises.
"""

import base64
import hashlib
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED, EXTENDED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80


def check(assertion: Any, passkey: Any, consent: bytes) -> None:
    """That the passkey signed these canonical bytes of a consent, on its own page, by a person whom it knew."""
    client_data, data = unpadded(assertion["client_data"]), unpadded(assertion["authenticator_data"])
    said = json.loads(client_data)
    wanted = {
        "type": "webauthn.get",
        "challenge": padless(hashlib.sha256(consent).digest()),
        "origin": passkey["origin"],
    }
    fail({name: said.get(name) for name in wanted} != wanted, "signed for something else")
    fail("topOrigin" in said or said.get("crossOrigin", False) is not False, "signed within another page")
    fail(data[:32] != hashlib.sha256(passkey["rp_id"].encode()).digest(), "another site")
    flags = data[32]
    fail(not flags & PRESENT or not flags & VERIFIED, "nobody was there, or it was not asked who")
    fail(flags & BACKED_UP and not flags & ELIGIBLE, "a copy of what cannot be copied")
    fail(flags & ATTESTED or (len(data) == 37) != (not flags & EXTENDED) or len(data) < 37, "another length")
    message = data + hashlib.sha256(client_data).digest()
    verify(unpadded(passkey["public_key"]), unpadded(assertion["signature"]), message)


def verify(cose: bytes, signature: bytes, message: bytes) -> None:
    key, rest = item(cose)
    fail(rest or not isinstance(key, dict), "not a COSE key")
    kind = (key[1], key[3])
    try:
        if kind == (2, -7):
            fail(key[-1] != 1, "another curve")
            numbers = ec.EllipticCurvePublicNumbers(
                int.from_bytes(key[-2], "big"), int.from_bytes(key[-3], "big"), ec.SECP256R1()
            )
            numbers.public_key().verify(signature, message, ec.ECDSA(SHA256()))
        elif kind == (1, -8):
            fail(key[-1] != 6, "another curve")
            ed25519.Ed25519PublicKey.from_public_bytes(key[-2]).verify(signature, message)
        elif kind == (3, -257):
            n, e = (int.from_bytes(key[name], "big") for name in (-1, -2))
            fail(n.bit_length() < 2048, "a short key")
            rsa.RSAPublicNumbers(e, n).public_key().verify(signature, message, padding.PKCS1v15(), SHA256())
        else:
            fail(True, "another kind of key")
    except InvalidSignature as error:
        raise ValueError("a signature that does not fit") from error


def item(content: bytes) -> tuple[Any, bytes]:
    """One data item of CBOR (RFC 8949): integers, byte strings, and maps of these; and what follows it."""
    major, short = content[0] >> 5, content[0] & 0x1F
    size = 0 if short < 24 else {24: 1, 25: 2, 26: 4, 27: 8}[short]
    number = int.from_bytes(content[1 : 1 + size], "big") if size else short
    rest = content[1 + size :]
    if major == 0:
        return number, rest
    if major == 1:
        return -1 - number, rest
    if major == 2:
        fail(len(rest) < number, "cut off")
        return rest[:number], rest[number:]
    fail(major != 5, "not of a key")
    found = {}
    for _ in range(number):
        name, rest = item(rest)
        found[name], rest = item(rest)
    return found, rest


def unpadded(text: str) -> bytes:
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    fail(padless(content) != text, "base64url with a second spelling")
    return content


def padless(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def fail(condition: object, why: str) -> None:
    if condition:
        raise ValueError(why)
