"""Transitions 2 to 5: an admission is refused, opens a revision, supersedes one, or waits for a hand-off to end."""

from collections.abc import Collection
from dataclasses import dataclass

from cutover.contracts.base import Digest
from cutover.contracts.candidate import MAX_CANDIDATE_BYTES
from cutover.domain import naming, opening
from cutover.domain.admission import Examined, NotAdmitted, compare, examine
from cutover.domain.faults import fault
from cutover.domain.policy import Policy
from cutover.domain.record import GOES_ON, LIVE, Admission, Lane, RevisionRecord, Status
from cutover.errors import Conflict, DocumentMissing
from cutover.ports import Clock, Store
from cutover.recorder import Recorder, Step
from cutover.succession import Succession

WAITS = "HAND_OFF_UNDER_WAY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitter:
    """Admits candidates to one deployment (``audience``, ``targets``) under one policy."""

    policy: Policy
    audience: str
    targets: Collection[str]
    store: Store
    recorder: Recorder
    succession: Succession
    clock: Clock

    def run(self, digest: Digest, attempt: int) -> Admission:
        """The admission as it stands afterwards. One that was decided before is answered from its record; one that
        a later ``attempt`` is to decide on is left alone.

        Raises ``Conflict`` when another candidate was admitted meanwhile: the state machine tries
        again, and the order is judged anew.
        """
        admission = self._read(digest)
        if admission.status is not Status.ADMITTING or admission.attempt != attempt:
            return admission
        try:
            examined = self._examine(admission)
            candidate = examined.candidate
            lane = self.recorder.records.lane(candidate.product, candidate.target, rehearsal=candidate.rehearsal)
            compare(candidate, lane)
        except NotAdmitted as refusal:
            return self.recorder.refuse(admission, refusal.reason, refusal.faults)
        if lane is None or lane.ended is not None:
            self._open(admission, examined, lane)
        else:
            current = self.recorder.read(lane.cutover, lane.revision)
            if current.status is Status.HANDING_OFF:
                return self.recorder.wait(admission, WAITS, for_revision=current)
            self._supersede(admission, examined, current)
        return self._read(digest)

    def _read(self, digest: Digest) -> Admission:
        admission = self.recorder.records.admission(digest)
        if admission is None:
            raise DocumentMissing(f"no admission of {digest}")
        return admission

    def _examine(self, admission: Admission) -> Examined:
        if admission.fault is not None:
            raise NotAdmitted(admission.fault.code, (admission.fault,))
        examined = examine(
            self.store.get(admission.digest, limit=2 * MAX_CANDIDATE_BYTES),
            policy=self.policy,
            audience=self.audience,
            targets=self.targets,
            received_at=admission.received_at,
            now=self.clock.now(),
        )
        # A trusted payload opens one revision, however often and in whatever envelope it comes.
        owner = self.recorder.records.payload_owner(examined.digest)
        if owner is not None:
            message = f"this candidate opened {owner[0]} revision {owner[1]}"
            raise NotAdmitted("ALREADY_ADMITTED", (fault("/", "ALREADY_ADMITTED", message),))
        return examined

    def _open(self, admission: Admission, examined: Examined, before: Lane | None) -> None:
        """Transition 3. A cutover whose last revision was declined goes on; any other end was the cutover's own.

        A rehearsal's is one of the rehearsals, and neither follows a release nor goes before one.
        """
        candidate = examined.candidate
        goes_on = before is not None and before.ended in GOES_ON
        number = 1 if before is None else before.number if goes_on else before.number + 1
        revision = before.revision + 1 if before and goes_on else 1
        cutover = naming.cutover_id(candidate.product, candidate.target, number, rehearsal=candidate.rehearsal)
        lane = Lane(
            product=candidate.product, target=candidate.target, number=number, cutover=cutover, revision=revision,
            issued_at=candidate.issued_at, sequence=candidate.sequence, version=before.version + 1 if before else 1,
            approved=before.approved if before else None,
        )  # fmt: skip
        record = self._revision(admission, examined, cutover, revision)
        if before and goes_on:
            ended = self.recorder.read(before.cutover, before.revision)
            record = record.model_copy(update={"waivers": ended.waivers})
        self.recorder.admit(admission, record, lane=lane, lane_before=before, payload=examined.digest)

    def _supersede(self, admission: Admission, examined: Examined, current: RevisionRecord) -> None:
        """Transition 4. ``Conflict`` when the current revision ended or went into its hand-off meanwhile."""
        successor = self._revision(admission, examined, current.cutover, current.revision + 1)

        def step(record: RevisionRecord) -> Step | None:
            if record.status not in LIVE:
                return None
            return self.succession.by_candidate(
                record, successor, candidate=examined.candidate, admission=admission, payload=examined.digest
            )

        self.recorder.advance(current.cutover, current.revision, step)
        # It may be superseded by now, and not by this: what was written says so.
        if self._read(admission.digest).status is Status.ADMITTING:
            raise Conflict("record")

    def _revision(self, admission: Admission, examined: Examined, cutover: str, revision: int) -> RevisionRecord:
        return opening.first_of(
            examined.candidate, cutover=cutover, revision=revision, admission=admission,
            payload=self.store.put(examined.payload), window=examined.window, policy=self.policy,
            signed_by=examined.keys, now=self.clock.now(),
        )  # fmt: skip
