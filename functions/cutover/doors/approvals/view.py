"""What a page shows of a question, as its templates take it."""

from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.policy import Facts
from cutover.domain import times
from cutover.domain.links import Link
from cutover.domain.record import FINAL, RevisionRecord, Status
from cutover.doors.approvals.comparing import Comparison
from cutover.doors.approvals.postponing import Room, when
from cutover.doors.approvals.standing import Standing
from cutover.doors.approvals.summary import Summary
from cutover.errors import Refused
from cutover.packages import Package


@dataclass(frozen=True, slots=True)
class Seat:
    """A required role: how many, and who has decided in it."""

    role: str
    count: int
    decided: tuple["Decided", ...]
    missing: int
    mine: bool


@dataclass(frozen=True, slots=True)
class Decided:
    person: str
    role: str
    decision: str
    at: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """This person's own decision that stands. ``statement``: its digest in hexadecimal."""

    decision: str
    role: str
    at: str
    by: str
    statement: str


@dataclass(frozen=True, slots=True)
class Deferral:
    """Who has deferred the question, until when, and why."""

    person: str
    role: str
    until: str
    over: bool
    mine: bool
    reason: str
    link_ends: str
    """When this person's link does, if that is before the deferral is over: then nothing can be decided with it."""


@dataclass(frozen=True, slots=True)
class Objections:
    """Why a decision is not possible, or None where it is."""

    approve: Refused | None
    refuse: Refused | None
    defer: Refused | None
    resume: Refused | None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that a page may show."""

    link: Link
    record: RevisionRecord
    summary: Summary
    standing: Standing
    package: Package
    facts: Facts
    now: datetime
    objections: Objections
    room: Room
    successor: int | None
    """The revision of this cutover that is the current one instead."""
    reason: str | None
    deferral: Deferral | None
    calendar: str
    """Where the window's calendar entry is, seen from the page; empty where there is nothing to come to."""
    since: Comparison | None
    """What changed since the last approved revision; of a superseded one, what its successor has otherwise."""

    @property
    def approve(self) -> Refused | None:
        return self.objections.approve

    @property
    def refuse(self) -> Refused | None:
        return self.objections.refuse

    @property
    def over(self) -> bool:
        """Whether nobody will decide about it any more."""
        return self.record.status in FINAL or self.record.status is Status.HANDING_OFF

    @property
    def me(self) -> str:
        return name_of(self.facts, self.link.person)

    @property
    def receipt(self) -> Receipt | None:
        said = self.standing.mine
        if said is None:
            return None
        return Receipt(
            decision=said.decision, role=said.role, at=when(said.decided_at, self.package),
            by="your passkey" if said.assurance == "passkey" else "your link",
            statement=said.payload.removeprefix("sha256:"),
        )  # fmt: skip

    @property
    def decisions(self) -> tuple[Decided, ...]:
        return tuple(
            Decided(
                person=name_of(self.facts, each.person), role=each.role, decision=each.decision,
                at=times.moment(each.decided_at), counts=each not in self.standing.lapsed,
            )
            for each in self.record.decisions
        )  # fmt: skip

    @property
    def seats(self) -> tuple[Seat, ...]:
        signers = self.package.manifest.predicate.signers
        try:
            missing = {seat.role: seat.count for seat in self.standing.outstanding(self.package, self.facts)}
        except Refused:  # who requested this release is not known now, so nobody's approval counts
            missing = {seat.role: seat.count for seat in signers}
        return tuple(
            Seat(
                role=seat.role,
                count=seat.count,
                decided=tuple(each for each in self.decisions if each.role == seat.role),
                missing=missing.get(seat.role, 0),
                mine=seat.role == self.link.role,
            )
            for seat in signers
        )


def name_of(facts: Facts, person: str) -> str:
    """The name in the facts; someone who has left is shown by id."""
    known = facts.people.get(person)
    return known.name if known else person
