"""The guards of transition 18, read again at every attempt. What fails blocks; nothing is assumed.

1. The brake is known and off.
2. No tombstone stands in the store.
3. The calendar still has the manifest's window, and it is open with its margins; the package is valid.
4. The slot is ours.
5. The queue is a deployed target's.
6. Who approved still may in the role that they signed for, by today's facts; together they fill the quorum.
7. Today's facts are not older than any facts that the package was approved under.
8. No key that signed anything in the package is revoked by today's facts.

1 to 3 are read once more directly before the send. That the documents prove the message is not
here: ``domain.verification`` does that, and these guards read what it has proved.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cutover.contracts.approval import ApprovalPredicate
from cutover.contracts.base import Digest
from cutover.contracts.manifest import Destination, ManifestPredicate
from cutover.contracts.policy import Facts, Rules
from cutover.domain import passkeys, quorum, reliance, window
from cutover.domain.lapses import lapsed
from cutover.domain.record import RevisionRecord, named
from cutover.domain.transitions import not_for_a_rehearsal
from cutover.domain.window import Margins, Phase
from cutover.errors import Refused
from cutover.packages import read_package
from cutover.policies import PolicyReader
from cutover.ports import Clock, Records, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """What may stop a hand-off at the last moment. Each method raises ``Refused`` with the reason."""

    records: Records
    store: Store
    clock: Clock

    def stop(self, record: RevisionRecord) -> None:
        """Guards 1 and 2: read again directly before the send. A rehearsal is stopped whatever they say."""
        if record.rehearsal:
            raise not_for_a_rehearsal("a hand-off")
        brake = self.records.brake()
        if brake is None:
            raise Refused("BRAKE_UNKNOWN", "the brake's state is not recorded", "set the brake's state")
        if brake.engaged:
            raise Refused("BRAKE_ENGAGED", "the emergency brake is engaged", "release it after a dry run")
        if self.store.has_tombstone(record.cutover, record.revision):
            raise Refused("TOMBSTONE", "the revision has ended: its tombstone stands in the store")

    def timing(self, manifest: ManifestPredicate, *, facts: Facts, rules: Rules) -> None:
        """Guard 3."""
        now = self.clock.now()
        target = manifest.destination.target
        found = window.occurrence(facts, target, manifest.window.id)
        if found != manifest.window:
            raise Refused("WINDOW_CHANGED", "the calendar's window is not the approved one any more")
        phase = window.phase(found, now, margins=Margins.of(rules), facts=facts, target=target)
        if phase is not Phase.OPEN:
            raise Refused(f"WINDOW_{phase.upper()}", f"the window is {phase} at this moment")
        if now >= manifest.valid_until:
            raise Refused("VALIDITY_ENDED", "the package is not valid any more")

    def destination(self, record: RevisionRecord, manifest: ManifestPredicate, deployed: Destination | None) -> None:
        """Guards 4 and 5."""
        slot = self.records.slot(manifest.destination.queue_arn, manifest.window.id)
        if slot is None or (slot.cutover, slot.revision) != (record.cutover, record.revision):
            raise Refused("SLOT_LOST", "the queue's window is not ours")
        if deployed != manifest.destination:
            raise Refused("QUEUE_NOT_DEPLOYED", "the approved destination is not a deployed target")

    @staticmethod
    def people(
        manifest: ManifestPredicate, approvals: list[ApprovalPredicate], *, facts: Facts, requesters: Iterable[str],
        now: datetime,
    ) -> None:  # fmt: skip
        """Guard 6. Passkeys as the signed statements name them: whoever can write the table could name others."""
        barred = quorum.barred(facts, requesters)
        votes = [
            quorum.cast(each.person, each.role, each.assurance, facts=facts, barred=barred)
            for each in approvals
            if passkeys.listed(each, facts, now)
        ]
        counted = [vote for vote in votes if vote is not None]
        if missing := quorum.outstanding(manifest.signers, counted):
            lacking = ", ".join(signer.role for signer in missing)
            raise Refused("QUORUM_LAPSED", f"an approval no longer counts; missing: {lacking}")

    @staticmethod
    def facts(active: Facts, named: Iterable[Facts]) -> None:
        """Guard 7: whoever can write the table could point it to old facts, with people and keys long gone."""
        if any(active.version < each.version for each in named):
            raise Refused("FACTS_ROLLED_BACK", "the active facts are older than those of the decisions")

    def keys(self, relies_on: Iterable[Digest], *, facts: Facts) -> None:
        """Guard 8."""
        if reliance.revoked(relies_on, facts, self.clock.now()):
            raise Refused("KEY_REVOKED", "a key or identity that signed a part of the package is revoked")


def check_again(
    record: RevisionRecord, *, guards: Guards, policies: PolicyReader, deployed: Destination | None
) -> None:
    """What the clock can tell of these guards without making the message: may the same envelope be sent again?

    Raises ``Refused`` with the reason why not.
    """
    guards.stop(record)
    now = guards.clock.now()
    # Its own times first: what ends it must not depend on documents that can be read.
    if any(end is not None and now >= end for end in (record.closes_at, record.valid_until)):
        raise Refused("WINDOW_CLOSED", "its window or its validity is over")
    active = policies.active()
    package = read_package(guards.store, named(record.manifest, "manifest"), keys=active.facts.keys, now=now)
    bound = package.manifest.predicate
    guards.timing(bound, facts=active.facts, rules=policies.rules(record.rules))
    guards.destination(record, bound, deployed)
    barred = quorum.barred(active.facts, package.requesters())
    if lapsed(record.decisions, facts=active.facts, barred=barred, now=now):
        raise Refused("QUORUM_LAPSED", "an approval no longer counts")
    guards.keys(record.relies_on, facts=active.facts)
