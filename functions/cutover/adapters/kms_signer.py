"""Signatures by one KMS key (ECC_NIST_P256, SIGN_VERIFY)."""

import functools
import hashlib
from typing import TYPE_CHECKING

from cutover.adapters.aws_errors import translated
from cutover.contracts.base import Digest
from cutover.domain import canonical

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient


class KmsSigner:
    """Implements ``Signer``.

    The key id is that of the key which signs, asked of KMS once: the facts may name several current keys of a
    purpose while one replaces another. Whether they trust this one shows when the writer verifies its own envelope
    under the facts before storing it, which it must do.
    """

    def __init__(self, client: "KMSClient", *, key_arn: str) -> None:
        self._client = client
        self._key_arn = key_arn

    @functools.cached_property
    def key_id(self) -> Digest:
        """The digest of the public key (SubjectPublicKeyInfo, DER)."""
        with translated("GetPublicKey"):
            answer = self._client.get_public_key(KeyId=self._key_arn)
        return canonical.digest(answer["PublicKey"])

    def sign(self, message: bytes) -> bytes:
        """The digest is sent, not the message: KMS takes at most 4,096 bytes of a raw one."""
        with translated("Sign"):
            answer = self._client.sign(
                KeyId=self._key_arn,
                Message=hashlib.sha256(message).digest(),
                MessageType="DIGEST",
                SigningAlgorithm="ECDSA_SHA_256",
            )
        return answer["Signature"]
