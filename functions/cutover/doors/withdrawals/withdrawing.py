"""Withdrawals: row 24, by a signed withdrawal. What it does depends on how far the revision has come:

- live: the tombstone is put, then the revision ends;
- handing off: the tombstone is put, so that nothing more is sent, and the ledger says so; the clock ends it;
- handed off or uncertain: too late. The ledger says so, and the outside in a signed notice (``doors.seal``);
- ended in another way: the ledger says that somebody wanted it withdrawn, and nothing else happens.

Without a revision, the newest of its cutover is meant.
"""

from dataclasses import dataclass

from cutover.contracts.handoff import WITHDRAWAL_TYPE, Tombstone, Withdrawal
from cutover.domain import naming
from cutover.domain.record import KEEPS_SLOT, LIVE, RevisionRecord, Status
from cutover.doors.signed_events import Kind, Order
from cutover.errors import Conflict, Refused
from cutover.journal import DECISIONS
from cutover.ports import Clock, Store
from cutover.recorder import Recorder, Step

KIND = Kind(Withdrawal, WITHDRAWAL_TYPE, "withdrawal")
WITHDRAWN, DURING, TOO_LATE, ENDED = "WITHDRAWN", "WITHDRAWN_DURING_HAND_OFF", "WITHDRAWN_TOO_LATE", "ENDED_BEFORE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawing:
    recorder: Recorder
    store: Store
    clock: Clock

    def obey(self, order: Order[Withdrawal]) -> str:
        """``WITHDRAWN``, ``WITHDRAWN_DURING_HAND_OFF``, ``WITHDRAWN_TOO_LATE`` or ``ENDED_BEFORE``.

        Raises ``Refused`` (``UNKNOWN_CUTOVER``, ``UNKNOWN_REVISION``, ``NOT_CURRENT``), ``Conflict``.
        """
        for remaining in reversed(range(DECISIONS)):
            record = self._meant(order.document)
            try:
                result = self._withdraw(record, order)
            except Conflict as conflict:
                if remaining == 0 or conflict.parts - {"record", "lane", "ledger"}:
                    raise
            else:
                if result is not None:
                    return result
        raise Conflict("record")

    def plan(self, said: Withdrawal) -> tuple[RevisionRecord, str]:
        """The revision that is meant, and what would come of it now. Nothing is written; raises what ``obey`` does."""
        record = self._meant(said)
        return record, outcome_of(record.status)

    def _meant(self, said: Withdrawal) -> RevisionRecord:
        newest = self._newest(said.cutover)
        if said.revision is None or said.revision == newest.revision:
            return newest
        if said.revision > newest.revision:
            raise Refused("UNKNOWN_REVISION", f"{said.cutover} has no revision {said.revision}")
        raise Refused(
            "NOT_CURRENT", f"revision {newest.revision} of {said.cutover} took its place", "withdraw that one"
        )

    def _newest(self, cutover: str) -> RevisionRecord:
        """The cutover's last revision. Its lane and the last entry of its ledger may tell of an earlier one by now."""
        records = self.recorder.records
        number = self._known(cutover)
        record = records.revision(cutover, number) if number else None
        if record is None:
            raise Refused("UNKNOWN_CUTOVER", f"there is no {cutover}", "name it as the ledger does")
        while (following := records.revision(cutover, record.revision + 1)) is not None:
            record = following
        self.recorder.seen(record)
        return record

    def _known(self, cutover: str) -> int | None:
        """A revision of the cutover: by its lane, or, where the lane has gone on, by its ledger."""
        records = self.recorder.records
        lane = records.lane(*naming.of(cutover), rehearsal=naming.is_rehearsal(cutover))
        if lane is not None and lane.cutover == cutover:
            return lane.revision
        last = records.chain(cutover).sequence - 1
        entries = records.ledger(cutover, after=last) if last >= 0 else iter(())
        return next((entry.revision for entry in entries if entry.revision is not None), None)

    def _withdraw(self, record: RevisionRecord, order: Order[Withdrawal]) -> str | None:
        """What came of it; None when the revision went on meanwhile, and has to be looked at again."""
        outcome = outcome_of(record.status)
        if outcome == WITHDRAWN:
            return self._end(record, order)
        if outcome == DURING:
            self._put_tombstone(record)
            self._note(record, order, "withdrawal-during-hand-off", DURING, reason=DURING)
        elif outcome == TOO_LATE:
            self._note(record, order, "withdrawn-too-late", TOO_LATE)
        else:
            self._note(record, order, "withdrawal-of-ended", ENDED)
        return outcome

    def _end(self, record: RevisionRecord, order: Order[Withdrawal]) -> str | None:
        """Row 24, the tombstone first: from here on the revision is not handed off, whatever happens."""
        steps: list[Step] = []

        def decide(current: RevisionRecord) -> Step | None:
            steps.clear()
            if current.status not in LIVE:
                return None
            self._put_tombstone(current)
            step = Step(
                "withdrawn", order.holder, {"reason": WITHDRAWN}, order.inputs, result=WITHDRAWN,
                detail=_detail(order), facts=order.policy.facts_digest, nonce=order.nonce,
            )  # fmt: skip
            steps.append(step)
            return step

        self.recorder.advance(record.cutover, record.revision, decide)
        return WITHDRAWN if steps else None

    def _put_tombstone(self, record: RevisionRecord) -> None:
        self.store.put_tombstone(
            Tombstone(
                cutover=record.cutover, revision=record.revision, status=Status.WITHDRAWN.value, reason=WITHDRAWN,
                at=self.clock.now(),
            )
        )  # fmt: skip

    def _note(
        self, record: RevisionRecord, order: Order[Withdrawal], event: str, result: str, **updates: object
    ) -> None:
        """``updates`` make it conditional on the record as it was read."""
        self.recorder.note(
            record, event, result=result, detail=_detail(order), requester=order.holder, inputs=order.inputs,
            nonce=order.nonce, **updates,
        )  # fmt: skip


def outcome_of(status: Status) -> str:
    """What a withdrawal does to a revision that stands there."""
    if status in LIVE:
        return WITHDRAWN
    if status is Status.HANDING_OFF:
        return DURING
    return TOO_LATE if status in KEEPS_SLOT else ENDED


def _detail(order: Order[Withdrawal]) -> str:
    return f"{order.document.requester}: {order.document.reason}"
