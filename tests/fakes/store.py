"""The write-once store in memory."""

from collections.abc import Iterator

from cutover.contracts.base import Digest
from cutover.contracts.handoff import Tombstone
from cutover.domain import canonical
from cutover.errors import DigestMismatch, DocumentMissing, OverwriteRefused, Refused
from cutover.ports import HEADS_LOOKED_AT, Stored


class InMemoryStore:
    """Implements ``LockedStore``. ``objects`` lies open: tests look into it and tamper with it."""

    bucket = "store"

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put(self, content: bytes) -> Digest:
        digest = canonical.digest(content)
        if self.objects.setdefault(_key(digest), content) != content:
            raise OverwriteRefused(f"other bytes stand under {digest}")
        return digest

    def get(self, digest: Digest, *, limit: int) -> bytes:
        content = self._object(digest)
        if len(content) > limit:
            raise Refused("DOCUMENT_TOO_LARGE", f"{digest} has {len(content)} bytes; at most {limit} are read")
        if canonical.digest(content) != digest:
            raise DigestMismatch(f"what is stored as {digest} has other bytes")
        return content

    def locate(self, digest: Digest) -> Stored:
        content = self._object(digest)
        if canonical.digest(content) != digest:
            raise DigestMismatch(f"what is stored as {digest} has other bytes")
        return Stored(digest, len(content), self.bucket, _key(digest), version_id="1")

    def put_tombstone(self, tombstone: Tombstone) -> None:
        key = _tombstone_key(tombstone.cutover, tombstone.revision)
        self.objects.setdefault(key, canonical.encode_model(tombstone))

    def has_tombstone(self, cutover: str, revision: int) -> bool:
        return _tombstone_key(cutover, revision) in self.objects

    def put_ledger_head(self, chain: str, sequence: int, content: bytes) -> bytes:
        return self.objects.setdefault(f"ledger/{chain}/{sequence:012d}.json", content)

    def newest_ledger_head(self, chain: str, *, upto: int) -> bytes | None:
        lowest = max(1, upto + 1 - HEADS_LOOKED_AT)
        keys = (f"ledger/{chain}/{sequence:012d}.json" for sequence in range(upto, lowest - 1, -1))
        return next((self.objects[key] for key in keys if key in self.objects), None)

    def put_notice(self, chain: str, sequence: int, content: bytes) -> bytes:
        return self.objects.setdefault(f"notices/{chain}/{sequence:012d}.json", content)

    def notices(self, chain: str) -> Iterator[tuple[int, bytes]]:
        prefix = f"notices/{chain}/"
        for key in sorted(each for each in self.objects if each.startswith(prefix)):
            yield int(key.removeprefix(prefix).removesuffix(".json")), self.objects[key]

    def sealed_chains(self) -> Iterator[str]:
        yield from sorted({key.split("/")[1] for key in self.objects if key.startswith("ledger/")})

    def has_handoff(self, handoff_id: Digest) -> bool:
        return _handoff_key(handoff_id) in self.objects

    def put_handoff(self, handoff_id: Digest, content: bytes) -> bytes:
        return self.objects.setdefault(_handoff_key(handoff_id), content)

    def get_handoff(self, handoff_id: Digest) -> bytes:
        try:
            return self.objects[_handoff_key(handoff_id)]
        except KeyError:
            raise DocumentMissing(f"{handoff_id} is not in the outbox") from None

    def _object(self, digest: Digest) -> bytes:
        try:
            return self.objects[_key(digest)]
        except KeyError:
            raise DocumentMissing(f"{digest} is not in the store") from None


def _key(digest: Digest) -> str:
    return "sha256/" + digest.removeprefix("sha256:")


def _handoff_key(handoff_id: Digest) -> str:
    return f"handoffs/{handoff_id.removeprefix('sha256:')}.json"


def _tombstone_key(cutover: str, revision: int) -> str:
    return f"tombstones/{cutover}/{revision}.json"
