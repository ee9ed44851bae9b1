"""Signatures by one KMS key (ECC_NIST_P256, SIGN_VERIFY)."""

import hashlib
from typing import TYPE_CHECKING

from cutover.adapters.aws_errors import translated
from cutover.contracts.base import Digest

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient


class KmsSigner:
    """Implements ``Signer``.

    A role holds ``kms:Sign`` and nothing else on its key, so the key id is not asked of KMS: it is the one that
    the signed facts name for the purpose. Whether both are the same key shows when the writer verifies its own
    envelope under the facts before storing it, which it must do.
    """

    def __init__(self, client: "KMSClient", *, key_arn: str, key_id: Digest) -> None:
        self._client = client
        self._key_arn = key_arn
        self._key_id = key_id

    @property
    def key_id(self) -> Digest:
        return self._key_id

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
