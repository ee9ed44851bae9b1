"""What comes to the door, what it needs beyond the ports, and the question that a link stands for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from cutover.domain.links import Link
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord
from cutover.doors.approvals.standing import Standing
from cutover.packages import Package

Once = Callable[[str, Callable[[], str]], str]
"""Runs an action once for a key and remembers its short answer; an action that raises is forgotten."""


class Log(Protocol):
    """What the door needs of a logger: one line an event, its fields in ``extra``."""

    def info(self, msg: object, /, *, extra: Mapping[str, object] | None = None) -> None: ...

    def error(self, msg: object, /, *, extra: Mapping[str, object] | None = None) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. ``headers`` in lower case; ``id`` is the gateway's, shown to people as a reference."""

    method: str
    link: str
    headers: Mapping[str, str]
    body: bytes
    id: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a link asks, with everything that an answer is judged on, read now."""

    link: Link
    record: RevisionRecord
    policy: Policy
    package: Package
    standing: Standing
