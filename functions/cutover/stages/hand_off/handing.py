"""Transitions 18, 19 and 20: an outbox with a lease.

1. Prove everything again from signed documents, read today's facts, and ask the sources. What has lapsed (17) or
   changed (22) since is written instead, and nothing is handed off.
2. Write attempt, lease and the stored envelope's digest (18, or 19 for the same envelope again).
3. Keep the envelope under the hand-off's id, for good. Read brake, tombstone and the time once more: nothing is
   sent after the lease. Then send once.
4. Write that it was acknowledged (20).

Killed anywhere, the next attempt finds in the record how far this one came. A send whose answer was
lost leaves ``handing_off``: after the lease the same envelope goes again, under the same id.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cutover.contracts.manifest import Destination
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord, Status, named
from cutover.domain.verification import Anchor
from cutover.domain.window import Margins, opens_again
from cutover.drifting import Drifting
from cutover.errors import AmbiguousCompletion, DependencyUnavailable, Refused
from cutover.guards import Guards
from cutover.lapsing import lapse
from cutover.policies import PolicyReader
from cutover.ports import Clock, DeploymentQueue, Outbox, Store
from cutover.recorder import Recorder, Step
from cutover.sealing import Sealer
from cutover.stages.hand_off.message import Approved, Message, MessageMaker, approved
from cutover.succession import Succession
from cutover.together import Together, one_by_one

SHORTEST_LEASE = 60
"""Seconds: longer than this function may run, whatever the rules say."""
LOOK_AGAIN = timedelta(minutes=5)
"""At the least so long after a blocked attempt; see ``_pause``."""
LOOKS = 200
"""A revision that stays blocked looks again after a part of its remaining time, so its history stays short."""
_OURS = frozenset({Status.AWAITING_WINDOW, Status.HANDING_OFF})


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """Hands one revision over, with one effect."""

    store: Store
    outbox: Outbox
    recorder: Recorder
    policies: PolicyReader
    destinations: Mapping[str, Destination]
    deployment: DeploymentQueue
    drifting: Drifting
    succession: Succession
    clock: Clock
    sealer: Callable[[], Sealer]
    together: Together = one_by_one

    def run(self, cutover: str, revision: int) -> RevisionRecord:
        """The record as it stands afterwards."""
        attempt, leased = _Attempt(self), None
        try:
            leased = self.recorder.advance(cutover, revision, attempt.lease)
            if attempt.message is None:
                return leased
            attempt.keep(attempt.message)
            attempt.check_time()
            self.guards.stop(leased)
            self._under_lease(leased)
        except Refused as refused:
            record = self.recorder.read(cutover, revision)
            if record.status not in _OURS or (leased is not None and leased.attempt != record.attempt):
                return record  # it ended, or another attempt took over: this one has nothing to say about it
            return self._blocked(record, refused, attempt.opens_again)
        return self._send(leased, attempt.message)

    def _under_lease(self, leased: RevisionRecord) -> None:
        """Whoever was held up for so long must not send: another attempt may be doing so."""
        if self.clock.now() >= named(leased.lease_until, "lease"):
            raise Refused("LEASE_OVER", "the lease ended before anything was sent")

    @property
    def guards(self) -> Guards:
        return Guards(records=self.recorder.records, store=self.store, clock=self.clock)

    def _send(self, record: RevisionRecord, message: Message) -> RevisionRecord:
        try:
            message_id = self.deployment.send(
                record.target,
                body=message.content,
                group=record.cutover,
                deduplication_id=message.handoff_id.removeprefix("sha256:"),
            )
        except (AmbiguousCompletion, DependencyUnavailable) as error:
            return self.recorder.note(
                record, "send-unacknowledged", result="SEND_UNACKNOWLEDGED", detail=type(error).__name__
            )
        # What was sent was sent, whichever execution serves the revision by now.
        return replace(self.recorder, execution=None).advance(
            record.cutover, record.revision, lambda current: _acknowledged(current, record.attempt, message_id)
        )

    def _blocked(self, record: RevisionRecord, refused: Refused, opens_again: datetime | None) -> RevisionRecord:
        """Nothing was sent. The status stays; the clock ends it when its time is over. ``opens_again``: when the
        window does, which a late freeze can have put off.

        The reason is told once as long as it stays the same and nothing else is to be written.
        """
        if record.status is not Status.AWAITING_WINDOW:
            if record.reason == refused.code:
                return record
            return self.recorder.note(
                record, "hand-off-blocked", result=refused.code, detail=refused.detail, reason=refused.code
            )
        again = self._again(record, opens_again)
        return self.recorder.note(
            record, "hand-off-blocked", result=refused.code, detail=refused.detail, reason=refused.code, wake_at=again
        )

    def _again(self, record: RevisionRecord, opens_again: datetime | None) -> datetime:
        """When the window opens, where it is shut; else soon in a short window, and seldom in a long wait."""
        now = self.clock.now()
        if opens_again is not None and opens_again > now:
            # A second at the least: who wakes it may have a clock that is ahead of this one.
            return max(opens_again, now + timedelta(seconds=1))
        return max(now + max(LOOK_AGAIN, (record.expires_at - now) / LOOKS), record.wake_at or now)


@dataclass(slots=True)
class _Attempt:
    """One try to take the lease. ``message`` is set when the step that was written last is this attempt's own."""

    of: HandOff
    message: Message | None = None
    keep: Callable[[Message], None] = lambda _message: None
    check_time: Callable[[], None] = lambda: None
    opens_again: datetime | None = None

    def lease(self, record: RevisionRecord) -> Step | None:
        """Transition 18 or 19, if every guard holds; None when another attempt has the lease."""
        self.message = None
        first = record.status is Status.AWAITING_WINDOW
        if not first and not self._lease_over(record):
            return None
        guards, policies = self.of.guards, self.of.policies
        active = policies.active()
        guards.stop(record)
        found = approved(record, self.of.store)
        maker = MessageMaker(
            store=self.of.store, outbox=self.of.outbox, sealer=self.of.sealer, clock=self.of.clock,
            anchor=Anchor.of_policy(policies.root, active.facts), together=self.of.together,
        )  # fmt: skip
        bound = found.manifest.predicate
        rules = policies.rules(record.rules)
        self.opens_again = opens_again(
            bound.window, self.of.clock.now(), margins=Margins.of(rules), facts=active.facts,
            target=bound.destination.target,
        )  # fmt: skip
        self.check_time = functools.partial(guards.timing, bound, facts=active.facts, rules=rules)
        self.check_time()
        if (instead := self._lapsed(record, found, active) or self._drifted(record, first=first)) is not None:
            return instead
        head = self.of.recorder.records.chain(record.cutover)
        message = maker.first(record, found, head) if first else maker.again(record, found)
        if record.rules.payload != bound.rules:
            raise Refused("RULES_DIFFER", "the record names other rules than the manifest")
        guards.destination(record, bound, self.of.destinations.get(record.target))
        guards.people(bound, message.approvals, facts=active.facts, requesters=found.requesters, now=guards.clock.now())
        guards.facts(active.facts, message.facts)
        guards.keys(message.relies_on, facts=active.facts)
        self.message, self.keep = message, maker.keep
        updates = {
            "attempt": record.attempt + 1,
            "lease_until": self.of.clock.now() + timedelta(seconds=max(rules.lease, SHORTEST_LEASE)),
            "handoff_id": message.handoff_id, "handoff": message.digest, "reason": None,
        }  # fmt: skip
        return Step(
            "handing-off" if first else "handing-off-again", record.requester, updates,
            {"handoff": message.digest, "manifest": found.manifest_digest}, result="LEASED", facts=active.facts_digest,
        )  # fmt: skip

    def _lapsed(self, record: RevisionRecord, found: Approved, active: Policy) -> Step | None:
        """Transition 17."""
        now = self.of.clock.now()
        return lapse(record, active=active, requesters=found.requesters, now=now, requester="hand-off")

    def _drifted(self, record: RevisionRecord, *, first: bool) -> Step | None:
        """Transition 22. Asked at every attempt, so the answer is never older than this function's timeout.

        Once something may have been sent, nothing follows in its place: then drift only stops another attempt.
        """
        drift = self.of.drifting.look(record)
        if not drift.differences:
            return None
        if not first:
            raise Refused("DRIFTED", f"since the first attempt {drift.differences[0].pointer} changed at its source")
        return self.of.succession.by_drift(
            record, refreshed=drift.refreshed, differing=drift.differences, requester="hand-off"
        )

    def _lease_over(self, record: RevisionRecord) -> bool:
        if record.status is not Status.HANDING_OFF or record.lease_until is None:
            return False
        return self.of.clock.now() >= record.lease_until


def _acknowledged(record: RevisionRecord, attempt: int, message_id: str) -> Step | None:
    """Transition 20, by this attempt only."""
    if record.status is not Status.HANDING_OFF or record.attempt != attempt:
        return None
    return Step(
        "handed-off",
        record.requester,
        {"message_id": message_id, "lease_until": None},
        {"handoff": named(record.handoff, "hand-off"), "manifest": named(record.manifest, "manifest").payload},
        result="SENT",
        detail=f"attempt {attempt}",
    )
