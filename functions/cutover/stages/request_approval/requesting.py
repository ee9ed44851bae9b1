"""Transition 11, and asking again: the messages first, then the record.

Whoever is killed in between leaves a record that still says ``bound``, or that people are to be asked again; the next
run says whatever was not written down as said. A message may come twice, and that is harmless: each link asks the same
question, and one decision answers it, whichever copy it came from. The other order could lose a message for good.

Asked again, when an approval has lapsed or a deferral is over, is who can still fill a seat that is empty then.
Whoever writes the record meanwhile may change who that is: then those who were not asked are asked as well.

What cannot be read any more, for its key was revoked, asks nobody: the ledger says so, and asking is over. What comes
of the revision is the clock's.

An address that is refused for good keeps nobody else from being asked: its deputies are, at once. The ledger names
who was not reached, and says ``APPROVERS_UNREACHABLE`` when those who were cannot fill the quorum.

Who is asked later (reminders, deputies, newcomers), and that it is over: see ``doors.messenger``.
"""

from dataclasses import dataclass

from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord, Signal, Status, named
from cutover.errors import Conflict, Refused
from cutover.journal import DECISIONS
from cutover.lapsing import APPROVAL_LAPSED
from cutover.messaging.carrying import Messaging
from cutover.messaging.scene import Said, Scene
from cutover.messaging.wording import Again
from cutover.recorder import Recorder, Step
from cutover.stages.request_approval.asking import asked, detail_of, result_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    messaging: Messaging
    recorder: Recorder

    def run(self, cutover: str, revision: int) -> RevisionRecord:
        """The record afterwards. Where nobody is to be asked, it is left as it is, and nobody gets a message."""
        record = self.recorder.read(cutover, revision)
        if record.status is Status.BOUND:
            return self._first(record)
        begun_by = record.version
        for remaining in reversed(range(DECISIONS)):
            if record.status is not Status.AWAITING_APPROVAL or not record.ask:
                return record
            try:
                return self._again(record, begun_by)
            except Conflict:
                if remaining == 0:
                    raise
                record = self.recorder.read(cutover, revision)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _first(self, record: RevisionRecord) -> RevisionRecord:
        """Transition 11."""
        policy = self.messaging.policies.active()
        scene = self.messaging.scene(record, policy)
        told = asked(self._say(scene).correspondence)
        manifest = named(scene.package, "package").manifest
        step = Step(
            "approval-requested",
            requester=record.requester,
            inputs={"manifest": named(record.manifest, "manifest").payload},
            result=result_of(told, manifest.predicate.signers),
            detail=detail_of(told),
            facts=policy.facts_digest,
        )
        return self.recorder.advance(
            record.cutover, record.revision, lambda current: step if current.status is Status.BOUND else None
        )

    def _again(self, record: RevisionRecord, begun_by: int) -> RevisionRecord:
        """Raises ``Conflict`` when the record has changed since it was read: then it is asked of the new one."""
        policy = self.messaging.policies.active()
        try:
            scene = self._scene_again(record, policy)
        except Refused as refused:
            return self._told(record, result=refused.code, detail=refused.detail, reason=refused.code)
        told = asked(self._say(scene, begun_by).correspondence)
        standing = scene.standing
        seats = standing.seats if standing else named(scene.package, "package").manifest.predicate.signers
        return self._told(record, result=result_of(told, seats), detail=detail_of(told), reason=None)

    def _scene_again(self, record: RevisionRecord, policy: Policy) -> Scene:
        again = Again.LAPSED if record.reason == APPROVAL_LAPSED else Again.TAKEN_UP
        return self.messaging.scene(record, policy, again=again)

    def _say(self, scene: Scene, begun_by: int | None = None) -> Said:
        """Raises what kept somebody from being asked for now: it comes again, and says what is still to be said.

        Slack keeps nobody waiting: the messenger goes on with it (``Said.failed``).
        """
        record = scene.record
        before = self.messaging.messages.correspondence(record.cutover, record.revision)
        said = self.messaging.say(scene, before, begun_by=begun_by, only_ask=True)
        unasked = [each for each in asked(said.correspondence) if each.mailed is None and each.undelivered is None]
        if unasked and said.failed:
            raise said.failed[0]
        return said

    def _told(self, record: RevisionRecord, *, result: str, detail: str, reason: str | None) -> RevisionRecord:
        """Asking again is over. Whoever runs this is the execution itself, so nobody else is to be woken."""
        return self.recorder.note(
            record,
            "approval-requested-again",
            requester=record.requester,
            inputs={"manifest": named(record.manifest, "manifest").payload},
            result=result,
            detail=detail,
            ask=False,
            reason=reason,
            signal=None if record.signal is Signal.WAKE else record.signal,
        )
