"""After-action records: what an emergency was and what follows from it, written once it has been handed off.

No status changes: the record is kept as it was signed, the revision names it, and its ledger has one entry. Nobody is
asked for it any more then, and it is not overdue, however late it came. A second one is refused: what somebody has
signed for is not exchanged.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cutover.contracts.emergency import AFTER_ACTION_TYPE, AfterAction
from cutover.contracts.policy import SignedReference
from cutover.domain.record import RevisionRecord, Status, named
from cutover.doors.signed_events import Kind, Order
from cutover.errors import Conflict, Refused
from cutover.journal import DECISIONS
from cutover.ports import Clock
from cutover.recorder import Recorder

KIND = Kind(AfterAction, AFTER_ACTION_TYPE, "after-action")
RECORDED = "AFTER_ACTION_RECORDED"
SKEW = timedelta(minutes=5)
"""By so much an author's clock may differ from ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    recorder: Recorder
    clock: Clock

    def obey(self, order: Order[AfterAction]) -> str:
        """``AFTER_ACTION_RECORDED``. Raises ``Refused`` as ``judge`` does, and ``Conflict``."""
        said = order.document
        for remaining in reversed(range(DECISIONS)):
            record = judge(self.recorder.records.revision(said.cutover, said.revision), order, now=self.clock.now())
            self.recorder.seen(record)
            try:
                self._record(record, order)
            except Conflict as conflict:
                if remaining == 0 or conflict.parts - {"record", "ledger"}:
                    raise
            else:
                return RECORDED
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _record(self, record: RevisionRecord, order: Order[AfterAction]) -> None:
        said = order.document
        self.recorder.note(
            record, "after-action-recorded", result=RECORDED, detail=f"{said.author}: {said.summary}",
            requester=order.holder, inputs=order.inputs, nonce=order.nonce,
            after_action=SignedReference(payload=order.payload, envelope=order.envelope),
        )  # fmt: skip


def judge(record: RevisionRecord | None, order: Order[AfterAction], *, now: datetime) -> RevisionRecord:
    """The revision that it is about, where it would be recorded.

    Raises ``Refused``: ``AUTHOR_DIFFERS``, ``AUTHOR_UNKNOWN``, ``UNKNOWN_REVISION``, ``NOT_AN_EMERGENCY``,
    ``NOT_HANDED_OFF``, ``AFTER_ACTION_KNOWN``, ``WRITTEN_TOO_EARLY``, ``WRITTEN_IN_FUTURE``.
    """
    said = order.document
    if said.author not in {key.person for key in order.keys}:
        raise Refused("AUTHOR_DIFFERS", f"the key is not that of {said.author}", "sign with a key of your own")
    if said.author not in order.policy.facts.people:
        raise Refused("AUTHOR_UNKNOWN", f"the facts know nobody called {said.author}", "name them in the facts")
    if record is None:
        raise Refused("UNKNOWN_REVISION", f"there is no {said.cutover} revision {said.revision}")
    if record.after_action_within is None:
        raise Refused("NOT_AN_EMERGENCY", f"{record.cutover} revision {record.revision} was bound as none")
    if record.status is not Status.HANDED_OFF:
        raise Refused("NOT_HANDED_OFF", f"the revision is {record.status}", "write it once it has been handed off")
    if record.after_action is not None:
        raise Refused("AFTER_ACTION_KNOWN", "its after-action record has been written", "read it in the ledger")
    handed_off = named(record.after_action_due, "hand-off") - timedelta(seconds=record.after_action_within)
    if said.written_at < handed_off - SKEW:
        raise Refused("WRITTEN_TOO_EARLY", f"it was handed off at {handed_off.isoformat()}", "write what it was")
    if said.written_at > now + SKEW:
        raise Refused("WRITTEN_IN_FUTURE", f"{said.written_at.isoformat()} is still to come", "mend your clock")
    return record
