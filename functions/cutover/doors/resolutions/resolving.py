"""Answers to holds, rows 8 and 9, each by a signed resolution.

- An answer that answers an open hold is recorded (row 8). Answers accumulate in whichever order they come.
- The one after which no hold is open ends the revision and opens the next (row 9), which looks at everything again:
  nothing of this revision is taken over but newer versions of records, and waivers by their fingerprints.
- A later answer (``resolved_at``) to the same hold takes the place of an earlier one; an earlier one is refused.
- Whatever is refused stands on the cutover's chain with its code, once for each resolution.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from cutover.contracts.base import Digest
from cutover.contracts.holds import Hold
from cutover.contracts.resolution import RESOLUTION_TYPE, Resolution
from cutover.contracts.supersession import MAX_DIFFERENCES, Difference
from cutover.domain import bounded
from cutover.domain.policy import Policy
from cutover.domain.record import RecordedResolution, RevisionRecord
from cutover.doors.resolutions.judging import Judged, Judging
from cutover.doors.signed_events import Kind, Order
from cutover.errors import Refused
from cutover.ports import Clock, Store
from cutover.recorder import Recorder, Step
from cutover.succession import Succession

KIND = Kind(Resolution, RESOLUTION_TYPE, "resolution")
RECORDED = "RESOLUTION_RECORDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolving:
    recorder: Recorder
    store: Store
    clock: Clock
    succession: Callable[[Policy], Succession]

    def obey(self, order: Order[Resolution]) -> str:
        """``RESOLUTION_RECORDED``, ``HOLDS_RESOLVED``, or the code of a refusal that was noted.

        Raises ``Refused`` (``UNKNOWN_REVISION``) where there is no chain to note it on, and ``Conflict``.
        """
        said, results = order.document, [RECORDED]
        record = self.recorder.records.revision(said.cutover, said.revision)
        if record is None:
            raise Refused("UNKNOWN_REVISION", f"there is no {said.cutover} revision {said.revision}")

        def decide(current: RevisionRecord) -> Step:
            step = self._step(current, order)
            results[-1] = step.result
            return step

        try:
            self.recorder.advance(record.cutover, record.revision, decide)
        except Refused as refused:
            return self._refused(record, order, refused)
        return results[-1]

    def _step(self, record: RevisionRecord, order: Order[Resolution]) -> Step:
        judged = Judging(store=self.store, now=self.clock.now()).judge(record, order)
        answers = _with(record.resolutions, judged.answer)
        if {hold.fingerprint for hold in judged.open} <= {each.fingerprint for each in answers}:
            step = self.succession(order.policy).by_resolution(
                record, resolutions=answers, requester=order.document.resolver, differing=_differing(judged, answers)
            )
        else:
            step = _recorded(record, judged, answers)
        return replace(
            step, inputs=step.inputs | _inputs(judged.answer, order), facts=order.policy.facts_digest, nonce=order.nonce
        )

    def _refused(self, record: RevisionRecord, order: Order[Resolution], refused: Refused) -> str:
        current = self.recorder.read(record.cutover, record.revision)
        self.recorder.note(
            current, "resolution-refused", result=refused.code, detail=refused.detail, requester=order.holder,
            inputs=order.inputs, nonce=order.nonce_of_refusal(refused),
        )  # fmt: skip
        return refused.code


def _recorded(record: RevisionRecord, judged: Judged, answers: tuple[RecordedResolution, ...]) -> Step:
    """Row 8. A waiver stays with the cutover from now on, whatever follows this revision."""
    answer, hold = judged.answer, judged.hold
    replaced = {each.waiver for each in record.resolutions} - {each.waiver for each in answers}
    waivers = tuple(each for each in record.waivers if each not in replaced)
    if answer.waiver is not None and answer.waiver not in waivers:
        waivers = (*waivers, answer.waiver)
    return Step(
        "resolution-recorded", answer.resolver, {"resolutions": answers, "waivers": waivers}, result=RECORDED,
        detail=f"{hold.code} {hold.field}: {_shown(answer)}",
    )  # fmt: skip


def _with(known: tuple[RecordedResolution, ...], answer: RecordedResolution) -> tuple[RecordedResolution, ...]:
    """One answer for each hold, the latest last: of two versions of one record, the latest word counts."""
    others = (each for each in known if each.fingerprint != answer.fingerprint)
    return tuple(sorted((*others, answer), key=lambda each: (each.resolved_at, each.payload)))


def _inputs(answer: RecordedResolution, order: Order[Resolution]) -> dict[str, Digest]:
    return order.inputs | ({"waiver": answer.waiver} if answer.waiver else {})


def _differing(judged: Judged, answers: tuple[RecordedResolution, ...]) -> tuple[Difference, ...]:
    """Each hold's field: the code that held it, and what answers it."""
    by_mark = {each.fingerprint: each for each in answers}
    return tuple(_difference(hold, by_mark[hold.fingerprint]) for hold in judged.open[:MAX_DIFFERENCES])


def _difference(hold: Hold, answer: RecordedResolution) -> Difference:
    return Difference(pointer=hold.field, before=hold.code, after=_shown(answer))


def _shown(answer: RecordedResolution) -> str:
    """An answer on one line."""
    if answer.refreshed is not None:
        new = answer.refreshed
        return bounded.line(f"evidence: {new.source} {new.record} at {new.version} ({answer.resolver})")
    return bounded.line(f"{answer.kind}: {answer.waiver or 'look again'} ({answer.resolver})")
