"""Transition 11, and asking again: the mails first, then the record.

Whoever is killed between two mails leaves a record that still says ``bound``, or that people are to be asked
again; the next run sends all of them once more. That is harmless: each link asks the same question, and one
decision answers it, whichever copy it came from. The other order could lose a mail for good.

Asked again, when an approval has lapsed or a deferral is over, is who can still fill a seat that is empty then.
Whoever writes the record meanwhile may change who that is: then those who were not asked are asked as well.

What cannot be read any more, for its key was revoked, asks nobody: the ledger says so, and asking is over. What comes
of the revision is the clock's.

An address that is refused for good keeps nobody else from being asked. The ledger names who was not
reached, and says ``APPROVERS_UNREACHABLE`` when those who were cannot fill the quorum: then only
another revision, or its end, comes of this one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cutover.domain import links
from cutover.domain.links import Link
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord, Signal, Status, named
from cutover.errors import Conflict, Refused
from cutover.journal import DECISIONS
from cutover.lapsing import APPROVAL_LAPSED
from cutover.packages import Package, read_package
from cutover.policies import PolicyReader
from cutover.ports import Clock, Mac, Mailer, Store
from cutover.recorder import Recorder, Step
from cutover.stages.request_approval.asking import Asked, Round, asked_of, detail_of, outstanding, result_of
from cutover.stages.request_approval.mail import Again, compose


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    audience: str
    page_url: str
    clock: Clock
    store: Store
    mac: Mac
    mailer: Mailer
    recorder: Recorder
    policies: PolicyReader

    def run(self, cutover: str, revision: int) -> RevisionRecord:
        """The record afterwards. Where nobody is to be asked, it is left as it is, and nobody gets a mail."""
        record, asked = self.recorder.read(cutover, revision), Round()
        if record.status is Status.BOUND:
            return self._first(record, asked)
        for remaining in reversed(range(DECISIONS)):
            if record.status is not Status.AWAITING_APPROVAL or not record.ask:
                return record
            try:
                return self._again(record, asked)
            except Conflict:
                if remaining == 0:
                    raise
                record = self.recorder.read(cutover, revision)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _first(self, record: RevisionRecord, asked: Round) -> RevisionRecord:
        """Transition 11."""
        policy = self.policies.active()
        package = self._read(record, policy)
        self._ask(record, package, asked_of(package, policy), asked)
        step = Step(
            "approval-requested",
            requester=record.requester,
            inputs={"manifest": package.digest},
            result=result_of(asked, package.manifest.predicate.signers),
            detail=detail_of(asked),
            facts=policy.facts_digest,
        )
        return self.recorder.advance(
            record.cutover, record.revision, lambda current: step if current.status is Status.BOUND else None
        )

    def _again(self, record: RevisionRecord, asked: Round) -> RevisionRecord:
        """Raises ``Conflict`` when the record has changed since it was read: then it is asked of the new one."""
        policy = self.policies.active()
        try:
            package = self._read(record, policy)
        except Refused as refused:
            return self._told(record, result=refused.code, detail=refused.detail, reason=refused.code)
        seats, decided = outstanding(record, package, policy, self.clock.now())
        known = set(asked.everybody)
        wanted = (
            each
            for each in asked_of(package, policy, seats=seats)
            if each.person_id not in decided and each not in known
        )
        again = Again.LAPSED if record.reason == APPROVAL_LAPSED else Again.TAKEN_UP
        self._ask(record, package, wanted, asked, again=again)
        return self._told(record, result=result_of(asked, seats), detail=detail_of(asked), reason=None)

    def _told(self, record: RevisionRecord, *, result: str, detail: str, reason: str | None) -> RevisionRecord:
        """Asking again is over. Whoever runs this is the execution itself, so nobody else is to be woken."""
        return self.recorder.note(
            record,
            "approval-requested-again",
            requester=record.requester,
            inputs={"manifest": named(record.manifest, "manifest").payload},
            result=result,
            detail=detail,
            ask=False,
            reason=reason,
            signal=None if record.signal is Signal.WAKE else record.signal,
        )

    def _read(self, record: RevisionRecord, policy: Policy) -> Package:
        manifest = named(record.manifest, "manifest")
        return read_package(self.store, manifest, keys=policy.facts.keys, now=self.clock.now())

    def _ask(
        self, record: RevisionRecord, package: Package, wanted: Iterable[Asked], asked: Round, *,
        again: Again | None = None,
    ) -> None:  # fmt: skip
        expires_at = self._expiry(record, package, self.clock.now())
        for each in wanted:
            asked.everybody.append(each)
            if self._tell(each, package, expires_at, again):
                asked.reached.append(each)

    def _tell(self, asked: Asked, package: Package, expires_at: datetime, again: Again | None) -> bool:
        """Whether the mail was taken; what may pass is raised, and the whole run is repeated."""
        predicate = package.manifest.predicate
        link = Link(
            cutover=predicate.cutover, revision=predicate.revision, manifest=package.digest, person=asked.person_id,
            role=asked.role, expires_at=expires_at,
        )  # fmt: skip
        url = links.url(self.page_url, links.make_link(link, audience=self.audience, mac=self.mac))
        mail = compose(asked.person, asked.role, package, url=url, expires_at=expires_at, again=again)
        try:
            self.mailer.send(mail)
        except Refused:
            return False
        return True

    def _expiry(self, record: RevisionRecord, package: Package, now: datetime) -> datetime:
        """No link outlives its package, nor the time that the pinned rules give to links."""
        rules = self.policies.rules(record.rules)
        return min(package.manifest.predicate.valid_until, now + timedelta(seconds=rules.link_valid_for))
