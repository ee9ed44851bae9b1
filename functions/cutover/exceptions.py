"""The exception queue: one message for each open hold, to whoever must mend it."""

from collections.abc import Callable

from cutover.contracts.holds import Hold, HoldMessage, HoldRegister, HowToAnswer
from cutover.domain import canonical, holds
from cutover.domain.record import RevisionRecord
from cutover.ports import ExceptionQueue


def _new_candidate(_hold: Hold) -> HowToAnswer | None:
    """Nothing answers it but a candidate that does."""
    return None


def tell(
    record: RevisionRecord, register: HoldRegister, queue: ExceptionQueue,
    how: Callable[[Hold], HowToAnswer | None] = _new_candidate,
) -> None:  # fmt: skip
    """Sending again is harmless: the message of a hold has the hold's id as its deduplication id.

    ``how`` says what can answer a hold.
    """
    messages = [
        HoldMessage(
            cutover=record.cutover,
            revision=record.revision,
            correlation_id=record.correlation_id,
            hold=hold,
            answer=how(hold),
        )
        for hold in holds.open_holds(register)
    ]
    queue.send(
        group=record.cutover,
        messages=[(each.hold.id.removeprefix("sha256:"), canonical.encode_model(each)) for each in messages],
    )
