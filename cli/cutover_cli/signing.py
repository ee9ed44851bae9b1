"""Signing keys that people and CI keep in files: ECDSA P-256, one PKCS #8 PEM file each (RFC 5958, RFC 7468).

A file is made with mode 0600 and refused when others can read it. It is not encrypted: these are the keys of
the demo and of small installations; a production CI signs with a KMS key through the same port, `Signer`.
"""

import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from cutover.contracts.base import Digest
from cutover.contracts.envelope import Envelope
from cutover.domain import envelope as dsse
from cutover.ports import Signer
from cutover_cli.output import CommandError, Exit

_OWNER_ONLY = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyFileError(CommandError):
    """A key file is missing, open to others, or no P-256 key."""

    exit_code = Exit.USAGE
    reason = "BAD_KEY_FILE"


class LocalKey:
    """A P-256 private key in this process. Implements the port `Signer`."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        self.public_key = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        """SubjectPublicKeyInfo in DER."""

    @property
    def key_id(self) -> Digest:
        """SHA-256 of the SubjectPublicKeyInfo in DER."""
        return dsse.key_id(self.public_key)

    def sign(self, message: bytes) -> bytes:
        """An ASN.1 DER signature over SHA-256 of `message`."""
        return self._private.sign(message, ec.ECDSA(SHA256()))


def create(path: Path) -> LocalKey:
    """Makes a key and its file. Raises FileExistsError where something has that name already."""
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    try:
        path.hardlink_to(draft)  # the whole file or none, and never over another key
    finally:
        draft.unlink()
    return LocalKey(private)


def load(path: Path) -> LocalKey:
    """The key in `path`. Raises KeyFileError."""
    try:
        mode, content = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    if mode & _OTHERS:
        raise KeyFileError(f"{path}: others than its owner can read this key; run: chmod 600 {path}")
    try:
        private = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{path}: no private key in PEM without a password") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
        raise KeyFileError(f"{path}: the key is not a P-256 key")
    return LocalKey(private)


def load_or_create(path: Path) -> LocalKey:
    """The key in `path`; made the first time."""
    try:
        return create(path)
    except FileExistsError:
        return load(path)


def seal(payload_type: str, payload: bytes, *signers: Signer) -> Envelope:
    """A DSSE v1.0.2 envelope around `payload`, signed by each of `signers`."""
    message = dsse.pae(payload_type, payload)
    return dsse.seal(payload_type, payload, *((signer.key_id, signer.sign(message)) for signer in signers))
