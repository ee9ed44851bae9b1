"""MACs by one KMS key (HMAC_256, GENERATE_VERIFY_MAC)."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cutover.adapters.aws_errors import code_of, translated

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient

MAC_BYTES = 32


class KmsMac:
    """Implements ``Mac``. Messages have at most 4,096 bytes (KMS ``GenerateMac``)."""

    def __init__(self, client: "KMSClient", *, key_arn: str, key_name: str) -> None:
        self._client = client
        self._key_arn = key_arn
        self._key_name = key_name

    @property
    def key_name(self) -> str:
        return self._key_name

    def generate(self, message: bytes) -> bytes:
        with translated("GenerateMac"):
            answer = self._client.generate_mac(KeyId=self._key_arn, Message=message, MacAlgorithm="HMAC_SHA_256")
        return answer["Mac"]

    def verify(self, message: bytes, mac: bytes) -> bool:
        if len(mac) != MAC_BYTES:
            return False  # truncated or empty: KMS answers that as a bad request, which is not a verdict
        try:
            with translated("VerifyMac"):
                answer = self._client.verify_mac(
                    KeyId=self._key_arn, Message=message, Mac=mac, MacAlgorithm="HMAC_SHA_256"
                )
        except ClientError as error:
            if code_of(error) == "KMSInvalidMacException":
                return False
            raise
        return answer["MacValid"]

    def named(self, key_name: str) -> "KmsMac | None":
        return self if key_name == self._key_name else None
