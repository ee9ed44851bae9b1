"""What is to be said now, of the record, the facts and what was said before: pure.

A plan is compared with what was said, so making it again after a crash, a lost stream or a doubled event says only what
is still missing. Nothing here decides anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cutover.contracts.base import Digest, parse_instant
from cutover.contracts.manifest import RequiredSigner
from cutover.contracts.policy import Facts
from cutover.domain import canonical, lapses, quorum
from cutover.domain.circle import Circle, Wanted, is_away
from cutover.domain.correspondence import Correspondence, State, Told, mailbox, outcome
from cutover.domain.emergencies import Timers, after_action_awaited
from cutover.domain.record import FINAL, RevisionRecord, Status
from cutover.errors import Refused

ASKING = frozenset({Status.BOUND, Status.AWAITING_APPROVAL})
"""Statuses in which questions can be open; in the first, only RequestApproval asks."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to say to one person. ``told`` is the question as it will stand then, but for what the channels answer.

    ``mail`` and ``slack``: by which ways. Neither: it is only written down.
    """

    kind: Literal["ask", "remind", "close"]
    told: Told
    mail: bool
    slack: bool


@dataclass(frozen=True, slots=True)
class ChannelStep:
    """What a role's channel should show: who is asked there, or what became of it. ``shown`` is its digest."""

    role: str
    conversation: str
    state: State
    asked: tuple[str, ...]
    reference: str | None
    shown: Digest


@dataclass(frozen=True, slots=True)
class Plan:
    steps: tuple[Step, ...]
    due_at: datetime | None
    """When there is something to say next though nothing happens; None: never again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who may still be asked, under today's facts."""

    signers: tuple[RequiredSigner, ...]
    seats: tuple[RequiredSigner, ...]
    """Those that are empty."""
    decided: frozenset[str]
    """Whose decision stands."""
    barred: frozenset[str]


def standing(
    record: RevisionRecord, signers: tuple[RequiredSigner, ...], requesters: tuple[str, ...], facts: Facts,
    now: datetime,
) -> Standing | None:  # fmt: skip
    """None where it is not known who asked for the release: then nobody is known to be somebody else."""
    try:
        barred = quorum.barred(facts, requesters)
    except Refused:
        return None
    gone = lapses.lapsed(record.decisions, facts=facts, barred=barred, now=now)
    stand = tuple(each for each in record.decisions if each not in gone)
    votes = lapses.votes(stand, facts=facts, barred=barred)
    return Standing(
        signers=signers, seats=quorum.outstanding(signers, votes), decided=frozenset(each.person for each in stand),
        barred=barred,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One look at one revision. Whoever was asked in an earlier round than ``said.round`` is asked again."""

    record: RevisionRecord
    facts: Facts
    timers: Timers
    said: Correspondence
    now: datetime
    standing: Standing | None = None
    """While approval is awaited; None where nobody may be asked."""
    slack: bool = False

    def plan(self) -> Plan:
        """What to say now. While approval is awaited and nobody may be judged, nothing."""
        if self.record.status not in ASKING:
            steps = tuple(self._closing())
        else:
            steps = tuple(self._asking(self._circle(self.standing))) if self.standing is not None else ()
        return Plan(steps, self._due_at())

    def channels(self, said: Correspondence) -> Iterator[ChannelStep]:
        """The roles' channels, after ``said``. Where nobody was asked, nothing is posted.

        What stands in a channel is edited also once the facts name no workspace, or other channels: it would ask for
        ever.
        """
        if not self.slack:
            return
        named = self.facts.slack.channels if self.facts.slack is not None else {}
        for role in dict.fromkeys(each.role for each in said.told):
            told = [each for each in said.told if each.role == role]
            asked = tuple(sorted(each.person for each in told if each.state == "open"))
            state: State = "open" if asked else outcome(self.record) or "filled"
            post = next((each for each in said.posts if each.role == role), None)
            conversation = post.conversation if post else named.get(role)
            rounds = max(each.round for each in told)
            shown = canonical.digest(canonical.encode([state, list(asked), rounds if asked else 0]))
            if conversation is not None and (post is None or post.shown != shown) and (post or asked):
                yield ChannelStep(role, conversation, state, asked, post.reference if post else None, shown)

    # --- while approval is awaited

    def _asking(self, circle: Circle) -> Iterator[Step]:
        wanted = {each.pair: each for each in circle.wanted()}
        for each in wanted.values():
            known = self.said.of(*each.pair)
            if known is None or known.state != "open" or known.round < self.said.round:
                yield self._ask(each, known)
            else:
                yield from self._keep(known)
        for told in self.said.told:
            if told.pair not in wanted:
                yield from self._unwanted(told, circle)

    def _ask(self, wanted: Wanted, known: Told | None) -> Step:
        """Once more, it stands under the first mail of it."""
        told = Told(
            person=wanted.person, role=wanted.role, round=self.said.round, asked_at=self.now,
            stands_in_for=wanted.stands_in_for, mail=known.mail if known else None,
            posts=known.posts if known else (), address=self._address(wanted.person),
            member=self._member(wanted.person),
        )  # fmt: skip
        return Step("ask", told, mail=True, slack=self._in_slack(told))

    def _keep(self, told: Told) -> Iterator[Step]:
        """An open question: said by every way there is by now, and once more when its time has come."""
        address = self._address(told.person)
        corrected = told.undelivered is not None and address is not None and address != told.address
        if corrected:
            again = {"undelivered": None, "mailed": None, "address": address, "owner_told": False}
            told = told.model_copy(update=again)
        member = self._member(told.person)
        if told.unposted is not None and member is not None and member != told.member:
            again = {"unposted": None, "posted": None, "member": member, "owner_told": False}
            told = told.model_copy(update=again)
        mail = told.mailed is None and told.undelivered is None and address is not None
        slack = told.posted is None and told.unposted is None and self._in_slack(told)
        if mail or slack:
            yield Step("ask", told, mail=mail, slack=slack)
            return
        passed = sum(1 for offset in self.timers.reminders if told.asked_at + offset <= self.now)
        here = not is_away(self.facts.people[told.person], self.now)
        by_mail = here and told.mailed == "open" and told.undelivered is None
        in_slack = here and told.posted == "open"
        sent = by_mail or in_slack
        if passed > told.reminded or (sent and self._link_ends(told) <= self.now):
            update = {"reminded": passed} | ({"linked_at": self.now} if sent else {})
            yield Step("remind", told.model_copy(update=update), mail=by_mail, slack=in_slack)

    def _unwanted(self, told: Told, circle: Circle) -> Iterator[Step]:
        """Whoever is not wanted now: because they decided, or others did, or they may not; or as a deputy any more."""
        seats = {seat.role for seat in circle.seats}
        if told.person in circle.decided:
            yield from self._become(told, "decided")
        elif not circle.may(told.person, told.role):
            yield from self._become(told, "left")
        elif told.role not in seats:
            yield from self._become(told, "filled")
        elif told.state == "open":
            yield from self._keep(told)

    # --- when it is over, or put off

    def _closing(self) -> Iterator[Step]:
        became = outcome(self.record)
        for told in self.said.told if became is not None else ():
            stays = became in _BESIDE_A_DECISION and told.person in self._deciders()
            yield from self._become(told, "decided" if stays else became or "open")

    def _deciders(self) -> frozenset[str]:
        """Whoever has decided, whatever they said and whether or not it still counts: nobody tells them of it."""
        deferral = self.record.deferral
        return frozenset({each.person for each in self.record.decisions} | ({deferral.person} if deferral else set()))

    def _become(self, told: Told, state: State) -> Iterator[Step]:
        """By mail only whoever still has an open question; in Slack, what stands there is always what is."""
        mail = told.mailed == "open" and told.undelivered is None and told.person in self.facts.people
        mail = mail and state != "decided" and told.person not in self._deciders()
        slack = self.slack and bool(told.posts) and told.posted != state
        if told.state != state or mail or slack:
            yield Step("close", told.model_copy(update={"state": state}), mail=mail, slack=slack)

    # --- what both need

    def _circle(self, standing: Standing) -> Circle:
        return Circle(
            seats=standing.seats, facts=self.facts, barred=standing.barred, decided=standing.decided,
            told=self.said.told, deputies_after=self.timers.deputies_after, now=self.now,
        )  # fmt: skip

    def _address(self, person: str) -> Digest | None:
        found = self.facts.people.get(person)
        return mailbox(found.email) if found else None

    def _member(self, person: str) -> str | None:
        """Who this person is in Slack, where there is one."""
        found = self.facts.people.get(person)
        return found.slack if found is not None and self.slack and self.facts.slack is not None else None

    def _in_slack(self, told: Told) -> bool:
        return self._member(told.person) is not None

    def _link_ends(self, told: Told) -> datetime:
        """While the package is valid, nobody who is asked is left without a link that works."""
        return (told.linked_at or told.asked_at) + self.timers.link_valid_for

    def _due_at(self) -> datetime | None:
        if self.record.status in FINAL:
            awaited = after_action_awaited(self.record) and self.said.after_action != "overdue"
            return self.record.after_action_due if awaited else None
        times = [self.record.expires_at]
        if self.record.status in ASKING and self.standing is not None:
            times.extend(self._circle(self.standing).changes_at())
            for told in self.said.told:
                if told.state == "open":
                    times.extend(told.asked_at + each for each in self.timers.reminders)
                    times.append(self._link_ends(told))
        return parse_instant(min((each for each in times if each > self.now), default=self.record.expires_at))


_BESIDE_A_DECISION: frozenset[State] = frozenset({"deferred", "approved"})
"""Outcomes beside which a person's own decision stays what their message says."""
