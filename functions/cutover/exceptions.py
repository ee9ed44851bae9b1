"""The exception queue: one message for each open hold, to whoever must mend it."""

from cutover.contracts.holds import HoldMessage, HoldRegister
from cutover.domain import canonical, holds
from cutover.domain.record import RevisionRecord
from cutover.ports import ExceptionQueue


def tell(record: RevisionRecord, register: HoldRegister, queue: ExceptionQueue) -> None:
    """Sending again is harmless: the message of a hold has the hold's id as its deduplication id."""
    for hold in holds.open_holds(register):
        message = HoldMessage(
            cutover=record.cutover, revision=record.revision, correlation_id=record.correlation_id, hold=hold
        )
        queue.send(
            body=canonical.encode_model(message),
            group=record.cutover,
            deduplication_id=hold.id.removeprefix("sha256:"),
        )
