"""`cutover pending`: what waits for whom now."""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from cutover.domain import emergencies, quorum, times
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord, Status
from cutover.errors import IntegrityError, Refused
from cutover_cli import held
from cutover_cli.looking import screen
from cutover_cli.looking.finding import MAX_LIVE, Span, moved
from cutover_cli.looking.standing import Standing, look
from cutover_cli.output import CommandError
from cutover_cli.site import Site

if TYPE_CHECKING:
    from rich.console import RenderableType

Kind = Literal["approval", "hold", "deferral", "after-action", "uncertain"]
RELEASE_ENGINEERING = "release-engineering"
WAITING = (Status.AWAITING_APPROVAL, Status.DEFERRED, Status.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that waits. ``since``: since when; ``until``: when it is too late, or the time has come."""

    kind: Kind
    record: RevisionRecord
    what: str
    since: datetime
    until: datetime | None = None
    role: str | None = None
    team: str | None = None
    people: tuple[str, ...] = ()

    def document(self, now: datetime) -> dict[str, Any]:
        return {
            "kind": self.kind, "cutover": self.record.cutover, "revision": self.record.revision, "what": self.what,
            "role": self.role, "team": self.team, "people": list(self.people), "since": screen.instant(self.since),
            "age_seconds": int((now - self.since).total_seconds()), "until": screen.instant(self.until),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Whom:
    """For whom; None: for anybody."""

    person: str | None = None
    role: str | None = None
    team: str | None = None

    def concerns(self, item: Item, policy: Policy | None) -> bool:
        """A person is asked by name, or by being of the team that owns it."""
        if self.role is not None and self.role != item.role:
            return False
        if self.team is not None and self.team not in _teams(item, policy):
            return False
        if self.person is None:
            return True
        known = policy.facts.people.get(self.person) if policy else None
        return self.person in item.people or (known is not None and item.team == known.team)


def _teams(item: Item, policy: Policy | None) -> set[str]:
    """The owners, and the teams of those who are asked."""
    known = [policy.facts.people.get(each) for each in item.people] if policy else []
    return {each for each in (item.team, *(one.team for one in known if one)) if each is not None}


@dataclass(frozen=True, slots=True)
class Pending:
    """What waits, the nearest deadline first; ``policy`` is None and ``unread`` says why where it could not be read."""

    items: tuple[Item, ...]
    policy: Policy | None
    unread: tuple[str, ...]


def look_up(site: Site, span: Span, whom: Whom, *, most: int = MAX_LIVE) -> Pending:
    """Everything that waits for somebody. Of what has ended, what moved within ``span``.

    Of more than ``most`` revisions the others are told to be unread.
    """
    unread: list[str] = []
    policy = _policy(site, unread)
    found = list(_live(site, unread, most))
    found += [item for each in moved(site, span) if isinstance(each, RevisionRecord) for item in _ended(each, policy)]
    kept = [each for each in found if whom.concerns(each, policy)]
    kept.sort(key=lambda each: (each.until is None, each.until or each.since, each.record.cutover))
    return Pending(tuple(kept), policy, tuple(dict.fromkeys(unread)))


def _policy(site: Site, unread: list[str]) -> Policy | None:
    try:
        return site.policy()
    except (Refused, IntegrityError, CommandError) as error:
        unread.append(f"the active policy: {error}")
        return None


def _live(site: Site, unread: list[str], most: int) -> Iterator[Item]:
    """The index may lag, so each record is read again."""
    waiting = list(site.records.waiting(WAITING, limit=most + 1))
    if len(waiting) > most:
        unread.append(f"more than {most} revisions wait: those that are due last are not looked at")
    for each in waiting[:most]:
        record = site.records.revision(each.cutover, each.revision)
        if record is None or record.status not in WAITING:
            continue
        if record.status is Status.DEFERRED:
            yield _deferral(record)
        elif record.status is Status.AWAITING_APPROVAL:
            standing = look(site, record)
            unread += standing.unread
            yield from _approvals(standing)
        else:
            yield from _holds(site, record, unread)


def _deferral(record: RevisionRecord) -> Item:
    by = record.deferral
    what = f"{by.person} put the question off" if by else "the question was put off"
    return Item(
        kind="deferral", record=record, what=what, since=by.decided_at if by else record.moved_at,
        until=record.deferred_until, role=by.role if by else None, people=(by.person,) if by else (),
    )  # fmt: skip


def _approvals(of: Standing) -> Iterator[Item]:
    asked = of.said.told if of.said else ()
    for seat in of.seats:
        since = min((each.asked_at for each in asked if each.role == seat.role), default=of.record.moved_at)
        yield Item(
            kind="approval", record=of.record, what=f"{seat.count} approval(s) by {seat.assurance}", since=since,
            until=of.record.valid_until or of.record.expires_at, role=seat.role, people=seat.people,
        )  # fmt: skip


def _holds(site: Site, record: RevisionRecord, unread: list[str]) -> Iterator[Item]:
    try:
        found = held.of(site, record)
    except IntegrityError as error:
        unread.append(f"the holds of {record.cutover}: {error}")
        return
    for each in found:
        if each.answer is None:
            yield Item(
                kind="hold", record=record, what=f"{each.hold.code} {each.hold.field}".strip(),
                since=each.hold.opened_at, until=each.hold.expires_at, team=each.hold.owner,
            )  # fmt: skip


def _ended(record: RevisionRecord, policy: Policy | None) -> Iterator[Item]:
    """What is still to be done about a revision that has ended."""
    if emergencies.after_action_awaited(record):
        person = quorum.person_of(policy.facts, record.requester) if policy else None
        known = policy.facts.people.get(person) if policy and person else None
        yield Item(
            kind="after-action", record=record, what="the after-action record of an emergency", since=record.moved_at,
            until=record.after_action_due, team=known.team if known else RELEASE_ENGINEERING,
            people=(person,) if person else (),
        )  # fmt: skip
    if record.status is Status.UNCERTAIN:
        yield Item(
            kind="uncertain", record=record, what=f"did its message arrive? hand-off {record.handoff_id}",
            since=record.moved_at, team=RELEASE_ENGINEERING,
        )  # fmt: skip


def text_of(found: Pending, now: datetime, place: list[str]) -> "Iterator[RenderableType]":
    """One table, and where to look closer."""
    for each in found.unread:
        yield screen.line(screen.cell("could not be read  ", screen.BAD), each)
    if not found.items:
        yield screen.line("nothing waits for anybody")
        return
    yield screen.table(("WAITS FOR", "WHAT", "OF", "REV", "SINCE", "UNTIL"), _rows(found.items, now))
    yield screen.cell(f"{shlex.join(['cutover', 'explain', found.items[0].record.cutover, *place])} says more", "dim")


def _rows(items: Iterable[Item], now: datetime) -> Iterator[tuple[Any, ...]]:
    for each in items:
        named = ", ".join(each.people)
        owner = each.role or (f"team {each.team}" if each.team else "")
        until, late = "", each.until is not None and each.until <= now
        if each.until is not None:
            until = f"{times.moment(each.until)}, {times.distance(each.until, now)}"
        yield (
            f"{owner}: {named}" if owner and named else owner or named, each.what, each.record.cutover,
            str(each.record.revision), times.distance(each.since, now), screen.cell(until, screen.BAD if late else ""),
        )  # fmt: skip
