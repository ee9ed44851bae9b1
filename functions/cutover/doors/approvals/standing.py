"""Where one person stands towards one revision: what is on record, and what of it counts under today's facts."""

from dataclasses import dataclass, replace
from datetime import datetime

from cutover.contracts.approval import Decision
from cutover.contracts.manifest import RequiredSigner
from cutover.contracts.policy import Facts
from cutover.domain import lapses, quorum
from cutover.domain.links import Link
from cutover.domain.record import Brake, RecordedDecision, RevisionRecord, Status
from cutover.domain.transitions import AGREED
from cutover.errors import Refused
from cutover.packages import Package


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a decision is judged on, read now. ``latest``: the end of the time to which it can be deferred."""

    package: Package
    facts: Facts
    now: datetime
    brake: Brake | None
    latest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """``mine``: the decision of this person that stands, in whichever role. ``lapsed``: approvals that do not count."""

    record: RevisionRecord
    link: Link
    mine: RecordedDecision | None
    lapsed: tuple[RecordedDecision, ...] = ()

    @classmethod
    def of(cls, record: RevisionRecord, link: Link, *, package: Package, facts: Facts, now: datetime) -> "Standing":
        gone = _lapsed(record, package, facts, now)
        standing = (each for each in record.decisions if each not in gone)
        return cls(record, link, next((each for each in standing if each.person == link.person), None), gone)

    def with_decision(self, decision: RecordedDecision) -> "Standing":
        after = self.record.model_copy(update={"decisions": (*self.counted, decision)})
        return replace(self, record=after, mine=decision, lapsed=())

    @property
    def counted(self) -> tuple[RecordedDecision, ...]:
        """What was decided, without the approvals that have lapsed."""
        return tuple(each for each in self.record.decisions if each not in self.lapsed)

    def repeats(self, decision: Decision, until: datetime | None = None) -> bool:
        """Whether the record stands already as this decision would leave it."""
        record, said = self.record, self.record.deferral
        if decision == "resume":
            return record.status in {Status.AWAITING_APPROVAL, *AGREED}
        if decision == "defer":
            mine = said is not None and (said.person, said.role) == (self.link.person, self.link.role)
            return mine and record.deferred_until == until
        return self.mine is not None and (self.mine.decision, self.mine.role) == (decision, self.link.role)

    def outstanding(self, package: Package, facts: Facts) -> tuple[RequiredSigner, ...]:
        """The seats that are still empty. Raises ``Refused`` (``REQUESTER_UNMAPPED``)."""
        barred = quorum.barred(facts, package.requesters())
        votes = lapses.votes(self.counted, facts=facts, barred=barred)
        return quorum.outstanding(package.manifest.predicate.signers, votes)

    def complete(self, package: Package, facts: Facts) -> bool:
        return not self.outstanding(package, facts)


def _lapsed(record: RevisionRecord, package: Package, facts: Facts, now: datetime) -> tuple[RecordedDecision, ...]:
    """Approvals lapse while somebody can still approve instead; what has ended is shown as it ended."""
    if record.status not in {Status.AWAITING_APPROVAL, Status.DEFERRED}:
        return ()
    try:
        barred = quorum.barred(facts, package.requesters())
    except Refused:  # nobody can be judged; whatever is decided now is refused for this reason
        return ()
    return lapses.lapsed(record.decisions, facts=facts, barred=barred, now=now)
