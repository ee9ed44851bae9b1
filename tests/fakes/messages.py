"""What was said of each revision, in memory."""

from collections.abc import Iterator

from cutover.domain.correspondence import Correspondence
from cutover.errors import Conflict
from cutover.ports import Unreadable


class InMemoryMessages:
    """Implements ``Messages``."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, int], Correspondence] = {}

    def correspondence(self, cutover: str, revision: int) -> Correspondence | None:
        return self._said.get((cutover, revision))

    def put(self, said: Correspondence, *, before: Correspondence | None) -> None:
        stored = self.correspondence(said.cutover, said.revision)
        if (stored.version if stored else None) != (before.version if before else None):
            raise Conflict("messages")
        self._said[said.cutover, said.revision] = said

    def open(self, *, limit: int) -> Iterator[Correspondence | Unreadable]:
        found = [(each.due_at, each) for each in self._said.values() if each.due_at is not None]
        found.sort(key=lambda pair: pair[0])
        return iter([each for _, each in found[:limit]])
