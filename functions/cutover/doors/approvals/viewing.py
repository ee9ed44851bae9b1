"""Everything that a page may show of a question, read once."""

from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.approval import Approval, Decision
from cutover.contracts.policy import Facts
from cutover.domain import envelope as dsse
from cutover.domain import times
from cutover.domain.links import Link
from cutover.domain.record import Brake, Lane, RecordedDecision, RevisionRecord, Status
from cutover.doors.approvals.asking import Question
from cutover.doors.approvals.standing import Standing
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


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that a page may show. ``approve`` and ``refuse``: why that is not possible, or None."""

    link: Link
    record: RevisionRecord
    summary: Summary
    standing: Standing
    package: Package
    facts: Facts
    now: datetime
    approve: Refused | None
    refuse: Refused | None
    reason: str | None

    @property
    def me(self) -> str:
        return self._name(self.link.person)

    @property
    def decisions(self) -> tuple[Decided, ...]:
        return tuple(
            Decided(self._name(each.person), each.role, each.decision, times.moment(each.decided_at))
            for each in self.record.decisions
        )

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

    def _name(self, person: str) -> str:
        """The name in the facts; someone who has left is shown by id."""
        known = self.facts.people.get(person)
        return known.name if known else person


def look(question: Question, *, records: Records, store: Store, now: datetime) -> View:
    """The view at ``now``. Brake and lane are read once, so that both objections speak of the same moment."""
    record = question.record
    brake, lane = records.brake(), records.lane(record.product, record.target)
    return View(
        link=question.link,
        record=record,
        summary=summarize(question.package, now=now),
        standing=question.standing,
        package=question.package,
        facts=question.policy.facts,
        now=now,
        approve=_objection(question, "approve", brake=brake, lane=lane, now=now),
        refuse=_objection(question, "refuse", brake=brake, lane=lane, now=now),
        reason=_reason_of(record, store),
    )


def _objection(
    question: Question, decision: Decision, *, brake: Brake | None, lane: Lane | None, now: datetime
) -> Refused | None:
    """Why this decision cannot be made now; None when it can."""
    try:
        question.standing.check(
            decision, link=question.link, package=question.package, facts=question.policy.facts, now=now, brake=brake
        )
    except Refused as refused:
        return refused
    if lane is None or (lane.cutover, lane.revision) != (question.link.cutover, question.link.revision):
        return Refused("NOT_CURRENT", "a newer revision took this one's place", "open its message instead")
    return None


def _reason_of(record: RevisionRecord, store: Store) -> str | None:
    """A refusal's reason, out of the signed statement."""
    refusal = next((each for each in record.decisions if each.decision == "refuse"), None)
    return _statement(refusal, store).predicate.reason if refusal and record.status is Status.DECLINED else None


def _statement(decision: RecordedDecision, store: Store) -> Approval:
    envelope = dsse.parse(store.get(decision.envelope, limit=dsse.MAX_ENVELOPE_BYTES))
    return Approval.model_validate_json(dsse.decode_base64(envelope.payload))
