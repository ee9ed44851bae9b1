"""When a wait is over: read from the record, never from what woke the execution."""

from datetime import datetime

from cutover.domain.record import RevisionRecord, Status

STATES = ("AwaitResolution", "AwaitApproval", "AwaitWindow")


def over(state: str, record: RevisionRecord, now: datetime) -> bool:
    """Whether an execution that waits in ``state`` has something to do."""
    if state == "AwaitResolution":
        return record.status is not Status.HELD
    if state == "AwaitApproval":
        return record.ask or record.status not in {Status.AWAITING_APPROVAL, Status.DEFERRED}
    if record.status is Status.AWAITING_WINDOW:
        return record.wake_at is not None and now >= record.wake_at
    # Approved again, after an approval had lapsed: row 16 is still to be written.
    return True
