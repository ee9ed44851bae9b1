"""Everything that a page may show of a question, read once."""

from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.approval import Approval, Decision
from cutover.contracts.policy import Facts
from cutover.domain import envelope as dsse
from cutover.domain import times
from cutover.domain.links import Link
from cutover.domain.record import FINAL, Lane, RecordedDecision, RevisionRecord, Status
from cutover.doors.approvals import permitting, postponing
from cutover.doors.approvals.asking import Question
from cutover.doors.approvals.postponing import Room
from cutover.doors.approvals.standing import Circumstances, Standing
from cutover.doors.approvals.summary import Summary, summarize
from cutover.errors import Refused
from cutover.packages import Package
from cutover.ports import Records, Store


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


def look(question: Question, *, records: Records, store: Store, now: datetime) -> View:
    """The view at ``now``. Brake and lane are read once, so that all objections speak of the same moment."""
    record, package, facts = question.record, question.package, question.policy.facts
    brake, lane = records.brake(), records.lane(record.product, record.target)
    room = postponing.room(package, question.rules, now)
    on = Circumstances(package=package, facts=facts, now=now, brake=brake, latest=room.latest)
    return View(
        link=question.link,
        record=record,
        summary=summarize(package, now=now),
        standing=question.standing,
        package=package,
        facts=facts,
        now=now,
        objections=Objections(
            approve=_objection("approve", question, on, lane),
            refuse=_objection("refuse", question, on, lane),
            defer=_objection("defer", question, on, lane),
            resume=_objection("resume", question, on, lane),
        ),
        room=room,
        successor=_successor(record, lane),
        reason=_reason_of(record, store),
        deferral=_deferral_of(question, store, now),
    )


def _objection(decision: Decision, question: Question, on: Circumstances, lane: Lane | None) -> Refused | None:
    """Why this decision cannot be made now; None when it can."""
    try:
        permitting.check(decision, question.standing, on)
    except Refused as refused:
        return refused
    if lane is None or (lane.cutover, lane.revision) != (question.link.cutover, question.link.revision):
        return Refused("NOT_CURRENT", "a newer revision took this one's place", "a message of its own asks about it")
    return None


def _successor(record: RevisionRecord, lane: Lane | None) -> int | None:
    if lane is None or lane.cutover != record.cutover or lane.revision <= record.revision:
        return None
    return lane.revision


def _reason_of(record: RevisionRecord, store: Store) -> str | None:
    """A refusal's reason, out of the signed statement."""
    refusal = next((each for each in record.decisions if each.decision == "refuse"), None)
    return _statement(refusal, store).predicate.reason if refusal and record.status is Status.DECLINED else None


def _deferral_of(question: Question, store: Store, now: datetime) -> Deferral | None:
    record = question.record
    said, until, ends = record.deferral, record.deferred_until, question.link.expires_at
    if record.status is not Status.DEFERRED or said is None or until is None:
        return None
    return Deferral(
        person=name_of(question.policy.facts, said.person),
        role=said.role,
        until=postponing.when(until, question.package),
        over=now >= until,
        mine=said.person == question.link.person,
        reason=_statement(said, store).predicate.reason or "",
        link_ends=postponing.when(ends, question.package) if ends < until else "",
    )


def _statement(decision: RecordedDecision, store: Store) -> Approval:
    envelope = dsse.parse(store.get(decision.envelope, limit=dsse.MAX_ENVELOPE_BYTES))
    return Approval.model_validate_json(dsse.decode_base64(envelope.payload))
