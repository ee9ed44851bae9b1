"""The three waits: take the transition that belongs to the wait (16), store the token, and nothing else."""

from cutover.domain.record import RevisionRecord, Status, Token
from cutover.ports import Clock, Tokens
from cutover.recorder import Recorder, Step
from cutover.stages.flow import RecordReference


def wait(
    reference: RecordReference, *, state: str, value: str, recorder: Recorder, tokens: Tokens, clock: Clock
) -> RevisionRecord:
    """The token is stored last: whoever finds it finds the record as this wait left it.

    Raises ``Fenced`` for an execution that does not serve the revision any more: its wait must not begin.
    """
    cutover, revision = reference.cutover, reference.revision
    record = recorder.advance(cutover, revision, lambda current: _transition(current, state))
    tokens.put(
        Token(
            cutover=cutover, revision=revision, execution=reference.execution, state=state, value=value,
            stored_at=clock.now(),
        )
    )  # fmt: skip
    return record


def _transition(record: RevisionRecord, state: str) -> Step | None:
    if state == "AwaitWindow" and record.status is Status.APPROVED:
        return Step("awaiting-window", record.requester, result="AWAITING_WINDOW")
    return None
