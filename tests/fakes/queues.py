"""FIFO queues in memory, with SQS' memory for deduplication ids."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cutover.contracts.base import NEVER_SENT
from cutover.errors import AmbiguousCompletion, ConfigurationError, DependencyUnavailable
from cutover.ports import Announcement, Clock

FORGETS_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    body: bytes
    group: str
    deduplication_id: str


class FifoQueue:
    """Messages in order. The same deduplication id within five minutes adds none and answers the first one's id."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.messages: list[Message] = []
        self._clock = clock
        self._sent_at: dict[str, tuple[datetime | None, str]] = {}

    def send(self, *, body: bytes, group: str, deduplication_id: str) -> str:
        if NEVER_SENT.intersection(body.decode()):
            raise ValueError("InvalidMessageContents: SQS takes no U+FFFE and no U+FFFF")
        now = self._clock.now() if self._clock else None
        before = self._sent_at.get(deduplication_id)
        if before and (now is None or before[0] is None or now - before[0] < FORGETS_AFTER):
            return before[1]
        message = Message(f"message-{len(self.messages) + 1}", body, group, deduplication_id)
        self.messages.append(message)
        self._sent_at[deduplication_id] = (now, message.id)
        return message.id


class FakeExceptionQueue:
    """Implements ``ExceptionQueue``."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._queue = FifoQueue(clock)

    @property
    def messages(self) -> list[Message]:
        return self._queue.messages

    def send(self, *, group: str, messages: Sequence[tuple[str, bytes]]) -> None:
        for deduplication_id, body in messages:
            self._queue.send(body=body, group=group, deduplication_id=deduplication_id)


class FakeDeploymentQueue:
    """Implements ``DeploymentQueue``. The next sends can lose their answer, or fail before they left."""

    def __init__(self, targets: Iterable[str], clock: Clock | None = None) -> None:
        self.queues = {target: FifoQueue(clock) for target in targets}
        self.sends = 0
        """Every try, failed ones included."""
        self._lost = 0
        self._refused = 0

    def lose_answers(self, count: int = 1) -> None:
        self._lost += count

    def refuse(self, count: int = 1) -> None:
        self._refused += count

    def messages(self, target: str) -> list[Message]:
        return self.queues[target].messages

    def send(self, target: str, *, body: bytes, group: str, deduplication_id: str) -> str:
        if target not in self.queues:
            raise ConfigurationError(f"this deployment has no queue for the target {target!r}")
        self.sends += 1
        if self._refused:
            self._refused -= 1
            raise DependencyUnavailable("the queue could not be reached")
        message_id = self.queues[target].send(body=body, group=group, deduplication_id=deduplication_id)
        if self._lost:
            self._lost -= 1
            raise AmbiguousCompletion("the answer was lost")
        return message_id


class FakeAnnouncements:
    """Implements ``Announcements``. What was put, in order, as often as it was put."""

    def __init__(self) -> None:
        self.announcements: list[Announcement] = []
        self._refused = 0

    def refuse(self, count: int = 1) -> None:
        self._refused += count

    def put(self, announcements: Sequence[Announcement]) -> None:
        for each in announcements:
            if not isinstance(json.loads(each.detail), dict):
                raise TypeError("MalformedDetail: a detail is a JSON object")
        if self._refused:
            self._refused -= 1
            raise DependencyUnavailable("the bus could not be reached")
        self.announcements.extend(announcements)
