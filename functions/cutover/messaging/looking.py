"""One look at one revision: whether anything is to be said of it, and saying it."""

from dataclasses import dataclass

from cutover.domain.correspondence import Correspondence, outcome
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord, Status
from cutover.domain.telling import ASKING
from cutover.errors import Refused
from cutover.messaging.carrying import Messaging
from cutover.ports import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    records: Records
    messaging: Messaging

    def look(self, cutover: str, revision: int, policy: Policy | None = None) -> str:
        """What came of it: ``said``, ``looked`` (nothing was to be said), ``quiet`` (nothing has changed since the last
        look), ``unreadable`` (its package is trusted no more: the clock ends it), or ``skipped``.

        Raises what may pass, after saying whatever else was to be said.
        """
        record = self.records.revision(cutover, revision)
        if record is None or not _ours(record):
            return "skipped"
        before = self.messaging.messages.correspondence(cutover, revision)
        if before is None and record.status is not Status.AWAITING_APPROVAL:
            return "skipped"  # nobody was asked
        policy = policy or self.messaging.policies.active()
        if before is not None and self._quiet(record, before, policy):
            return "quiet"
        asking = record.status in ASKING
        try:
            scene = self.messaging.scene(record, policy) if asking else self.messaging.closing_scene(record, policy)
        except Refused:
            return "unreadable"
        said = self.messaging.say(scene, before)
        if said.failed:
            raise said.failed[0]
        return "said" if said.counted else "looked"

    def _quiet(self, record: RevisionRecord, said: Correspondence, policy: Policy) -> bool:
        """Neither the record nor the facts nor the clock give a reason to say anything."""
        same = said.seen == record.version and said.facts == policy.facts_reference.payload
        return same and (said.due_at is None or self.messaging.clock.now() < said.due_at)


def _ours(record: RevisionRecord) -> bool:
    """Whether there may be something to say. Asking for the first time, and everybody again, is RequestApproval's."""
    if record.status is Status.AWAITING_APPROVAL:
        return not record.ask
    return outcome(record) is not None
