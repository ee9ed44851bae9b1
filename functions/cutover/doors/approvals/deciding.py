"""A decision: proved, signed by the witness key, stored, and then written as one transition.

Order in :meth:`Decider._step`, made again from the start whenever another writer was first:

1. A decision that stands is the answer; a contrary one is refused.
2. The revision is one that can be decided so, and its manifest is the link's (``permitting``, from here on).
3. The package is still valid; the brake does not hold approvals.
4. The person is eligible under the facts as they are now; a deferral's time leaves room.
5. Where they used a passkey, it signed what the statement says, and its counter has risen.
6. The statement is built, signed, verified, stored; before a refusal, its tombstone.

A deferral and its taking up are statements like the others, and no decisions of that person: they can still
approve or refuse.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from cutover.contracts.approval import Approval, ApprovalPredicate
from cutover.contracts.base import Digest
from cutover.contracts.envelope import IN_TOTO_TYPE, Subject, SubjectDigest
from cutover.contracts.handoff import Tombstone
from cutover.contracts.holds import HoldRegister
from cutover.contracts.passkeys import Consent
from cutover.domain import canonical, holds
from cutover.domain.holds import REFUSED_BY_APPROVER
from cutover.domain.passkeys import consent_of
from cutover.domain.policy import Policy
from cutover.domain.record import RecordedDecision, RevisionRecord, Status, named
from cutover.doors.approvals import outcomes, passkeys, permitting
from cutover.doors.approvals.asking import Ballot as Ballot  # noqa: PLC0414 - a decider is asked with one
from cutover.doors.approvals.asking import Once
from cutover.doors.approvals.standing import Circumstances, Standing
from cutover.errors import Conflict, Refused, TransientError
from cutover.exceptions import tell
from cutover.ports import Clock, ExceptionQueue, Records, Store
from cutover.recorder import Recorder, Step
from cutover.sealing import Sealer

MAX_REGISTER = 16 * 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """Decides for one deployment (``audience``). ``policy`` and ``sealer`` are asked anew at each decision."""

    audience: str
    clock: Clock
    records: Records
    store: Store
    sealer: Callable[[], Sealer]
    recorder: Recorder
    policy: Callable[[], Policy]
    exceptions: ExceptionQueue
    once: Once

    def decide(self, ballot: Ballot) -> RevisionRecord:
        """The record with this decision in it, whether it was made now or stood already.

        Raises ``Refused`` with the reason why this decision cannot be recorded; the ledger keeps that reason.
        """
        try:
            record = self._decide(ballot)
        except Refused as refused:
            self._keep(ballot, refused)
            raise
        return self.tell(record)

    def consent(self, ballot: Ballot) -> Consent:
        """What a passkey has to sign for this ballot to be recorded."""
        statement = self._statement(ballot, policy=self.policy(), now=self.clock.now())
        return consent_of(statement.predicate, ballot.link.manifest)

    def tell(self, record: RevisionRecord) -> RevisionRecord:
        """Says a refusal's hold to whoever must answer it; of any other record, nothing. Again is harmless.

        Also when the refusal stood already: whoever was cut off before this told nobody.
        """
        if record.reason == REFUSED_BY_APPROVER:
            register = HoldRegister.model_validate_json(
                self.store.get(named(record.hold_register, "hold register"), limit=MAX_REGISTER)
            )
            tell(record, register, self.exceptions)
        return record

    def _decide(self, ballot: Ballot) -> RevisionRecord:
        link = ballot.link
        try:
            return self.recorder.advance(link.cutover, link.revision, lambda record: self._step(record, ballot))
        except Conflict as conflict:
            if "nonce" not in conflict.parts:
                raise
            # The same form was posted twice at once. The other post decided, and its decision is the answer.
            record = self.recorder.read(link.cutover, link.revision)
            if not self._standing(record, ballot, self.policy()).repeats(ballot.decision, ballot.until):
                raise Refused("FORM_USED", "this form was used already", "open the page again") from conflict
            return record

    def _keep(self, ballot: Ballot, refused: Refused) -> None:
        """An auditor reads who tried what and why it did not count.

        The form is not spent: what stood in its way may pass. So that posting it again and again does not make
        the ledger grow, the same attempt of the same person is kept once in the time that ``once`` remembers.
        What cannot be kept now is in the log alone; the person reads their own reason either way.
        """
        link = ballot.link
        attempt = (link.cutover, str(link.revision), link.person, link.role, ballot.decision, refused.code)

        def note() -> str:
            self.recorder.note(
                self.recorder.read(link.cutover, link.revision),
                "decision-refused",
                result=refused.code,
                detail=f"{link.person} as {link.role}: {ballot.decision}",
            )
            return refused.code

        with contextlib.suppress(TransientError):
            self.once(canonical.digest("\n".join(attempt).encode()), note)

    def _step(self, record: RevisionRecord, ballot: Ballot) -> Step | None:
        policy, now = self.policy(), self.clock.now()
        standing = self._standing(record, ballot, policy)
        if standing.repeats(ballot.decision, ballot.until):
            return None
        on = Circumstances(
            package=ballot.package, facts=policy.facts, now=now, brake=self.records.brake(), latest=ballot.latest
        )
        statement = self._statement(ballot, policy=policy, now=now)
        permitting.check(ballot.decision, standing, on, until=ballot.until, assurance=statement.predicate.assurance)
        use = passkeys.prove(statement.predicate, ballot.link.manifest, policy.facts, self.records)
        said = self._witness(statement, policy=policy)
        register = None
        if ballot.decision == "refuse":
            register = self._hold(ballot, said, record, now)
            # First the tombstone: whatever happens to this process now, what was refused is not handed off.
            self.store.put_tombstone(_tombstone(record, now))
        step = outcomes.step(ballot, said, standing, policy, register=register)
        return replace(step, passkey=use.after, passkey_before=use.before) if use else step

    def _standing(self, record: RevisionRecord, ballot: Ballot, policy: Policy) -> Standing:
        return Standing.of(record, ballot.link, package=ballot.package, facts=policy.facts, now=self.clock.now())

    def _hold(self, ballot: Ballot, decision: RecordedDecision, record: RevisionRecord, now: datetime) -> Digest:
        """The register with the refusal in it: a hold that only a new revision answers."""
        register = holds.refusal(
            ballot.package.register, decision=decision.payload, manifest=ballot.link.manifest,
            reason=ballot.reason or "no reason given", opened_at=now, expires_at=record.expires_at,
        )  # fmt: skip
        return self.store.put(canonical.encode_model(register))

    def _statement(self, ballot: Ballot, *, policy: Policy, now: datetime) -> Approval:
        link = ballot.link
        subject = Subject(name="manifest", digest=SubjectDigest(sha256=link.manifest.removeprefix("sha256:")))
        # Nobody decides before there is something to decide on; the clock of the function that bound it may be ahead.
        at = max(now, ballot.package.manifest.predicate.bound_at)
        predicate = ApprovalPredicate(
            audience=self.audience, cutover=link.cutover, revision=link.revision, decision=ballot.decision,
            role=link.role, person=link.person, channel=link.channel, answers=ballot.answers, reason=ballot.reason,
            assurance="passkey" if ballot.assertion else "link", passkey=ballot.assertion, until=ballot.until,
            decided_at=at, facts=policy.facts_digest, nonce=ballot.nonce,
        )  # fmt: skip
        return Approval(subject=(subject,), predicate=predicate)

    def _witness(self, statement: Approval, *, policy: Policy) -> RecordedDecision:
        """Stores the statement under the witness key. What nobody could verify later is never stored."""
        sealer = self.sealer()
        sealed = sealer.store(statement, IN_TOTO_TYPE, self.store)
        said = statement.predicate
        return RecordedDecision(
            role=said.role, person=said.person, decision=said.decision, assurance=said.assurance,
            payload=sealed.payload, envelope=sealed.envelope, facts=policy.facts_reference, key=sealer.key_id,
            decided_at=said.decided_at, credential=said.passkey.credential if said.passkey else None,
        )  # fmt: skip


def _tombstone(record: RevisionRecord, now: datetime) -> Tombstone:
    return Tombstone(
        cutover=record.cutover, revision=record.revision, status=Status.DECLINED.value,
        reason=REFUSED_BY_APPROVER, at=now,
    )  # fmt: skip
