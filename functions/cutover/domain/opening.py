"""A new revision's record: pure. From a candidate that was admitted, or from the revision before it."""

from datetime import datetime

from cutover.contracts.base import Digest
from cutover.contracts.candidate import Candidate
from cutover.contracts.manifest import Window
from cutover.contracts.supersession import Refreshed
from cutover.domain.policy import Policy
from cutover.domain.record import Admission, RevisionRecord, Status


def first_of(
    candidate: Candidate,
    *,
    cutover: str,
    revision: int,
    admission: Admission,
    payload: Digest,
    window: Window,
    policy: Policy,
    signed_by: tuple[Digest, ...],
    now: datetime,
) -> RevisionRecord:
    """The revision that an admitted candidate opens. ``payload``: object digest of the candidate's bytes.

    The execution that admits it goes on to serve it, and it is the admission's ``attempt``-th.
    """
    return RevisionRecord(
        cutover=cutover, revision=revision, product=candidate.product, target=candidate.target,
        status=Status.COLLECTING, execution=admission.attempt, moved_at=now, admission=admission.digest,
        candidate=payload,
        correlation_id=admission.correlation_id, requester=candidate.requester, window=candidate.window,
        rules=policy.rules_reference, facts=policy.facts_reference, admitted_at=now,
        expires_at=min(candidate.expires_at, window.closes_at), opens_at=window.opens_at, closes_at=window.closes_at,
        relies_on=signed_by,
    )  # fmt: skip


def another_of(
    candidate: Candidate, before: RevisionRecord, *, policy: Policy, window: Window | None, now: datetime
) -> RevisionRecord:
    """The same candidate once more, as ``before`` ends. ``window`` is today's occurrence, where there is one.

    Nothing is inherited but what was admitted and the waivers that resolutions brought; these count by their
    fingerprint only. ``admitted_at`` stays: it is when the candidate's signature was judged.
    """
    opens_at = window.opens_at if window else before.opens_at
    closes_at = window.closes_at if window else before.closes_at
    return RevisionRecord(
        cutover=before.cutover, revision=before.revision + 1, product=before.product, target=before.target,
        status=Status.COLLECTING, moved_at=now, admission=before.admission, candidate=before.candidate,
        correlation_id=before.correlation_id, requester=before.requester, window=before.window,
        rules=policy.rules_reference, facts=policy.facts_reference, admitted_at=before.admitted_at,
        expires_at=min(candidate.expires_at, closes_at or candidate.expires_at), opens_at=opens_at,
        closes_at=closes_at, refreshed=before.refreshed, waivers=before.waivers,
    )  # fmt: skip


def merged(known: tuple[Refreshed, ...], newer: tuple[Refreshed, ...]) -> tuple[Refreshed, ...]:
    """What was refreshed before and now, each record once: the newest word on it counts."""
    found = {(each.source, each.record): each for each in (*known, *newer)}
    return tuple(found.values())
