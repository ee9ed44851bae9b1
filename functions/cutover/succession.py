"""One revision ends and the next begins, in one transaction: what is stored before it, and the step itself.

1. The supersession document is stored: why, and what differs.
2. The tombstone of the revision that ends is put: from here on it is not handed off, whatever happens.
3. The step is returned. The recorder ends the one and opens the other, or does neither.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from cutover.contracts.base import Digest
from cutover.contracts.candidate import MAX_CANDIDATE_BYTES, Candidate
from cutover.contracts.handoff import Tombstone
from cutover.contracts.manifest import Window
from cutover.contracts.supersession import Difference, Refreshed, Supersession
from cutover.domain import canonical, opening, reliance
from cutover.domain import envelope as dsse
from cutover.domain.differences import differences
from cutover.domain.policy import Policy
from cutover.domain.record import Admission, RecordedResolution, RevisionRecord, Status
from cutover.domain.window import occurrence
from cutover.errors import Refused
from cutover.ports import Clock, Store
from cutover.recorder import Opening, Step

MAX_SUPERSESSION_BYTES = 262_144
"""What changed stays with the successor's record, which the table bounds at 400 KB; and it is embedded in a notice."""
Cause = Literal["newer-candidate", "resolved", "drift"]
EVENTS: dict[Cause, str] = {"newer-candidate": "superseded", "resolved": "resolved", "drift": "drifted"}
REASONS: dict[Cause, str] = {"newer-candidate": "NEWER_CANDIDATE", "resolved": "HOLDS_RESOLVED", "drift": "DRIFTED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """For one deployment (``audience``) under the policy that is active now."""

    audience: str
    store: Store
    clock: Clock
    policy: Callable[[], Policy]

    def by_candidate(
        self, record: RevisionRecord, successor: RevisionRecord, *, candidate: Candidate, admission: Admission,
        payload: Digest,
    ) -> Step:  # fmt: skip
        """Row 4. ``successor`` is the new candidate's revision, ``payload`` that candidate's payload digest."""
        before, after = (each.model_dump(mode="json", by_alias=True) for each in (self._candidate(record), candidate))
        lane = {"issued_at": candidate.issued_at, "sequence": candidate.sequence}
        return self._step(
            record, successor.model_copy(update={"waivers": record.waivers}), cause="newer-candidate",
            requester=candidate.requester, differing=differences(before, after), lane=lane, admission=admission,
            payload=payload,
        )  # fmt: skip

    def by_resolution(
        self, record: RevisionRecord, *, resolutions: tuple[RecordedResolution, ...], requester: str,
        differing: tuple[Difference, ...],
    ) -> Step:  # fmt: skip
        """Row 9: every blocking hold has its answer."""
        refreshed = tuple(each.refreshed for each in resolutions if each.refreshed is not None)
        waivers = tuple(each.waiver for each in resolutions if each.waiver is not None)
        successor = self._another(record, refreshed).model_copy(
            update={"waivers": tuple(dict.fromkeys((*record.waivers, *waivers)))}
        )
        return self._step(
            record, successor, cause="resolved", requester=requester, differing=differing, refreshed=refreshed,
            resolutions=resolutions,
        )  # fmt: skip

    def by_drift(
        self, record: RevisionRecord, *, refreshed: tuple[Refreshed, ...], differing: tuple[Difference, ...],
        requester: str,
    ) -> Step:  # fmt: skip
        """Row 22: a value that the package consumed is another one at its source by now."""
        return self._step(
            record, self._another(record, refreshed), cause="drift", requester=requester, differing=differing,
            refreshed=refreshed,
        )  # fmt: skip

    def _another(self, record: RevisionRecord, refreshed: tuple[Refreshed, ...]) -> RevisionRecord:
        policy = self.policy()
        successor = opening.another_of(
            self._candidate(record), record, policy=policy, window=_occurrence(policy, record), now=self.clock.now()
        )
        envelope = self.store.get(record.admission, limit=dsse.MAX_ENVELOPE_BYTES)
        # Of those that it rests on by now, not of those that the facts know: one that they forgot ends it, too.
        signers = reliance.signers(envelope)
        rests_on = tuple(key for key in record.relies_on if key in signers)
        updates = {"refreshed": opening.merged(record.refreshed, refreshed), "relies_on": rests_on}
        return successor.model_copy(update=updates)

    def _candidate(self, record: RevisionRecord) -> Candidate:
        return Candidate.model_validate_json(self.store.get(record.candidate, limit=MAX_CANDIDATE_BYTES))

    def _step(
        self, record: RevisionRecord, successor: RevisionRecord, *, cause: Cause, requester: str,
        differing: tuple[Difference, ...], refreshed: tuple[Refreshed, ...] = (),
        resolutions: tuple[RecordedResolution, ...] = (), lane: dict[str, Any] | None = None,
        admission: Admission | None = None, payload: Digest | None = None,
    ) -> Step:  # fmt: skip
        now, reason = self.clock.now(), REASONS[cause]
        document = Supersession(
            audience=self.audience, cutover=record.cutover, revision=record.revision, successor=successor.revision,
            cause=cause, requester=requester, at=now, candidate=record.candidate,
            successor_candidate=successor.candidate, differences=differing,
            resolutions=tuple(each.payload for each in resolutions), refreshed=refreshed,
        )  # fmt: skip
        content = canonical.encode_model(document)
        if len(content) > MAX_SUPERSESSION_BYTES:
            raise Refused("TOO_MUCH_CHANGED", f"a supersession of {len(content)} bytes", "announce a new candidate")
        digest = self.store.put(content)
        self.store.put_tombstone(
            Tombstone(
                cutover=record.cutover, revision=record.revision, status=Status.SUPERSEDED.value, reason=reason, at=now
            )
        )
        updates: dict[str, Any] = {"reason": reason}
        if resolutions:
            updates["resolutions"] = resolutions
        return Step(
            EVENTS[cause], requester, updates, {"supersession": digest, "candidate": successor.candidate},
            result=reason, detail=f"revision {successor.revision} follows",
            opening=Opening(
                record=successor.model_copy(update={"supersession": digest}), lane=lane or {}, admission=admission,
                payload=payload,
            ),
        )  # fmt: skip


def _occurrence(policy: Policy, record: RevisionRecord) -> Window | None:
    """Today's occurrence of the window; None when the calendar has none: then Bind says so."""
    try:
        return occurrence(policy.facts, record.target, record.window)
    except Refused:
        return None
