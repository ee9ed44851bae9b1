"""Who was told what about one revision: what is written down of it, so that nobody is told twice and nobody is left
with a question that is over.

A message is a consequence of the record, never the other way round: losing this costs a repeated mail, no decision.
"""

from datetime import datetime
from typing import Literal

from cutover.contracts.base import Code, CutoverId, Digest, Instant, Line, Model, Name, Revision
from cutover.domain import canonical
from cutover.domain.record import RevisionRecord, Status

State = Literal[
    "open", "decided", "filled", "left", "deferred", "approved", "declined", "superseded", "expired", "withdrawn",
    "handed_off", "uncertain",
]  # fmt: skip
"""Where a question stands: open; its person decided; others filled the seat; its person may not decide any more; or
what became of the revision."""

OUTCOMES: dict[Status, State] = {
    Status.DEFERRED: "deferred",
    Status.APPROVED: "approved",
    Status.AWAITING_WINDOW: "approved",
    Status.HANDING_OFF: "approved",
    Status.HANDED_OFF: "handed_off",
    Status.UNCERTAIN: "uncertain",
    Status.DECLINED: "declined",
    Status.SUPERSEDED: "superseded",
    Status.EXPIRED: "expired",
    Status.WITHDRAWN: "withdrawn",
}
"""What a status makes of every question. While approval is awaited, each question has its own state."""
MAX_POSTS = 20


class Told(Model):
    """One question put to one person in one role, and how far each channel has come with it."""

    person: Name
    role: Name
    round: int
    """Which asking this belongs to: everybody who is missing is asked again after a lapse or a deferral."""
    asked_at: Instant
    state: State = "open"
    stands_in_for: Name | None = None
    reminded: int = 0
    """How many of the reminders' times have passed."""
    linked_at: Instant | None = None
    """When a link was last sent; None: with the question."""
    address: Digest | None = None
    """``mailbox`` of the address that mail went to last: a corrected one is written to again."""
    mail: Line | None = None
    """The id of the first mail; later ones stand under it."""
    mailed: State | None = None
    """What mail last told of; None: nothing yet of this asking."""
    undelivered: Code | None = None
    """Why mail does not reach this person."""
    owner_told: bool = False
    """Whether the person's team was told so."""
    member: Line | None = None
    """Who this person was in Slack when they were asked: somebody else is written to there."""
    posts: tuple[Line, ...] = ()
    """What stands in Slack, by its references."""
    posted: State | None = None
    unposted: Code | None = None
    """Why Slack does not reach this person."""

    @property
    def pair(self) -> tuple[str, str]:
        return self.role, self.person

    @property
    def reached(self) -> bool:
        """Whether the question got to its person by one way at least."""
        by_mail = self.mailed == "open" and self.undelivered is None
        return by_mail or (self.posted == "open" and self.unposted is None)

    @property
    def unreachable(self) -> bool:
        """Whether it is known that the question did not get there, by no way that was tried."""
        return self.undelivered is not None and not self.reached


class Post(Model):
    """The message in a role's channel. ``shown``: digest of what it says, so that it is edited when that changes."""

    role: Name
    conversation: Line
    reference: Line
    shown: Digest


class Correspondence(Model):
    """Everything that was said about one revision. ``version`` rises with every write."""

    cutover: CutoverId
    revision: Revision
    headline: Line
    """Product, version, target and window as the first mail said them: closing needs no package."""
    time_zone: Line | None = None
    round: int = 1
    begun_by: int
    """The version of the record that made this round be asked: who is killed and asks again goes on with it."""
    told: tuple[Told, ...] = ()
    posts: tuple[Post, ...] = ()
    silent: tuple[Name, ...] = ()
    """Roles whose channel takes no message; their owner was told."""
    unreachable_told: bool = False
    """Whether the owners know that those who were reached cannot fill the seats."""
    after_action: Literal["asked", "overdue"] | None = None
    """Of an emergency: what was said of its after-action record."""
    seen: int = 0
    """The version of the record that was last looked at; 0: look again, something could not be said."""
    facts: Digest | None = None
    version: int = 1
    due_at: Instant | None = None
    """When something is to be said next, if nothing happens; None: everything is said."""

    def of(self, role: str, person: str) -> Told | None:
        return next((each for each in self.told if each.pair == (role, person)), None)

    def with_told(self, told: Told) -> "Correspondence":
        """With this question's state in the place of the one before."""
        others = tuple(each for each in self.told if each.pair != told.pair)
        known = len(others) < len(self.told)
        replaced = tuple(told if each.pair == told.pair else each for each in self.told)
        return self.model_copy(update={"told": replaced if known else (*self.told, told)})

    def with_post(self, post: Post) -> "Correspondence":
        others = tuple(each for each in self.posts if each.role != post.role)
        return self.model_copy(update={"posts": (*others, post)})


def mailbox(email: str) -> Digest:
    """An address, by which it is known again. In whatever case it is spelt, it is one mailbox."""
    return canonical.digest(email.casefold().encode())


def outcome(record: RevisionRecord) -> State | None:
    """What became of the revision; None while each question has its own state."""
    return OUTCOMES.get(record.status)


def merged(stored: Correspondence, ours: Correspondence, *, again: datetime) -> Correspondence:
    """Two writers spoke at once: the stored one stands, and what only we know of is not forgotten.

    A message in Slack whose reference was lost would keep its buttons for ever. What came of it is looked at ``again``
    at that time at the latest, whatever either of them thought to be over.
    """
    result = stored
    for mine in ours.told:
        theirs = result.of(*mine.pair)
        if theirs is None:
            result = result.with_told(mine)
            continue
        posts = tuple(dict.fromkeys((*theirs.posts, *mine.posts)))[-MAX_POSTS:]
        if posts != theirs.posts:
            result = result.with_told(theirs.model_copy(update={"posts": posts, "posted": mine.posted}))
    known = {post.role for post in result.posts}
    for post in ours.posts:
        if post.role not in known:
            result = result.with_post(post)
    due_at = min(each for each in (stored.due_at, ours.due_at, again) if each is not None)
    return result.model_copy(update={"seen": 0, "due_at": due_at, "version": stored.version + 1})
