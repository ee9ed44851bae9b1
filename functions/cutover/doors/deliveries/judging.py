"""Whether a message may be sent once more, and whether a target exists: asked by the door, and by a dry run alike.

A hand-off's message goes again only where HandOff itself still might send it. In this order:

1. Its envelope stands in the store, and names the hand-off that was asked for.
2. Its revision is handed off or uncertain; while it is handing off, HandOff itself sends again.
3. Nobody has withdrawn it, also not too late: what was taken back does not come back. Its consumer has not answered:
   what was received was not lost.
4. It still counts: now is before the message's own end.
5. The guards of ``guards.check_again``: brake, tombstone, window with freezes, slot, queue, approvals, keys.
6. The message proves itself to anybody, with the documents that it names (``verify_handoff``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cutover.contracts.base import Digest
from cutover.contracts.delivery import DeliveryOrder
from cutover.contracts.handoff import Handoff
from cutover.contracts.manifest import Destination
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.record import KEEPS_SLOT, RevisionRecord, Status, named
from cutover.domain.verification import Anchor, verify_handoff
from cutover.doors.signed_events import Order
from cutover.errors import DigestMismatch, Refused
from cutover.guards import Guards, check_again
from cutover.loading import MAX_EVIDENCE_BYTES
from cutover.policies import PolicyReader
from cutover.ports import Clock, Outbox, Records, Store
from cutover.together import Together, one_by_one

TOO_LATE = "withdrawn-too-late"
"""The event of a withdrawal that came after the hand-off (``doors.withdrawals``)."""
ANSWER = "RECEIPT_"
"""How the result of every receipt begins (``doors.receipts``), also of the one that told of the hand-off."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A message that may go again: the bytes as they were stored, and the revision whose they are."""

    record: RevisionRecord
    handoff: Handoff
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """``destinations``: the deployed targets by name."""

    records: Records
    store: Store
    outbox: Outbox
    policies: PolicyReader
    destinations: Mapping[str, Destination]
    clock: Clock
    together: Together = one_by_one

    def resend(self, order: Order[DeliveryOrder]) -> Lost:
        """What an order would send again. Raises ``Refused`` as ``kept`` and ``lost`` do, and ``OUT_OF_SCOPE``."""
        handoff, content = self.kept(named(order.document.handoff_id, "hand-off"))
        order.speaking_for(handoff.cutover)
        return self.lost(handoff, content)

    def test(self, order: Order[DeliveryOrder]) -> Destination:
        """Where an order's test would go. Raises ``Refused``: ``OUT_OF_SCOPE``, ``UNKNOWN_TARGET``."""
        order.speaking_for_all()
        return self.target(named(order.document.target, "target"))

    def target(self, name: str) -> Destination:
        """``Refused`` (``UNKNOWN_TARGET``)."""
        if name not in self.destinations:
            raise Refused("UNKNOWN_TARGET", f"no target {name} is deployed", "name one that the stack has")
        return self.destinations[name]

    def kept(self, handoff_id: Digest) -> tuple[Handoff, bytes]:
        """The stored envelope of a hand-off, not proved yet; ``Refused`` (``UNKNOWN_HANDOFF``)."""
        if not self.outbox.has_handoff(handoff_id):
            raise Refused("UNKNOWN_HANDOFF", f"nothing was handed off as {handoff_id}")
        content = self.outbox.get_handoff(handoff_id)
        handoff = Handoff.model_validate_json(dsse.decode_base64(dsse.parse(content).payload))
        if not canonical.same(handoff.handoff_id, handoff_id):
            raise DigestMismatch(f"another message stands as {handoff_id}")
        return handoff, content

    def lost(self, handoff: Handoff, content: bytes) -> Lost:
        """The message, where all of the above holds.

        Raises ``Refused``: ``UNKNOWN_REVISION``, ``STILL_HANDING_OFF``, ``WITHDRAWN``, ``NOT_HANDED_OFF``,
        ``ANSWERED``, ``MESSAGE_OF_ANOTHER_REVISION``, ``WINDOW_OVER``, and what the guards and the proof refuse.
        """
        record = self.records.revision(handoff.cutover, handoff.revision)
        if record is None:
            raise Refused("UNKNOWN_REVISION", f"there is no {handoff.cutover} revision {handoff.revision}")
        self._standing(record, handoff)
        if self.clock.now() >= handoff.not_after:
            raise Refused("WINDOW_OVER", "the message does not count any more", "announce a new candidate")
        self._guarded(record)
        self._prove(handoff, content, self.target(record.target))
        return Lost(record, handoff, content)

    def stopped(self, lost: Lost) -> None:
        """Brake, tombstone and end once more, directly before the send: proving took its time."""
        try:
            Guards(records=self.records, store=self.store, clock=self.clock).stop(lost.record)
        except Refused as refused:
            raise _renamed(refused) from refused
        if self.clock.now() >= lost.handoff.not_after:
            raise Refused("WINDOW_OVER", "the message does not count any more", "announce a new candidate")

    def _standing(self, record: RevisionRecord, handoff: Handoff) -> None:
        if record.status is Status.HANDING_OFF:
            raise Refused("STILL_HANDING_OFF", "its hand-off is under way, and sends again by itself", "wait for it")
        told = [each for each in self.records.ledger(record.cutover) if each.revision == record.revision]
        if record.status is Status.WITHDRAWN or any(each.event == TOO_LATE for each in told):
            raise Refused("WITHDRAWN", "it has been withdrawn")
        if record.status not in KEEPS_SLOT:
            raise Refused("NOT_HANDED_OFF", f"the revision is {record.status}")
        if answers := [each.result for each in told if each.result.startswith(ANSWER)]:
            raise Refused("ANSWERED", f"its consumer has it: {answers[-1]}", "look at the receipt; nothing was lost")
        if record.handoff_id is None or not canonical.same(record.handoff_id, handoff.handoff_id):
            raise Refused("MESSAGE_OF_ANOTHER_REVISION", "the record names another hand-off")

    def _guarded(self, record: RevisionRecord) -> None:
        guards = Guards(records=self.records, store=self.store, clock=self.clock)
        try:
            check_again(
                record, guards=guards, policies=self.policies, deployed=self.destinations.get(record.target)
            )  # fmt: skip
        except Refused as refused:
            raise _renamed(refused) from refused

    def _prove(self, handoff: Handoff, content: bytes, target: Destination) -> None:
        now = self.clock.now()
        digests = list(dict.fromkeys(each.digest for each in handoff.documents))
        documents = dict(zip(digests, self.together(self._content, digests), strict=True))
        anchor = Anchor.of_policy(self.policies.root, self.policies.active().facts)
        report = verify_handoff(
            content, trust=anchor, documents=documents, now=now, at=now, queue_arn=target.queue_arn
        )  # fmt: skip
        if not report.verified:
            raise Refused(report.code, f"the message does not prove itself: {report.detail}"[:1000])

    def _content(self, digest: Digest) -> bytes:
        return self.store.get(digest, limit=MAX_EVIDENCE_BYTES)


def _renamed(refused: Refused) -> Refused:
    """In the words of whoever orders: a tombstone is a withdrawal, a closed window is over."""
    said = {"TOMBSTONE": "WITHDRAWN", "WINDOW_CLOSED": "WINDOW_OVER", "VALIDITY_ENDED": "WINDOW_OVER"}
    return Refused(said.get(refused.code, refused.code), refused.detail, refused.mend)
