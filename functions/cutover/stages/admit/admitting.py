"""Transitions 2 and 3: an admission is refused, or opens a revision."""

from collections.abc import Collection

from cutover.contracts.candidate import MAX_CANDIDATE_BYTES
from cutover.domain.admission import Examined, NotAdmitted, compare, examine
from cutover.domain.policy import Policy
from cutover.domain.record import Admission, Fault, Lane, RevisionRecord, Status
from cutover.errors import DocumentMissing
from cutover.ports import Clock, Store
from cutover.recorder import Recorder


def admit(
    digest: str,
    *,
    policy: Policy,
    audience: str,
    targets: Collection[str],
    store: Store,
    recorder: Recorder,
    clock: Clock,
) -> Admission:
    """The admission as it stands afterwards. One that was decided before is answered from its record.

    Raises ``Conflict`` when another candidate was admitted meanwhile: the state machine tries again,
    and the order is judged anew.
    """
    admission = recorder.records.admission(digest)
    if admission is None:
        raise DocumentMissing(f"no admission of {digest}")
    if admission.status is not Status.ADMITTING:
        return admission
    try:
        if admission.fault is not None:
            raise NotAdmitted(admission.fault.code, (admission.fault,))
        content = store.get(digest, limit=2 * MAX_CANDIDATE_BYTES)
        examined = examine(content, policy=policy, audience=audience, targets=targets, now=clock.now())
        _require_unseen(examined, recorder)
        lane = recorder.records.lane(examined.candidate.product, examined.candidate.target)
        compare(examined.candidate, lane)
    except NotAdmitted as refusal:
        return recorder.refuse(admission, refusal.reason, refusal.faults)
    return _open(admission, examined, lane, policy, store, recorder, clock)


def _require_unseen(examined: Examined, recorder: Recorder) -> None:
    """A trusted payload opens one revision, however often and in whatever envelope it comes."""
    owner = recorder.records.payload_owner(examined.digest)
    if owner is not None:
        message = f"this candidate opened {owner[0]} revision {owner[1]}"
        raise NotAdmitted("ALREADY_ADMITTED", (Fault(pointer="/", code="ALREADY_ADMITTED", message=message),))


def _open(
    admission: Admission,
    examined: Examined,
    before: Lane | None,
    policy: Policy,
    store: Store,
    recorder: Recorder,
    clock: Clock,
) -> Admission:
    candidate, now = examined.candidate, clock.now()
    number = before.number + 1 if before else 1
    cutover = f"{candidate.product}@{candidate.target}.{number}"
    lane = Lane(
        product=candidate.product, target=candidate.target, number=number, cutover=cutover, revision=1, live=True,
        issued_at=candidate.issued_at, sequence=candidate.sequence, version=before.version + 1 if before else 1,
    )  # fmt: skip
    record = RevisionRecord(
        cutover=cutover, revision=1, product=candidate.product, target=candidate.target, status=Status.COLLECTING,
        admission=admission.digest, candidate=store.put(examined.payload), correlation_id=admission.correlation_id,
        requester=candidate.requester, window=candidate.window, rules=policy.rules_reference,
        facts=policy.facts_reference, admitted_at=now, expires_at=min(candidate.expires_at, examined.window.closes_at),
        opens_at=examined.window.opens_at, closes_at=examined.window.closes_at,
    )  # fmt: skip
    recorder.admit(admission, record, lane=lane, lane_before=before, payload=examined.digest)
    admitted = recorder.records.admission(admission.digest)
    if admitted is None:
        raise DocumentMissing(f"no admission of {admission.digest}")
    return admitted
