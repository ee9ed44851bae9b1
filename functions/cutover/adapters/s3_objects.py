"""What every reader and writer of S3 objects here shares: write once, and read no more than a limit."""

import base64
import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cutover.adapters.aws_errors import code_of, translated

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

CHUNK = 1_048_576
MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "404"})
DENIED = frozenset({"AccessDenied", "403"})
"""S3 also answers so for a missing key when the reader may not list the bucket."""


class TooLarge(Exception):
    """The object has more bytes than the reader would take; nothing beyond the limit was read."""

    def __init__(self, size: int) -> None:
        super().__init__(f"at least {size} bytes")
        self.size = size


def checksum(content: bytes) -> str:
    """SHA-256 in base64, as S3 writes it."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def put_once(client: "S3Client", bucket: str, key: str, content: bytes, *, media_type: str) -> bool:
    """Create an object; False when one stands under ``key`` already, whatever its bytes."""
    try:
        with translated("PutObject"):
            client.put_object(
                Bucket=bucket,
                Key=key,
                Body=content,
                ContentType=media_type,
                IfNoneMatch="*",
                ChecksumSHA256=checksum(content),
            )
    except ClientError as error:
        if code_of(error) in {"PreconditionFailed", "412"}:
            return False
        raise
    return True


def chunks(answer: Any, *, limit: int) -> Iterator[bytes]:
    """The body of a ``GetObject`` answer in pieces, which is closed in any case.

    Raises ``TooLarge`` before reading when the stated length is above ``limit`` bytes, and while reading when
    the body is longer than stated.
    """
    body = answer["Body"]
    try:
        if answer["ContentLength"] > limit:
            raise TooLarge(answer["ContentLength"])
        size = 0
        while True:
            with translated("GetObject"):
                chunk: bytes = body.read(CHUNK)
            if not chunk:
                return
            size += len(chunk)
            if size > limit:
                raise TooLarge(size)
            yield chunk
    finally:
        body.close()


def content_of(answer: Any, *, limit: int) -> bytes:
    return b"".join(chunks(answer, limit=limit))
