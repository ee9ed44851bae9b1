"""Whether one answer answers one open hold, under the policy of now: the next revision is opened under that."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cutover.contracts.base import Digest
from cutover.contracts.bundle import DraftBundle
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.holds import Hold, HoldRegister
from cutover.contracts.resolution import EvidenceAnswer, Resolution, WaiverAnswer
from cutover.domain import answering, canonical, holds
from cutover.domain.policy import Policy
from cutover.domain.record import RecordedResolution, RevisionRecord, Status, named
from cutover.domain.transitions import not_for_a_rehearsal
from cutover.domain.waivers import MAX_CARRIED, lasting, open_waiver
from cutover.domain.waiving import Waiving, asked, family_of
from cutover.domain.window import occurrence
from cutover.doors.signed_events import Order
from cutover.errors import Refused
from cutover.loading import candidate_of, load
from cutover.ports import Store

SKEW = timedelta(minutes=5)
"""By so much a resolver's clock may be ahead of ours."""
MAX_ANSWERS = 200
"""At most so many answers in one record, which the table bounds; what needs more needs another candidate."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The open holds of a revision, the one that is answered, and the answer as it is recorded."""

    open: tuple[Hold, ...]
    hold: Hold
    answer: RecordedResolution


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    store: Store
    now: datetime

    def judge(self, record: RevisionRecord, order: Order[Resolution]) -> Judged:
        """Raises ``Refused`` with the reason why this answers nothing."""
        said = order.document
        self._demand_resolver(order)
        if record.rehearsal:
            raise not_for_a_rehearsal("a resolution")
        if record.status is not Status.HELD:
            raise Refused("NOT_HELD", f"revision {record.revision} is {record.status}", "look at what followed it")
        if self.now >= record.expires_at:
            raise Refused("HOLD_EXPIRED", f"it was held until {record.expires_at.isoformat()}", answering.NEW_CANDIDATE)
        found = holds.open_holds(load(self.store, record.hold_register, HoldRegister))
        hold = next((each for each in found if canonical.same(each.fingerprint, said.fingerprint)), None)
        if hold is None:
            raise Refused("HOLD_UNKNOWN", "no open hold of this revision has that fingerprint", "copy it from the hold")
        if hold.severity == "deny":
            raise Refused("HOLD_DENIES", f"{hold.code} denies, which nothing answers", answering.NEW_CANDIDATE)
        self._demand_newer(record, hold, said)
        return Judged(found, hold, self._answer(record, hold, order))

    def _demand_resolver(self, order: Order[Resolution]) -> None:
        said = order.document
        if said.resolver not in {key.person for key in order.keys}:
            raise Refused("RESOLVER_DIFFERS", f"the key is not that of {said.resolver}", "sign with a key of your own")
        if said.resolver not in order.policy.facts.people:
            raise Refused("RESOLVER_UNKNOWN", f"the facts know nobody called {said.resolver}", "name them in the facts")
        if said.resolved_at > self.now + SKEW:
            raise Refused("RESOLVED_IN_FUTURE", f"{said.resolved_at.isoformat()} is still to come", "mend your clock")

    @staticmethod
    def _demand_newer(record: RevisionRecord, hold: Hold, said: Resolution) -> None:
        """A later answer takes the place of an earlier one, in whichever order they arrive."""
        for each in record.resolutions:
            if each.fingerprint == hold.fingerprint and said.resolved_at <= each.resolved_at:
                detail = f"{each.resolver} answered it at {each.resolved_at.isoformat()}"
                raise Refused("ANSWERED_ALREADY", detail, "give a later answer while others are open")
        if len([each for each in record.resolutions if each.fingerprint != hold.fingerprint]) >= MAX_ANSWERS:
            raise Refused("ANSWERS_TOO_MANY", f"{MAX_ANSWERS} holds are answered", answering.NEW_CANDIDATE)

    def _answer(self, record: RevisionRecord, hold: Hold, order: Order[Resolution]) -> RecordedResolution:
        said, facts = order.document, order.policy.facts
        waiver = refreshed = None
        if isinstance(said.answer, WaiverAnswer):
            waiver = self._waiver(record, hold, said.answer, order.policy)
        else:
            candidate = candidate_of(self.store, record)
            evidence_set = load(self.store, record.evidence_set, EvidenceSet)
            if isinstance(said.answer, EvidenceAnswer):
                refreshed = answering.corrected(hold, said.answer.reference, candidate, evidence_set, facts)
            else:
                answering.demand_mendable(hold, candidate, evidence_set)
        return RecordedResolution(
            fingerprint=hold.fingerprint, kind=said.answer.kind, resolver=said.resolver, payload=order.payload,
            envelope=order.envelope, waiver=waiver, refreshed=refreshed, resolved_at=said.resolved_at,
        )  # fmt: skip

    def _waiver(self, record: RevisionRecord, hold: Hold, answer: WaiverAnswer, policy: Policy) -> Digest:
        """The stored envelope's digest. The next revision asks all of this again, of its own evidence."""
        content = canonical.encode_model(answer.waiver)
        opened = open_waiver(content, keys=policy.facts.keys, at=self.now, product=record.product)
        if not canonical.same(opened.waiver.fingerprint, hold.fingerprint):
            raise Refused("WAIVER_OF_ANOTHER_HOLD", "its fingerprint is not the hold's", "copy it from the hold")
        lasting(opened.waiver, at=self.now, until=_closes_at(record, policy))
        waiving = Waiving.of(policy.rules, policy.facts, self._requesters(record), product=record.product)
        waiving.demand(opened.keys, family_of(hold.rule))
        digest = canonical.digest(content)
        if digest not in record.waivers and len(record.waivers) >= MAX_CARRIED:
            detail = f"{MAX_CARRIED} waivers of resolutions stay with this cutover already"
            raise Refused("WAIVERS_TOO_MANY", detail, "let the next candidate name this one")
        return self.store.put(content)

    def _requesters(self, record: RevisionRecord) -> tuple[str | None, ...]:
        """Who asked for the release and for its change, as far as it is known.

        Where an answer has named the change record's version, the next revision reads who asked for the change, and
        asks all of this again: what is not known here because of that record stands in nobody's way.
        """
        release, change = asked(load(self.store, record.bundle, DraftBundle))
        named = {(each.refreshed.source, each.refreshed.record) for each in record.resolutions if each.refreshed}
        reference = candidate_of(self.store, record).change
        if change is None and (reference.source, reference.record) in named:
            return (release,)
        return (release, change)


def _closes_at(record: RevisionRecord, policy: Policy) -> datetime:
    """When the window of the next revision closes: today's occurrence, or the last that was known."""
    try:
        return occurrence(policy.facts, record.target, record.window).closes_at
    except Refused:
        return named(record.closes_at, "window")
