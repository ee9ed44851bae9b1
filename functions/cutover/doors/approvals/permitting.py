"""What one person may still decide about one revision, and why not: the checks before a decision, in their order."""

from datetime import datetime

from cutover.contracts.approval import Decision
from cutover.contracts.manifest import Assurance, RequiredSigner
from cutover.contracts.policy import Facts
from cutover.domain import canonical, lapses, quorum
from cutover.domain.links import Link
from cutover.domain.record import Status
from cutover.domain.transitions import ASKED
from cutover.doors.approvals import postponing
from cutover.doors.approvals.standing import Circumstances, Standing
from cutover.errors import Refused
from cutover.packages import Package

REFUSABLE = ASKED
"""A refusal counts until the hand-off begins; an approval only while one is missing."""

_CLOSED = {
    Status.HELD: ("REVISION_HELD", "this revision is held and asks nobody", "its owners know what has to be mended"),
    Status.BOUND: ("NOT_AWAITING_APPROVAL", "approval is being requested at this moment", "try again in a minute"),
    Status.HANDING_OFF: ("HANDING_OFF", "the hand-off has begun", "nothing can be decided any more"),
    Status.HANDED_OFF: ("HANDED_OFF", "it has been handed to its deployment queue", "nothing is left to decide"),
    Status.UNCERTAIN: ("UNCERTAIN", "it was sent, and nobody has acknowledged it", "its owners are looking into it"),
    Status.DECLINED: ("DECLINED", "one refusal ends a revision", "only a new revision can answer the reason"),
    Status.EXPIRED: ("EXPIRED", "its time ran out before it was handed off", "announce a new candidate"),
    Status.SUPERSEDED: ("SUPERSEDED", "a newer revision took its place", "a message of its own asks about that one"),
    Status.WITHDRAWN: ("WITHDRAWN", "it was withdrawn before it was handed off", "nothing is left to decide"),
    Status.REHEARSED: ("NOT_FOR_A_REHEARSAL", "it was a rehearsal, which asks nobody", "nothing is left to decide"),
}
_NOT_YET = ("NOT_AWAITING_APPROVAL", "this revision does not await approval yet", "wait for the message that asks")


def check(
    decision: Decision, standing: Standing, on: Circumstances, *, until: datetime | None = None,
    assurance: Assurance = "link",
) -> None:  # fmt: skip
    """Raises ``Refused`` unless this person may make this decision now. ``until``: of a deferral, once it is typed.

    ``assurance``: how strongly they prove who they are.
    """
    link, package = standing.link, on.package
    if decision != "resume":
        _undecided(decision, standing)
    _open(decision, standing, on)
    _manifest(standing, package)
    if on.now >= package.manifest.predicate.valid_until:
        raise Refused("PACKAGE_EXPIRED", "the time in which this package was valid is over", "announce a new candidate")
    _person(link, package, on.facts, assurance)
    if decision == "approve":
        _brake(on)
        _seat(standing, on, assurance)
    elif decision == "defer":
        postponing.check(until, latest=on.latest or on.now, now=on.now)
    elif decision == "resume":
        _deferrer(standing, on)


def _undecided(decision: Decision, standing: Standing) -> None:
    mine = standing.mine
    if mine is None:
        return
    if (mine.decision, decision) in {("approve", "approve"), ("refuse", "refuse")}:
        raise Refused(
            "ALREADY_DECIDED",
            f"your decision was recorded in the role {mine.role}; one person counts once",
            f"ask somebody else who holds the role {standing.link.role}",
        )
    what = "approved" if mine.decision == "approve" else "refused"
    raise Refused(
        "ALREADY_DECIDED",
        f"you have {what} this revision; a decision stands and cannot be turned round",
        "a colleague in the same role can still refuse" if what == "approved" else "announce a new candidate",
    )


def _open(decision: Decision, standing: Standing, on: Circumstances) -> None:
    record = standing.record
    if record.status not in REFUSABLE:
        raise Refused(*_CLOSED.get(record.status, _NOT_YET))
    if decision == "refuse":
        return
    if record.status is Status.DEFERRED:
        if decision != "resume":
            raise postponing.standing(record, on.package, on.facts, now=on.now)
    elif decision == "resume":
        raise Refused("NOT_DEFERRED", "this revision is not deferred", "nothing has to be taken up")
    elif record.status is not Status.AWAITING_APPROVAL:
        raise Refused("APPROVALS_COMPLETE", "every approval that is needed has been given", "you can still refuse")


def _manifest(standing: Standing, package: Package) -> None:
    named, wanted = standing.record.manifest, standing.link.manifest
    if named is None or not (canonical.same(named.payload, wanted) and canonical.same(package.digest, wanted)):
        raise Refused(
            "MANIFEST_DIFFERS", "the link was made for another package than this revision has",
            "open the newest message that you were sent",
        )  # fmt: skip


def _person(link: Link, package: Package, facts: Facts, assurance: Assurance) -> None:
    seats = [signer for signer in package.manifest.predicate.signers if signer.role == link.role]
    if not seats:
        raise Refused("NOT_ELIGIBLE", f"this release does not ask for the role {link.role}", "nothing to do")
    quorum.eligible(link.person, link.role, facts=facts, barred=quorum.barred(facts, package.requesters()))
    if not any(quorum.enough(assurance, seat.assurance) for seat in seats):
        raise _too_low(link)


def _too_low(link: Link) -> Refused:
    return Refused(
        "ASSURANCE_TOO_LOW", f"the role {link.role} decides with a passkey, not by link alone",
        "use your passkey; if you have none, ask the team that runs Cutover for an invitation",
    )  # fmt: skip


def _brake(on: Circumstances) -> None:
    if on.brake is not None and on.brake.engaged:
        raise Refused(
            "BRAKE_ENGAGED", "the emergency brake is engaged: approvals are not accepted",
            "wait until it is released; a refusal is possible at any time",
        )  # fmt: skip


def _seat(standing: Standing, on: Circumstances, assurance: Assurance) -> None:
    """One more approval must fill a seat, and leave every other seat to somebody who can still fill it."""
    link, facts, signers = standing.link, on.facts, on.package.manifest.predicate.signers
    barred = quorum.barred(facts, on.package.requesters())
    before = lapses.votes(standing.counted, facts=facts, barred=barred)
    vote = quorum.cast(link.person, link.role, assurance, facts=facts, barred=barred)
    left = quorum.outstanding(signers, before)
    if vote is None or _empty(quorum.outstanding(signers, [*before, vote])) >= _empty(left):
        if any(seat.role == link.role and not quorum.enough(assurance, seat.assurance) for seat in left):
            raise _too_low(link)
        raise Refused(
            "ROLE_COMPLETE", f"the role {link.role} has approved already",
            "nothing to do; you can still refuse with a reason",
        )  # fmt: skip
    decided = frozenset(each.person for each in standing.counted)
    role = quorum.needed_elsewhere(signers, before, vote, decided=decided, facts=facts, barred=barred, now=on.now)
    if role == link.role:  # with their passkey they would fill a seat there that nobody else can
        raise _too_low(link)
    if role is not None:
        raise Refused(
            "SEAT_NEEDED_ELSEWHERE", f"an approval as {link.role} now would leave nobody to approve as {role}",
            f"you are the only one who can decide as {role}: use that link",
        )  # fmt: skip


def _empty(seats: tuple[RequiredSigner, ...]) -> int:
    return sum(seat.count for seat in seats)


def _deferrer(standing: Standing, on: Circumstances) -> None:
    """Who deferred it takes it up; when they no longer hold the role, whoever does."""
    said, link = standing.record.deferral, standing.link
    if said is None:
        return
    barred = quorum.barred(on.facts, on.package.requesters())
    bound = quorum.cast(said.person, said.role, said.assurance, facts=on.facts, barred=barred) is not None
    if link.role != said.role or (bound and link.person != said.person):
        raise Refused(
            "NOT_YOUR_DEFERRAL", f"it was deferred by somebody else, as {said.role}",
            "ask them to take it up, or wait until its time comes; you can still refuse",
        )  # fmt: skip
