"""Transition 11: the mails first, then the record.

Whoever is killed between two mails leaves a record that still says ``bound``; the next run sends
all of them again. That is harmless: each link asks the same question, and one decision answers it,
whichever copy it came from. The other order could lose a mail for good.

An address that is refused for good keeps nobody else from being asked. The ledger names who was not
reached, and says ``APPROVERS_UNREACHABLE`` when those who were cannot fill the quorum: then only
another revision, or its end, comes of this one.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cutover.contracts.manifest import RequiredSigner
from cutover.contracts.policy import Person
from cutover.domain import links, quorum
from cutover.domain.links import Link
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord, Status
from cutover.errors import DocumentMissing, Refused
from cutover.packages import Package, read_package
from cutover.policies import PolicyReader
from cutover.ports import Clock, Mac, Mailer, Store
from cutover.recorder import Recorder, Step
from cutover.stages.request_approval.mail import compose

MAX_DETAIL = 400
"""Characters: a ledger entry's detail is one line, and its end should say that it goes on."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One person, asked in one role."""

    person_id: str
    person: Person
    seat: RequiredSigner


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
        """The record afterwards. A revision that is not ``bound`` is left as it is, and nobody gets a mail."""
        record = self.recorder.read(cutover, revision)
        if record.status is not Status.BOUND:
            return record
        if record.manifest is None:
            raise DocumentMissing("a bound revision names its manifest")
        policy, now = self.policies.active(), self.clock.now()
        package = read_package(self.store, record.manifest, keys=policy.facts.keys, at=now)
        expires_at = self._expiry(record, package, now)
        everybody = tuple(asked_of(package, policy))
        reached = tuple(asked for asked in everybody if self._tell(asked, package, expires_at))
        step = Step(
            "approval-requested",
            requester=record.requester,
            inputs={"manifest": package.digest},
            result=_result(everybody, reached, package),
            detail=_detail(everybody, reached),
            facts=policy.facts_digest,
        )
        return self.recorder.advance(
            cutover, revision, lambda current: step if current.status is Status.BOUND else None
        )

    def _tell(self, asked: Asked, package: Package, expires_at: datetime) -> bool:
        """Whether the mail was taken; what may pass is raised, and the whole run is repeated."""
        predicate = package.manifest.predicate
        link = Link(
            cutover=predicate.cutover, revision=predicate.revision, manifest=package.digest, person=asked.person_id,
            role=asked.seat.role, expires_at=expires_at,
        )  # fmt: skip
        url = links.url(self.page_url, links.make_link(link, audience=self.audience, mac=self.mac))
        try:
            self.mailer.send(compose(asked.person, asked.seat.role, package, url=url, expires_at=expires_at))
        except Refused:
            return False
        return True

    def _expiry(self, record: RevisionRecord, package: Package, now: datetime) -> datetime:
        """No link outlives its package, nor the time that the pinned rules give to links."""
        rules = self.policies.rules(record.rules)
        return min(package.manifest.predicate.valid_until, now + timedelta(seconds=rules.link_valid_for))


def _result(everybody: Collection[Asked], reached: Collection[Asked], package: Package) -> str:
    """The ledger's word for who was told. ``reached`` may still decide in any role that they were asked in."""
    if not everybody:
        return "NOBODY_ELIGIBLE"
    roles: dict[str, frozenset[str]] = {}
    for asked in reached:
        roles[asked.person_id] = roles.get(asked.person_id, frozenset()) | {asked.seat.role}
    able = [quorum.Voter(person, held, "passkey") for person, held in roles.items()]
    return "DONE" if quorum.satisfied(package.manifest.predicate.signers, able) else "APPROVERS_UNREACHABLE"


def _detail(everybody: Collection[Asked], reached: Collection[Asked]) -> str:
    """People by their ids: an address has no place in a ledger."""
    missed = [f"{asked.person_id} as {asked.seat.role}" for asked in everybody if asked not in reached]
    text = f"{len(reached)} mails sent"
    if missed:
        text += f", {len(missed)} refused: {', '.join(missed)}"
    return text if len(text) <= MAX_DETAIL else f"{text[: MAX_DETAIL - 1]}…"


def asked_of(package: Package, policy: Policy) -> Iterator[Asked]:
    """Everybody who may decide, a role at a time; a person with two roles is asked in each.

    Whether they suffice was judged when the package was bound. Facts may have changed since: then
    fewer are asked, or nobody, and the ledger says so.
    """
    try:
        barred = quorum.barred(policy.facts, package.requesters())
    except Refused:
        return
    for seat in package.manifest.predicate.signers:
        for person_id, person in sorted(policy.facts.people.items()):
            try:
                quorum.eligible(person_id, seat.role, facts=policy.facts, barred=barred)
            except Refused:
                continue
            yield Asked(person_id, person, seat)
