"""Records and artifacts in versioned S3 buckets, by version id."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cutover.adapters.aws_errors import code_of, translated
from cutover.adapters.s3_objects import DENIED, MISSING, TooLarge, chunks, content_of
from cutover.contracts.base import Digest
from cutover.contracts.candidate import Reference
from cutover.contracts.evidence import ArtifactRecord
from cutover.contracts.sources import BucketSource
from cutover.domain import canonical
from cutover.errors import Refused
from cutover.ports import Fetched

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_NOT_THERE = MISSING | {"InvalidArgument", "KeyTooLongError", "MethodNotAllowed", "NoSuchBucket"}
"""A malformed version id and a delete marker are answered by codes of their own."""


class S3Source:
    """Implements ``SourceSystem``: a reference's record is the key, its version the object's version id."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def fetch(self, source: BucketSource, reference: Reference, *, limit: int) -> Fetched:
        with _refusing(reference):
            answer = self._open(source, reference.record, reference.version)
            content = content_of(answer, limit=limit)
        media_type = answer.get("ContentType") or "application/octet-stream"
        return Fetched(content=content, media_type=media_type, version=reference.version)

    def latest(self, source: BucketSource, reference: Reference) -> str | None:
        """By one ``HEAD``, which a delete marker answers like a missing key."""
        with _refusing(reference):
            try:
                return self._latest(source, reference.record)
            except ClientError as error:
                if code_of(error) in _NOT_THERE:
                    return None
                raise

    def artifact(self, name: str, source: BucketSource, reference: Reference, *, limit: int) -> bytes:
        """``name`` is the source's name in the facts. The newest version is read too, where it is another."""
        with _refusing(reference):
            sha256, size = self._hash(source, reference.record, reference.version, limit)
            latest = self._latest(source, reference.record)
            same = latest == reference.version
            latest_sha256 = sha256 if same else self._hash(source, reference.record, latest, limit)[0]
        record = ArtifactRecord(
            source=name,
            record=reference.record,
            version=reference.version,
            sha256=sha256,
            size=size,
            latest=latest,
            latest_sha256=latest_sha256,
        )
        return canonical.encode_model(record)

    def _open(self, source: BucketSource, key: str, version: str) -> "GetObjectOutputTypeDef":
        with translated("GetObject"):
            answer = self._client.get_object(Bucket=source.bucket, Key=key, VersionId=version)
        if answer.get("VersionId") != version:
            answer["Body"].close()
            detail = f"asked for version {version} of {key}, was given {answer.get('VersionId')}"
            raise Refused("SOURCE_VERSION_DIFFERS", detail, "use a bucket that keeps versions")
        return answer

    def _hash(self, source: BucketSource, key: str, version: str, limit: int) -> tuple[Digest, int]:
        """Digest and size in bytes, in constant memory."""
        sha256, size = hashlib.sha256(), 0
        for chunk in chunks(self._open(source, key, version), limit=limit):
            sha256.update(chunk)
            size += len(chunk)
        return "sha256:" + sha256.hexdigest(), size

    def _latest(self, source: BucketSource, key: str) -> str:
        with translated("HeadObject"):
            head = self._client.head_object(Bucket=source.bucket, Key=key)
        if not head.get("VersionId"):
            raise Refused("SOURCE_VERSION_DIFFERS", f"{key} has no version", "use a bucket that keeps versions")
        return head["VersionId"]


@contextmanager
def _refusing(reference: Reference) -> Iterator[None]:
    """S3's verdicts on a reference as refusals; whatever else fails is raised as it is."""
    where = f"{reference.record} at version {reference.version} in {reference.source}"
    try:
        yield
    except TooLarge as error:
        raise Refused("SOURCE_RECORD_TOO_LARGE", f"{where} has {error}") from error
    except ClientError as error:
        code = code_of(error)
        if code in _NOT_THERE:
            raise Refused("SOURCE_RECORD_MISSING", f"{where} was not found ({code})") from error
        if code in DENIED:
            detail = f"{where} may not be read, or does not exist"
            raise Refused("SOURCE_DENIED", detail, "grant Collect read access to the bucket") from error
        raise
