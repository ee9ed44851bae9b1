"""Where one person stands towards one revision: what was decided, what they may still decide, and why not."""

from dataclasses import dataclass, replace
from datetime import datetime

from cutover.contracts.approval import Decision
from cutover.contracts.manifest import Assurance, RequiredSigner
from cutover.contracts.policy import Facts
from cutover.domain import canonical, quorum
from cutover.domain.links import Link
from cutover.domain.record import Brake, RecordedDecision, RevisionRecord, Status
from cutover.errors import Refused
from cutover.packages import Package

REFUSABLE = frozenset({Status.AWAITING_APPROVAL, Status.APPROVED, Status.AWAITING_WINDOW})
"""A refusal counts until the hand-off begins; an approval only while one is missing."""

_CLOSED = {
    Status.HELD: ("REVISION_HELD", "this revision is held and asks nobody", "its owners know what has to be mended"),
    Status.BOUND: ("NOT_AWAITING_APPROVAL", "approval is being requested at this moment", "try again in a minute"),
    Status.HANDING_OFF: ("HANDING_OFF", "the hand-off has begun", "nothing can be decided any more"),
    Status.HANDED_OFF: ("HANDED_OFF", "it has been handed to its deployment queue", "nothing is left to decide"),
    Status.UNCERTAIN: ("UNCERTAIN", "it was sent, and nobody has acknowledged it", "its owners are looking into it"),
    Status.DECLINED: ("DECLINED", "one refusal ends a revision", "only a new revision can answer the reason"),
    Status.EXPIRED: ("EXPIRED", "its time ran out before it was handed off", "announce a new candidate"),
}
_NOT_YET = ("NOT_AWAITING_APPROVAL", "this revision does not await approval yet", "wait for the message that asks")


@dataclass(frozen=True, slots=True)
class Standing:
    """``mine``: the decision that this person has made on this revision, in whichever role."""

    record: RevisionRecord
    mine: RecordedDecision | None
    role: str

    @classmethod
    def of(cls, record: RevisionRecord, link: Link) -> "Standing":
        mine = next((each for each in record.decisions if each.person == link.person), None)
        return cls(record, mine, link.role)

    def with_decision(self, decision: RecordedDecision) -> "Standing":
        after = self.record.model_copy(update={"decisions": (*self.record.decisions, decision)})
        return replace(self, record=after, mine=decision)

    def repeats(self, decision: Decision) -> bool:
        """Whether exactly this decision, in this role, is on record."""
        return self.mine is not None and (self.mine.decision, self.mine.role) == (decision, self.role)

    def check(
        self, decision: Decision, *, link: Link, package: Package, facts: Facts, now: datetime, brake: Brake | None
    ) -> None:
        """Raises ``Refused`` unless this person may make this decision now."""
        self._check_undecided(decision)
        self._check_open(decision)
        self._check_manifest(link, package)
        predicate = package.manifest.predicate
        if now >= predicate.valid_until:
            raise Refused(
                "PACKAGE_EXPIRED", "the time in which this package was valid is over", "announce a new candidate"
            )
        self._check_person(link, package, facts)
        if decision == "approve":
            if brake is not None and brake.engaged:
                raise Refused(
                    "BRAKE_ENGAGED", "the emergency brake is engaged: approvals are not accepted",
                    "wait until it is released; a refusal is possible at any time",
                )  # fmt: skip
            self._check_seat(link, package, facts)

    def outstanding(self, package: Package, facts: Facts) -> tuple[RequiredSigner, ...]:
        """The seats that are still empty, when everybody's approval counts as it does under these facts."""
        return _missing(package, facts, self._approvals())

    def complete(self, package: Package, facts: Facts) -> bool:
        return not self.outstanding(package, facts)

    def _approvals(self) -> list["Given"]:
        return [
            (each.person, each.role, each.assurance) for each in self.record.decisions if each.decision == "approve"
        ]

    def _check_undecided(self, decision: Decision) -> None:
        if self.mine is None:
            return
        if self.mine.decision != decision:
            what = "approved" if self.mine.decision == "approve" else "refused"
            raise Refused(
                "ALREADY_DECIDED",
                f"you have {what} this revision; a decision stands and cannot be turned round",
                "a colleague in the same role can still refuse" if what == "approved" else "announce a new candidate",
            )
        raise Refused(
            "ALREADY_DECIDED",
            f"your decision was recorded in the role {self.mine.role}; one person counts once",
            f"ask somebody else who holds the role {self.role}",
        )

    def _check_open(self, decision: Decision) -> None:
        status = self.record.status
        if status in REFUSABLE and (decision == "refuse" or status is Status.AWAITING_APPROVAL):
            return
        if status in REFUSABLE:
            raise Refused("APPROVALS_COMPLETE", "every approval that is needed has been given", "you can still refuse")
        raise Refused(*_CLOSED.get(status, _NOT_YET))

    def _check_manifest(self, link: Link, package: Package) -> None:
        named = self.record.manifest
        if named is None or not (
            canonical.same(named.payload, link.manifest) and canonical.same(package.digest, link.manifest)
        ):
            raise Refused(
                "MANIFEST_DIFFERS", "the link was made for another package than this revision has",
                "open the newest message that you were sent",
            )  # fmt: skip

    def _check_person(self, link: Link, package: Package, facts: Facts) -> None:
        signers = package.manifest.predicate.signers
        seat = next((signer for signer in signers if signer.role == link.role), None)
        if seat is None:
            raise Refused("NOT_ELIGIBLE", f"this release does not ask for the role {link.role}", "nothing to do")
        quorum.eligible(link.person, link.role, facts=facts, barred=quorum.barred(facts, package.requesters()))
        if seat.assurance != "link":
            raise Refused(
                "ASSURANCE_TOO_LOW", f"the role {link.role} decides with a {seat.assurance}, not by link alone",
                f"use your {seat.assurance}",
            )  # fmt: skip

    def _check_seat(self, link: Link, package: Package, facts: Facts) -> None:
        """One more approval must fill a seat, and leave every other seat to somebody who can still fill it."""
        before = self.outstanding(package, facts)
        after = _missing(package, facts, [*self._approvals(), (link.person, link.role, "link")])
        if sum(seat.count for seat in after) >= sum(seat.count for seat in before):
            raise Refused(
                "ROLE_COMPLETE", f"the role {link.role} has approved already",
                "nothing to do; you can still refuse with a reason",
            )  # fmt: skip
        if (role := self._needed_as(link, package, facts)) is not None:
            raise Refused(
                "SEAT_NEEDED_ELSEWHERE", f"an approval as {link.role} now would leave nobody to approve as {role}",
                f"you are the only one who can decide as {role}: use that link",
            )  # fmt: skip

    def _needed_as(self, link: Link, package: Package, facts: Facts) -> str | None:
        barred = quorum.barred(facts, package.requesters())
        vote = quorum.cast(link.person, link.role, "link", facts=facts, barred=barred)
        if vote is None:
            return None
        return quorum.needed_elsewhere(
            package.manifest.predicate.signers, _counted(package, facts, self._approvals()), vote,
            decided=frozenset(each.person for each in self.record.decisions), facts=facts, barred=barred,
        )  # fmt: skip


Given = tuple[str, str, Assurance]
"""Who approved, in which role, how strongly proved."""


def _missing(package: Package, facts: Facts, approvals: list[Given]) -> tuple[RequiredSigner, ...]:
    return quorum.outstanding(package.manifest.predicate.signers, _counted(package, facts, approvals))


def _counted(package: Package, facts: Facts, approvals: list[Given]) -> list[quorum.Voter]:
    barred = quorum.barred(facts, package.requesters())
    votes = (quorum.cast(*approval, facts=facts, barred=barred) for approval in approvals)
    return [vote for vote in votes if vote is not None]
