"""The write-once store in one S3 bucket with versions and Object Lock."""

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cutover.adapters.aws_errors import code_of, translated
from cutover.adapters.s3_objects import MISSING, TooLarge, checksum, content_of, put_once
from cutover.contracts.base import Digest
from cutover.contracts.handoff import Tombstone
from cutover.domain import canonical
from cutover.errors import ConfigurationError, DigestMismatch, DocumentMissing, OverwriteRefused, Refused
from cutover.ports import HEADS_LOOKED_AT, Stored

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

MAX_LEDGER_HEAD_BYTES = 65_536
MAX_HANDOFF_BYTES = 1_048_576
MAX_NOTICE_BYTES = 4 * 1_048_576


class S3Store:
    """Implements ``LockedStore``.

    Keys: ``sha256/<hex>`` content, ``tombstones/<cutover>/<revision>.json``, ``ledger/<chain>/<sequence>.json`` and
    ``notices/<chain>/<sequence>.json`` (twelve digits), ``handoffs/<hex>.json``. Every object is created with
    ``If-None-Match: *`` and its SHA-256, which S3 checks.
    """

    def __init__(self, client: "S3Client", *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, content: bytes) -> Digest:
        digest = canonical.digest(content)
        if not self._create(_key(digest), content, "application/octet-stream"):
            self._must_stand(digest, content)
        return digest

    def get(self, digest: Digest, *, limit: int) -> bytes:
        try:
            content = self._read(_key(digest), limit=limit)
        except TooLarge as error:
            raise Refused("DOCUMENT_TOO_LARGE", f"{digest} has {error}; at most {limit} are read") from error
        except ClientError as error:
            raise _missing(error, digest) from error
        if not canonical.same(canonical.digest(content), digest):
            raise DigestMismatch(f"what is stored as {digest} has other bytes")
        return content

    def locate(self, digest: Digest) -> Stored:
        key = _key(digest)
        head = self._head(digest)
        if "ChecksumSHA256" not in head:
            self.get(digest, limit=head["ContentLength"])  # no checksum to trust: the bytes must say it
        elif head["ChecksumSHA256"] != _checksum_of(digest):
            raise DigestMismatch(f"what is stored as {digest} has other bytes, by S3's checksum")
        if "VersionId" not in head:
            raise ConfigurationError(f"the store bucket {self._bucket} keeps no versions")
        return Stored(digest, head["ContentLength"], self._bucket, key, head["VersionId"])

    def put_tombstone(self, tombstone: Tombstone) -> None:
        key = _tombstone_key(tombstone.cutover, tombstone.revision)
        self._create(key, canonical.encode_model(tombstone), "application/json")

    def has_tombstone(self, cutover: str, revision: int) -> bool:
        """Looked up by listing exactly that key.

        A listing is as strongly consistent as a read and needs nothing but ``s3:ListBucket`` on the prefix; a
        ``HEAD`` of a missing key is answered 403 under such a grant, and 404 for a missing bucket as well. Only
        an empty listing means no; every error is raised.
        """
        return self._stands(_tombstone_key(cutover, revision))

    def put_ledger_head(self, chain: str, sequence: int, content: bytes) -> bytes:
        return self._first(f"ledger/{chain}/{sequence:012d}.json", content, limit=MAX_LEDGER_HEAD_BYTES)

    def newest_ledger_head(self, chain: str, *, upto: int) -> bytes | None:
        prefix = f"ledger/{chain}/"
        after = f"{prefix}{max(0, upto + 1 - HEADS_LOOKED_AT):012d}"
        with translated("ListObjectsV2"):
            listing = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, StartAfter=after)
        newest = max((key for key in _names(listing) if key <= f"{prefix}{upto:012d}.json"), default=None)
        return self._read(newest, limit=MAX_LEDGER_HEAD_BYTES) if newest else None

    def put_notice(self, chain: str, sequence: int, content: bytes) -> bytes:
        return self._first(f"notices/{chain}/{sequence:012d}.json", content, limit=MAX_NOTICE_BYTES)

    def notices(self, chain: str) -> Iterator[tuple[int, bytes]]:
        for page in self._pages(f"notices/{chain}/"):
            for key in _names(page):
                number = key.rpartition("/")[2].removesuffix(".json")
                yield int(number), self._read(key, limit=MAX_NOTICE_BYTES)

    def sealed_chains(self) -> Iterator[str]:
        for page in self._pages("ledger/", folders=True):
            for each in page.get("CommonPrefixes", []):
                yield each.get("Prefix", "").removeprefix("ledger/").removesuffix("/")

    def _pages(self, prefix: str, *, folders: bool = False) -> "Iterator[ListObjectsV2OutputTypeDef]":
        """What begins so; with ``folders``, only as far as the next slash."""
        with translated("ListObjectsV2"):
            listing = self._client.get_paginator("list_objects_v2")
            if folders:
                yield from listing.paginate(Bucket=self._bucket, Prefix=prefix, Delimiter="/")
            else:
                yield from listing.paginate(Bucket=self._bucket, Prefix=prefix)

    def put_handoff(self, handoff_id: Digest, content: bytes) -> bytes:
        return self._first(_handoff_key(handoff_id), content, limit=MAX_HANDOFF_BYTES)

    def get_handoff(self, handoff_id: Digest) -> bytes:
        try:
            return self._read(_handoff_key(handoff_id), limit=MAX_HANDOFF_BYTES)
        except ClientError as error:
            raise _missing(error, handoff_id) from error

    def has_handoff(self, handoff_id: Digest) -> bool:
        """By listing, as a tombstone is."""
        return self._stands(_handoff_key(handoff_id))

    def _first(self, key: str, content: bytes, *, limit: int) -> bytes:
        """What stands under ``key``: these bytes, or those that were there before."""
        return content if self._create(key, content, "application/json") else self._read(key, limit=limit)

    def _stands(self, key: str) -> bool:
        with translated("ListObjectsV2"):
            listing = self._client.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1)
        return key in _names(listing)

    def _create(self, key: str, content: bytes, media_type: str) -> bool:
        return put_once(self._client, self._bucket, key, content, media_type=media_type)

    def _read(self, key: str, *, limit: int) -> bytes:
        with translated("GetObject"):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        return content_of(answer, limit=limit)

    def _head(self, digest: Digest) -> dict[str, Any]:
        try:
            with translated("HeadObject"):
                return {**self._client.head_object(Bucket=self._bucket, Key=_key(digest), ChecksumMode="ENABLED")}
        except ClientError as error:
            raise _missing(error, digest) from error

    def _must_stand(self, digest: Digest, content: bytes) -> None:
        """The object that was there first must hold the same bytes: by S3's checksum, or else by reading it."""
        head = self._head(digest)
        same = head["ContentLength"] == len(content)
        if same and head.get("ChecksumSHA256") != checksum(content):
            same = self._read(_key(digest), limit=len(content)) == content
        if not same:
            raise OverwriteRefused(f"other bytes stand under {digest}")


def _names(listing: "ListObjectsV2OutputTypeDef") -> list[str]:
    return [found["Key"] for found in listing.get("Contents", []) if "Key" in found]


def _key(digest: Digest) -> str:
    return "sha256/" + digest.removeprefix("sha256:")


def _checksum_of(digest: Digest) -> str:
    return base64.b64encode(bytes.fromhex(digest.removeprefix("sha256:"))).decode()


def _handoff_key(handoff_id: Digest) -> str:
    return f"handoffs/{handoff_id.removeprefix('sha256:')}.json"


def _tombstone_key(cutover: str, revision: int) -> str:
    return f"tombstones/{cutover}/{revision}.json"


def _missing(error: ClientError, digest: Digest) -> Exception:
    return DocumentMissing(f"{digest} is not in the store") if code_of(error) in MISSING else error
