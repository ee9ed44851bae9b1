"""A store whose writes stay in this process: for finding out what would be done, with the code that does it."""

from cutover.contracts.base import Digest
from cutover.contracts.handoff import Tombstone
from cutover.domain import canonical
from cutover.errors import DocumentMissing, Refused
from cutover.ports import Store, Stored


class Aside:
    """Implements ``Store``. Reads what was put here, then what lies beneath, if anything does; writes nothing there."""

    def __init__(self, beneath: Store | None = None) -> None:
        self._beneath = beneath
        self._kept: dict[Digest, bytes] = {}
        self._tombstones: dict[tuple[str, int], Tombstone] = {}

    def put(self, content: bytes) -> Digest:
        digest = canonical.digest(content)
        self._kept[digest] = content
        return digest

    def get(self, digest: Digest, *, limit: int) -> bytes:
        if digest not in self._kept:
            if self._beneath is None:
                raise DocumentMissing(f"nothing is kept under {digest}")
            return self._beneath.get(digest, limit=limit)
        if len(found := self._kept[digest]) > limit:
            raise Refused("DOCUMENT_TOO_LARGE", f"{digest} has {len(found)} bytes; at most {limit}")
        return found

    def locate(self, digest: Digest) -> Stored:
        if self._beneath is None or digest in self._kept:
            raise DocumentMissing(f"{digest} lies in no bucket")
        return self._beneath.locate(digest)

    def put_tombstone(self, tombstone: Tombstone) -> None:
        self._tombstones.setdefault((tombstone.cutover, tombstone.revision), tombstone)

    def has_tombstone(self, cutover: str, revision: int) -> bool:
        if (cutover, revision) in self._tombstones:
            return True
        return self._beneath is not None and self._beneath.has_tombstone(cutover, revision)
