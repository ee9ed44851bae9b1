"""Transitions 2 and 3: an admission is refused, or opens a revision."""

from collections.abc import Collection
from dataclasses import dataclass

from cutover.contracts.base import Digest
from cutover.contracts.candidate import MAX_CANDIDATE_BYTES
from cutover.domain.admission import Examined, NotAdmitted, compare, examine
from cutover.domain.faults import fault
from cutover.domain.policy import Policy
from cutover.domain.record import Admission, Lane, RevisionRecord, Status
from cutover.errors import DocumentMissing
from cutover.ports import Clock, Store
from cutover.recorder import Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitter:
    """Admits candidates to one deployment (``audience``, ``targets``) under one policy."""

    policy: Policy
    audience: str
    targets: Collection[str]
    store: Store
    recorder: Recorder
    clock: Clock

    def run(self, digest: Digest) -> Admission:
        """The admission as it stands afterwards. One that was decided before is answered from its record.

        Raises ``Conflict`` when another candidate was admitted meanwhile: the state machine tries
        again, and the order is judged anew.
        """
        admission = self._read(digest)
        if admission.status is not Status.ADMITTING:
            return admission
        try:
            examined = self._examine(admission)
            lane = self.recorder.records.lane(examined.candidate.product, examined.candidate.target)
            compare(examined.candidate, lane)
        except NotAdmitted as refusal:
            return self.recorder.refuse(admission, refusal.reason, refusal.faults)
        self._open(admission, examined, lane)
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
            now=self.clock.now(),
        )
        # A trusted payload opens one revision, however often and in whatever envelope it comes.
        owner = self.recorder.records.payload_owner(examined.digest)
        if owner is not None:
            message = f"this candidate opened {owner[0]} revision {owner[1]}"
            raise NotAdmitted("ALREADY_ADMITTED", (fault("/", "ALREADY_ADMITTED", message),))
        return examined

    def _open(self, admission: Admission, examined: Examined, before: Lane | None) -> None:
        candidate, window = examined.candidate, examined.window
        number = before.number + 1 if before else 1
        cutover = f"{candidate.product}@{candidate.target}.{number}"
        lane = Lane(
            product=candidate.product, target=candidate.target, number=number, cutover=cutover, revision=1, live=True,
            issued_at=candidate.issued_at, sequence=candidate.sequence, version=before.version + 1 if before else 1,
        )  # fmt: skip
        record = RevisionRecord(
            cutover=cutover, revision=1, product=candidate.product, target=candidate.target,
            status=Status.COLLECTING, admission=admission.digest, candidate=self.store.put(examined.payload),
            correlation_id=admission.correlation_id, requester=candidate.requester, window=candidate.window,
            rules=self.policy.rules_reference, facts=self.policy.facts_reference, admitted_at=self.clock.now(),
            expires_at=min(candidate.expires_at, window.closes_at), opens_at=window.opens_at,
            closes_at=window.closes_at,
        )  # fmt: skip
        self.recorder.admit(admission, record, lane=lane, lane_before=before, payload=examined.digest)
