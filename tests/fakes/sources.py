"""Buckets with versions, in memory: the source systems and the inbox."""

from itertools import count

from cutover.contracts.candidate import Reference
from cutover.contracts.evidence import ArtifactRecord
from cutover.contracts.sources import BucketSource
from cutover.domain import canonical
from cutover.errors import Refused
from cutover.ports import Fetched


class FakeSources:
    """Implements ``SourceSystem``. ``put`` adds a version to a record; ``deny`` closes a bucket."""

    def __init__(self) -> None:
        self._versions: dict[tuple[str, str], list[Fetched]] = {}
        self._denied: set[str] = set()
        self._removed: set[tuple[str, str]] = set()
        self._ids = count(1)

    def put(self, bucket: str, record: str, content: bytes, media_type: str = "application/json") -> str:
        """The new version's id."""
        self._removed.discard((bucket, record))
        versions = self._versions.setdefault((bucket, record), [])
        versions.append(Fetched(content=content, media_type=media_type, version=f"v{next(self._ids)}"))
        return versions[-1].version

    def deny(self, bucket: str) -> None:
        self._denied.add(bucket)

    def allow(self, bucket: str) -> None:
        self._denied.discard(bucket)

    def fetch(self, source: BucketSource, reference: Reference, *, limit: int) -> Fetched:
        found = [one for one in self._all(source, reference) if one.version == reference.version]
        if not found:
            raise Refused("SOURCE_RECORD_MISSING", f"{reference.record} at version {reference.version}")
        return _within(limit, found[0])

    def remove(self, bucket: str, record: str) -> None:
        """The source does not have the record any more; its versions can still be read."""
        self._removed.add((bucket, record))

    def latest(self, source: BucketSource, reference: Reference) -> str | None:
        versions = self._all(source, reference)
        gone = not versions or (source.bucket, reference.record) in self._removed
        return None if gone else versions[-1].version

    def artifact(self, name: str, source: BucketSource, reference: Reference, *, limit: int) -> bytes:
        pinned = self.fetch(source, reference, limit=limit)
        latest = _within(limit, self._all(source, reference)[-1])
        return canonical.encode_model(
            ArtifactRecord(
                source=name,
                record=reference.record,
                version=reference.version,
                sha256=canonical.digest(pinned.content),
                size=len(pinned.content),
                latest=latest.version,
                latest_sha256=canonical.digest(latest.content),
            )
        )

    def _all(self, source: BucketSource, reference: Reference) -> list[Fetched]:
        if source.bucket in self._denied:
            raise Refused("SOURCE_DENIED", f"{source.bucket} may not be read")
        return self._versions.get((source.bucket, reference.record), [])


class FakeInbox:
    """Implements ``Inbox``."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], bytes] = {}

    def put(self, key: str, content: bytes) -> str:
        """The new version's id."""
        version = f"v{len(self._objects) + 1}"
        self._objects[key, version] = content
        return version

    def fetch(self, key: str, version_id: str, *, limit: int) -> bytes:
        content = self._objects.get((key, version_id))
        if content is None:
            raise Refused("CANDIDATE_UNREADABLE", "the inbox has no such object and version")
        if len(content) > limit:
            raise Refused("CANDIDATE_TOO_LARGE", f"the candidate has {len(content)} bytes; at most {limit}")
        return content


def _within(limit: int, found: Fetched) -> Fetched:
    if len(found.content) > limit:
        raise Refused("SOURCE_RECORD_TOO_LARGE", f"at least {len(found.content)} bytes")
    return found
