"""What the door needs beyond the ports, the question that a link stands for, and what a person answers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.approval import Answers, Assertion, Decision
from cutover.contracts.base import Digest
from cutover.contracts.policy import Rules
from cutover.domain.links import Link
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord
from cutover.doors.approvals.standing import Standing
from cutover.packages import Package

Once = Callable[[str, Callable[[], str]], str]
"""Runs an action once for a key and remembers its short answer; an action that raises is forgotten."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a link asks, with everything that an answer is judged on, read now. ``rules``: those it pinned."""

    link: Link
    record: RevisionRecord
    policy: Policy
    rules: Rules
    package: Package
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """One person's checked answers about one package. ``nonce`` is the digest under which it is spent.

    ``until``: when a deferred question comes back; ``latest``: the end of the time to which it can be deferred;
    ``assertion``: what their passkey signed, where they used one.
    """

    link: Link
    decision: Decision
    answers: Answers | None
    reason: str | None
    package: Package
    nonce: Digest
    until: datetime | None = None
    latest: datetime | None = None
    assertion: Assertion | None = None
