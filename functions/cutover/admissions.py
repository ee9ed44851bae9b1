"""Writing admissions: announced, waiting, refused, or opening a revision."""

from typing import Any

from cutover.contracts.base import Digest
from cutover.domain import attempts, ledger, schedule, transitions
from cutover.domain.entries import Told
from cutover.domain.record import Admission, Fault, Lane, RevisionRecord, Status
from cutover.journal import Journal
from cutover.ports import Commit


class Admissions(Journal):
    """The rows that have no revision yet: 1, 2, 3 and 5."""

    __slots__ = ()

    def announce(self, admission: Admission) -> None:
        """Transition 1. ``Conflict`` (``admission``) when this envelope was announced before."""
        row = transitions.TABLE["announced"]
        opened = admission.model_copy(update={"signal": row.signal})
        due_at = schedule.admission_due_at(opened, self.clock.now())
        opened = opened.model_copy(update={"due_at": due_at})
        told = Told.of_admission(opened, row.event, row=row, result="ANNOUNCED")
        self.append(ledger.admissions_chain(admission.digest), told, admission=opened)

    def readmit(self, admission: Admission, *, asked: bool = False) -> Admission:
        """Another execution for an admission that its execution left undecided, or its abandonment at the end
        of a series of attempts, unless somebody ``asked``. A reading that is not the present one changes nothing.
        """
        if admission.status is not Status.ADMITTING or self.records.admission(admission.digest) != admission:
            return admission
        if attempts.exhausted(admission) and not asked:
            after, event, result = attempts.given_up(admission), "abandoned", "ADMISSION_ABANDONED"
            detail = f"{admission.attempt} executions left it undecided; announce the same envelope again"
        else:
            after = attempts.another(admission, self.clock.now())
            event, result, detail = "started-again", "EXECUTION_REPEATED", f"execution {after.attempt}"
        told = Told.of_admission(after, event, result=result, detail=detail)
        self._replace(admission, after, told)
        return after

    def refuse(self, admission: Admission, reason: str, faults: tuple[Fault, ...]) -> Admission:
        """Transition 2."""
        row = transitions.permitted("refused", admission.status, self.role)
        refused = decided(admission, Status.REFUSED, reason=reason, faults=faults)
        detail = "; ".join(f"{fault.pointer} {fault.code}" for fault in faults) or None
        told = Told.of_admission(refused, row.event, row=row, before=admission.status, result=reason, detail=detail)
        self._replace(admission, refused, told)
        return refused

    def wait(self, admission: Admission, reason: str, *, for_revision: RevisionRecord) -> Admission:
        """Transition 5, told once: its execution looks again, and is not taken for lost meanwhile."""
        row = transitions.permitted("waits", admission.status, self.role)
        due_at = self.clock.now() + schedule.PATIENCE
        if admission.reason == reason:
            self.records.nudge(admission, signal=admission.signal, due_at=due_at)
            return admission
        after = admission.model_copy(
            update={"reason": reason, "due_at": due_at, "signal": None, "version": admission.version + 1}
        )
        told = Told.of_admission(
            after, row.event, row=row, before=admission.status, result=reason,
            detail=f"{for_revision.cutover} revision {for_revision.revision} is {for_revision.status}",
        )  # fmt: skip
        self._replace(admission, after, told)
        return after

    def admit(
        self, admission: Admission, record: RevisionRecord, *, lane: Lane, lane_before: Lane | None, payload: Digest
    ) -> None:
        """Transition 3: the admission, the new record, the lane and the payload's claim, all or nothing."""
        row = transitions.permitted("admitted", admission.status, self.role)
        opened = record.model_copy(update={"due_at": schedule.due_at(record, self.clock.now())})
        head = self.records.chain(record.cutover)
        told = Told.of(
            opened, row.event, result="ADMITTED", requester=record.requester, row=row, before=admission.status,
            inputs={"candidate": record.candidate, "envelope": admission.digest} | originally(record, payload),
        )  # fmt: skip
        self.records.commit(
            Commit(
                entries=self.entries(head, told), head_before=head, opened=opened,
                admission=admitted(admission, record, payload), admission_before=admission, lane=lane,
                lane_before=lane_before, payload=payload,
            )
        )  # fmt: skip

    def note_admission(self, admission: Admission, event: str, *, result: str, detail: str | None = None) -> None:
        """A ledger entry about an admission that opened nothing yet."""
        told = Told.of_admission(admission, event, result=result, detail=detail)
        self.append(ledger.admissions_chain(admission.digest), told)

    def _replace(self, before: Admission, after: Admission, told: Told) -> None:
        self.append(ledger.admissions_chain(before.digest), told, admission=after, admission_before=before)


def originally(record: RevisionRecord, payload: Digest) -> dict[str, Digest]:
    """What was signed, for a ledger entry, where the revision's candidate was translated from it."""
    return {"original": payload} if payload != record.candidate else {}


def decided(admission: Admission, status: Status, **updates: Any) -> Admission:
    """An admission that Admit has decided on: nothing is due for it any more."""
    settled = {"status": status, "version": admission.version + 1, "signal": None, "due_at": None}
    return admission.model_copy(update=settled | updates)


def admitted(admission: Admission, record: RevisionRecord, payload: Digest) -> Admission:
    """An admission that opened ``record``."""
    updates = {"payload": payload, "cutover": record.cutover, "revision": record.revision, "reason": None}
    return decided(admission, Status.COLLECTING, **updates)
