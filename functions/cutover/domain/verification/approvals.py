"""The decisions: each one genuine, by somebody who might, and together a quorum (step 6)."""

from cutover.contracts.approval import Approval
from cutover.contracts.base import Digest
from cutover.contracts.bundle import Sourced
from cutover.contracts.envelope import IN_TOTO_TYPE, Envelope
from cutover.contracts.handoff import Handoff
from cutover.contracts.manifest import ManifestPredicate
from cutover.contracts.policy import Facts, TrustedKey
from cutover.domain import envelope as dsse
from cutover.domain import passkeys, quorum
from cutover.domain.verification.documents import Package
from cutover.domain.verification.message import Bound
from cutover.domain.verification.reading import equal, read_exact
from cutover.errors import Refused


def check_approvals(
    handoff: Handoff, bound: Bound, package: Package, keys: tuple[TrustedKey, ...]
) -> tuple[Approval, ...]:
    """Step 6. Each approval counts for the role in its statement, and a person once; one that does not is refused."""
    approvals = [open_approval(envelope, keys) for envelope in handoff.approvals]
    voters = [_vote(approval, bound, package) for approval in approvals]
    people = [vote.person for vote in voters]
    if len(set(people)) != len(people):
        raise Refused("APPROVED_TWICE", "one person has approved twice")
    used = dict.fromkeys([bound.predicate.facts, *(approval.predicate.facts for approval in approvals)])
    if list(used) != list(package.facts):
        raise Refused("PACKAGE_DIFFERS", "the message does not list exactly the facts that its decisions name")
    if not quorum.satisfied(bound.predicate.signers, voters):
        missing = quorum.outstanding(bound.predicate.signers, voters)
        raise Refused("QUORUM_INCOMPLETE", ", ".join(f"{seat.role} x {seat.count}" for seat in missing))
    return tuple(approvals)


def open_approval(envelope: Envelope, keys: tuple[TrustedKey, ...]) -> Approval:
    """An approval that a decide key witnessed, judged at its ``decided_at``."""
    approval = read_exact(Approval, dsse.decode_base64(envelope.payload), "approval")
    at = approval.predicate.decided_at
    dsse.open_envelope(envelope, payload_type=IN_TOTO_TYPE, purpose="decide", keys=keys, at=at)
    return approval


def _vote(approval: Approval, bound: Bound, package: Package) -> quorum.Voter:
    """The one role that was decided in, whatever other roles this person holds."""
    said, manifest = approval.predicate, bound.predicate
    equal(
        "APPROVAL_DIFFERS",
        ("an approval's subject", "sha256:" + approval.subject[0].digest.sha256, bound.digest),
        ("an approval's audience", said.audience, manifest.audience),
        ("an approval's cutover", said.cutover, manifest.cutover),
        ("an approval's revision", said.revision, manifest.revision),
        ("a decision", said.decision, "approve"),
        ("the time that an approval puts it off to", said.until, None),
    )
    if not manifest.bound_at <= said.decided_at < manifest.valid_until:
        raise Refused("APPROVAL_OUT_OF_TIME", f"{said.person} decided outside of the manifest's validity")
    _check_answers(approval, bound, package)
    facts = package.facts.get(said.facts)
    if facts is None:
        raise Refused("APPROVAL_FACTS_MISSING", f"the facts under which {said.person} decided are not in the package")
    barred = quorum.barred(facts, quorum.requesters(package.bundle))
    quorum.eligible(said.person, said.role, facts=facts, barred=barred)
    _check_seat(approval, manifest)
    _check_proof(approval, bound.digest, facts)
    vote = quorum.cast(said.person, said.role, said.assurance, facts=facts, barred=barred)
    if vote is None:
        raise Refused("NOT_ELIGIBLE", f"the decision of {said.person} does not count")
    return vote


def _check_answers(approval: Approval, bound: Bound, package: Package) -> None:
    """Who approves has confirmed what the page asked: the risk as stated, every waived hold, and that it cannot wait,
    with the reason, where it is an emergency and nowhere else.
    """
    said = approval.predicate
    answers = said.answers
    if answers is None or not (answers.intent and answers.rollback_credible and answers.timing and answers.destination):
        raise Refused("APPROVAL_UNANSWERED", f"{said.person} approved without confirming what is asked")
    waived = tuple(hold.fingerprint for hold in package.register.holds)
    equal("APPROVAL_DIFFERS", ("the exceptions that were confirmed", answers.exceptions, waived))
    if isinstance(risk := package.bundle.change.risk, Sourced):
        equal("APPROVAL_DIFFERS", ("the risk that was confirmed", answers.risk_class, risk.value))
    emergency = True if bound.predicate.emergency else None
    equal("APPROVAL_DIFFERS", ("whether an emergency was confirmed", answers.emergency, emergency))
    if emergency and said.reason is None:
        raise Refused("APPROVAL_UNANSWERED", f"{said.person} approved an emergency without a reason")


def _check_seat(approval: Approval, manifest: ManifestPredicate) -> None:
    """The role that was asked is one that the manifest requires, and the proof of person is strong enough."""
    said = approval.predicate
    seats = [seat for seat in manifest.signers if seat.role == said.role]
    if not seats:
        raise Refused("ROLE_NOT_REQUIRED", f"the manifest asks nobody as {said.role}")
    if said.assurance == "link" and all(seat.assurance == "passkey" for seat in seats):
        raise Refused("ASSURANCE_TOO_WEAK", f"{said.role} must approve with a passkey")


def _check_proof(approval: Approval, manifest: Digest, facts: Facts) -> None:
    """What is said to be decided with a passkey carries that passkey's signature, and nothing else carries one.

    The passkey is one that the facts list for this person, the facts under which they decided.
    """
    said = approval.predicate
    if said.assurance == "link":
        equal("APPROVAL_DIFFERS", ("the passkey of a decision by link", said.passkey, None))
        return
    if said.passkey is None:
        raise Refused("PASSKEY_MISSING", f"{said.person} decided with a passkey, and its signature is not there")
    person = facts.people[said.person]
    passkeys.verify(said.passkey, passkeys.consent_of(said, manifest), person.passkeys, at=said.decided_at)
