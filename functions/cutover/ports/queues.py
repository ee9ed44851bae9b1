"""What is sent through queues."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class ExceptionQueue(Protocol):
    def send(self, *, group: str, messages: Sequence[tuple[str, bytes]]) -> None:
        """One message for each hold, in their order, to a FIFO queue: its deduplication id, and its body.

        Raises ``DependencyUnavailable`` when any was not sent; sending all of them again is harmless.
        """


class DeploymentQueue(Protocol):
    def send(self, target: str, *, body: bytes, group: str, deduplication_id: str) -> str:
        """Send once, without retries; the message id.

        Raises ``AmbiguousCompletion`` when the answer was lost, ``DependencyUnavailable`` when it was surely not sent.
        """


class FeedbackQueue(Protocol):
    """What Slack tells, on its way to whoever acts on it."""

    def send(self, body: bytes) -> None:
        """At least once, in no order. Raises ``DependencyUnavailable`` when it was not surely taken."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One event for the bus: its ``detail-type``, and its ``detail`` as JSON, of at most some kilobytes."""

    detail_type: str
    detail: bytes
    at: datetime


class Announcements(Protocol):
    def put(self, announcements: Sequence[Announcement]) -> None:
        """Put events on the deployment's own bus, in their order and in as few calls as it takes.

        Raises ``DependencyUnavailable`` when any was not put; putting all of them again is harmless.
        """
