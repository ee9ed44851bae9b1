"""How long people were waited for, by role; and what became of the windows that packages were bound to."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cutover.contracts.base import Digest
from cutover_cli.reporting.measures import Durations, durations
from cutover_cli.reporting.moments import Moment, Story
from cutover_cli.reporting.spells import Spell, spells

ASKED = frozenset({"awaiting_approval", "deferred"})
ANSWERS = frozenset({"approval-given", "approved", "declined"})
UNKNOWN_ROLE = ""
"""Where the statement, or the manifest, was not read."""
BOUND = frozenset({"bound", "awaiting_approval", "deferred", "approved", "awaiting_window"})


@dataclass(frozen=True, slots=True)
class WaitRow:
    role: str
    answered: Durations
    """From the question to the approval or refusal of this role, where that came in the span."""
    open: Durations
    """Since when an answer is missing, at the end of the report."""


@dataclass(frozen=True, slots=True)
class Windows:
    """What became of packages that were bound to a window, in the span."""

    hit: int
    """Handed off in it."""
    missed: int
    """Expired before they were."""
    uncertain: int
    """Sent, and nobody knows whether it arrived."""
    given_up: int
    """Superseded, declined or withdrawn before."""


@dataclass
class _Asking:
    """One revision's question: since when, of whom, and who has answered with what."""

    since: datetime | None = None
    roles: dict[Digest, str] = field(default_factory=dict)
    again: dict[str, datetime] = field(default_factory=dict)

    def waited(self, role: str, at: datetime) -> timedelta:
        since = self.again.get(role, self.since)
        return max(at - since, timedelta()) if since else timedelta()


Required = Mapping[tuple[str, int], tuple[str, ...]]
"""The roles that must approve a revision, of those that wait at the end of the report."""


def waits(
    found: Iterable[Story], roles: Mapping[Digest, str], required: Required, *, since: datetime, horizon: datetime
) -> tuple[WaitRow, ...]:
    """By role, in the order of names. ``roles``: of each decision's envelope that was read, in which role it was made.

    While a decision was deferred it was waited for too. When an approval lapsed, its role is asked again from then on.
    """
    answered: dict[str, list[timedelta]] = defaultdict(list)
    missing: dict[str, list[timedelta]] = defaultdict(list)
    for story in found:
        for revision, moments in story.revisions.items():
            asking = _Asking()
            for moment in moments:
                _follow(asking, moment, roles, answered, since)
            if _still_asked(moments):
                for role in _without_answer(asking, required.get((story.cutover, revision), (UNKNOWN_ROLE,))):
                    missing[role].append(asking.waited(role, horizon))
    names = sorted({*answered, *missing})
    return tuple(WaitRow(role, durations(answered[role]), durations(missing[role])) for role in names)


def _follow(
    asking: _Asking, moment: Moment, roles: Mapping[Digest, str], answered: dict[str, list[timedelta]], since: datetime
) -> None:
    if moment.after == "awaiting_approval" and asking.since is None:
        asking.since = moment.at
    for statement in moment.lapsed:
        if role := asking.roles.pop(statement, None):
            asking.again[role] = moment.at
    if moment.decision is None or moment.event not in ANSWERS:
        return
    role = roles.get(moment.envelope or "", UNKNOWN_ROLE)
    asking.roles[moment.decision] = role
    if moment.at >= since:
        answered[role].append(asking.waited(role, moment.at))


def _still_asked(moments: tuple[Moment, ...]) -> bool:
    found = spells(moments)
    return bool(found) and found[-1].status in ASKED


def _without_answer(asking: _Asking, required: tuple[str, ...]) -> Iterable[str]:
    return (Counter(required) - Counter(asking.roles.values())).elements()


def windows(found: Iterable[Story], *, since: datetime) -> Windows:
    """Each revision that was bound ends once; what still waits is in none of the numbers."""
    counts: Counter[str] = Counter()
    for story in found:
        for moments in story.revisions.values():
            ending = _ending(spells(moments), since)
            if ending:
                counts[ending] += 1
    return Windows(
        hit=counts["handed_off"], missed=counts["expired"], uncertain=counts["uncertain"],
        given_up=counts["superseded"] + counts["declined"] + counts["withdrawn"],
    )  # fmt: skip


def _ending(found: tuple[Spell, ...], since: datetime) -> str | None:
    """How a revision that was bound ended, if it did so in the span."""
    if not found or found[-1].start < since or not any(spell.status in BOUND for spell in found):
        return None
    return found[-1].status
