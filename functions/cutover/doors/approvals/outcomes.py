"""What a decision makes of the record: the step of each kind of decision, from a statement that is stored already."""

from cutover.contracts.approval import Decision
from cutover.contracts.base import Digest
from cutover.domain.holds import REFUSED_BY_APPROVER
from cutover.domain.policy import Policy
from cutover.domain.record import RecordedDecision, RevisionRecord, Signal
from cutover.doors.approvals.asking import Ballot
from cutover.doors.approvals.standing import Standing
from cutover.lapsing import APPROVAL_LAPSED
from cutover.recorder import Step

_RESULTS: dict[Decision, str] = {
    "approve": "DONE", "refuse": REFUSED_BY_APPROVER, "defer": "DEFERRED", "resume": "TAKEN_UP",
}  # fmt: skip


def step(
    ballot: Ballot, said: RecordedDecision, standing: Standing, policy: Policy, *, register: Digest | None
) -> Step:
    """Rows 12 to 15. ``register``: of a refusal, the digest of the hold register that holds its reason."""
    record = standing.record
    inputs = {"manifest": ballot.link.manifest, "decision": said.payload, "envelope": said.envelope}
    event, detail, updates = "declined", None, _declined(record, said, register)
    if ballot.decision == "approve":
        event, updates = _approved(ballot, said, standing, policy)
        inputs |= {f"lapsed/{number}": each.payload for number, each in enumerate(standing.lapsed, start=1)}
    elif ballot.decision == "defer":
        event, updates = "deferred", {"deferral": said, "deferred_until": ballot.until, "ask": False, "reason": None}
        detail = f"until {ballot.until:%Y-%m-%dT%H:%M:%SZ}"
    elif ballot.decision == "resume":
        event, updates = "taken-up", {"deferral": None, "deferred_until": None, "ask": True, "reason": None}
        inputs |= {"deferral": record.deferral.payload} if record.deferral else {}
    return Step(
        event,
        requester=ballot.link.person,
        updates=updates | {"decision_seq": record.decision_seq + 1},
        inputs=inputs,
        result=_RESULTS[ballot.decision],
        detail=detail,
        facts=policy.facts_digest,
        nonce=ballot.nonce,
    )


def _declined(record: RevisionRecord, said: RecordedDecision, register: Digest | None) -> dict[str, object]:
    return {"decisions": (*record.decisions, said), "reason": REFUSED_BY_APPROVER, "hold_register": register}


def _approved(
    ballot: Ballot, said: RecordedDecision, standing: Standing, policy: Policy
) -> tuple[str, dict[str, object]]:
    """Approvals that have lapsed give way to this one; when one is still missing then, people are asked again."""
    record, after = standing.record, standing.with_decision(said)
    updates: dict[str, object] = {"decisions": after.record.decisions}
    if after.complete(ballot.package, policy.facts):
        return "approved", updates | {"ask": False, "reason": None}
    if standing.lapsed:
        updates |= {"ask": True, "reason": APPROVAL_LAPSED, "signal": record.signal or Signal.WAKE}
    return "approval-given", updates
