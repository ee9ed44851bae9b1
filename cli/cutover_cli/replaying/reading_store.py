"""A store of which nothing is changed."""

from cutover.contracts.base import Digest
from cutover.contracts.handoff import Tombstone
from cutover.domain import canonical
from cutover.errors import DigestMismatch, DocumentMissing, IntegrityError, Refused
from cutover.ports import Store, Stored


class ReadingStore:
    """What is put stays in memory, and is found there first. Implements ``Store``.

    ``unusable`` names what was asked for and could not be had, for a caller may have gone on without it.
    """

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self.made: dict[Digest, bytes] = {}
        self.unusable: dict[Digest, IntegrityError] = {}

    def put(self, content: bytes) -> Digest:
        digest = canonical.digest(content)
        self.made[digest] = content
        return digest

    def get(self, digest: Digest, *, limit: int) -> bytes:
        content = self.made.get(digest)
        if content is None:
            return self._asked(digest, limit)
        if len(content) > limit:
            raise Refused("DOCUMENT_TOO_LARGE", f"{digest} has {len(content)} bytes; at most {limit} are read")
        return content

    def _asked(self, digest: Digest, limit: int) -> bytes:
        try:
            return self._inner.get(digest, limit=limit)
        except (DocumentMissing, DigestMismatch) as error:
            self.unusable[digest] = error
            raise

    def locate(self, digest: Digest) -> Stored:
        return self._inner.locate(digest)

    def put_tombstone(self, tombstone: Tombstone) -> None:
        """Nothing ends here."""

    def has_tombstone(self, cutover: str, revision: int) -> bool:
        return self._inner.has_tombstone(cutover, revision)
