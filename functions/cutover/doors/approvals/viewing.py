"""Everything that a page may show of a question, read once."""

from datetime import datetime

from cutover.contracts.approval import Approval, Decision
from cutover.domain import envelope as dsse
from cutover.domain import quorum
from cutover.domain.record import FINAL, Lane, RecordedDecision, RevisionRecord, Status
from cutover.doors.approvals import permitting, postponing
from cutover.doors.approvals.asking import Question
from cutover.doors.approvals.comparing import Comparing, Comparison
from cutover.doors.approvals.standing import Circumstances
from cutover.doors.approvals.summary import summarize
from cutover.doors.approvals.view import Deferral, Objections, View, name_of
from cutover.errors import Refused
from cutover.ports import Records, Store

CALENDAR = "window.ics"


def look(question: Question, *, text: str, records: Records, store: Store, now: datetime) -> View:
    """The view at ``now``; ``text`` is the link's.

    Brake and lane are read once, so that all objections speak of the same moment.
    """
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
        calendar="" if record.status in FINAL else f"{text}/{CALENDAR}",
        since=_compared(question, records, Comparing(store=store, keys=facts.keys, now=now)),
    )


def _compared(question: Question, records: Records, comparing: Comparing) -> Comparison | None:
    """Nothing for somebody who is not in the role now: an old link shows what it was about, and no later values."""
    record, link = question.record, question.link
    person = question.policy.facts.people.get(link.person)
    if person is None or link.role not in person.roles:
        return None
    if record.status is Status.SUPERSEDED:
        return comparing.to_successor(question.package, record, records)
    return None if record.status in FINAL else comparing.since_approved(question.package, record)


def _objection(decision: Decision, question: Question, on: Circumstances, lane: Lane | None) -> Refused | None:
    """Why this decision cannot be made now; None when it can."""
    try:
        strongest = quorum.strongest(question.link.person, facts=on.facts, now=on.now)
        permitting.check(decision, question.standing, on, assurance=strongest)
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
