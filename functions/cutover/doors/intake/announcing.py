"""From a message of the inbox queue to an admission: transition 1. Nothing is judged here, nothing is lost."""

from dataclasses import dataclass

from pydantic import ValidationError

from cutover.contracts.candidate import MAX_CANDIDATE_BYTES
from cutover.contracts.event import MAX_BY_VALUE_BYTES, CandidateEvent, InboxObject
from cutover.domain import attempts, canonical
from cutover.domain.faults import fault, faults_of
from cutover.domain.record import Admission, Fault, Status
from cutover.doors.events import read_event
from cutover.errors import Conflict, DocumentMissing, Refused
from cutover.ports import Clock, Inbox, Store
from cutover.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Announcement:
    """What came: the envelope's bytes (or an older announcement's), or what stands for them with the fault that hides
    them.
    """

    content: bytes
    correlation_id: str
    fault: Fault | None = None


def read(body: str, *, message_id: str, inbox: Inbox) -> Announcement:
    """The candidate that an EventBridge event announces. Whatever else comes is kept as it is, with its fault."""
    event = read_event(body, message_id=message_id)
    if event.fault is not None:
        return Announcement(event.whole, event.correlation_id, event.fault)
    try:
        announced = CandidateEvent.model_validate_json(event.kept)
        return Announcement(_envelope(announced, inbox), event.correlation_id)
    except ValidationError as error:
        first = faults_of(error)[0]
        where = f"/detail{'' if first.pointer == '/' else first.pointer}"
        return Announcement(event.whole, event.correlation_id, fault(where, first.code, first.message))
    except Refused as refused:
        return Announcement(event.whole, event.correlation_id, fault("/detail", refused.code, refused.detail))


def _envelope(announced: CandidateEvent, inbox: Inbox) -> bytes:
    if announced.reference is not None:
        return _fetched(announced.reference, inbox)
    by_value = announced.envelope or announced.detached
    if by_value is None:
        raise AssertionError("the contract gives one of the three")
    content = canonical.encode_model(by_value)
    if len(content) > MAX_BY_VALUE_BYTES:
        raise Refused("CANDIDATE_TOO_LARGE", f"{len(content)} bytes by value; at most {MAX_BY_VALUE_BYTES}")
    return content


def _fetched(reference: InboxObject, inbox: Inbox) -> bytes:
    content = inbox.fetch(reference.key, reference.version_id, limit=2 * MAX_CANDIDATE_BYTES)
    if not canonical.same(canonical.digest(content), reference.sha256):
        raise Refused("CANDIDATE_UNREADABLE", "the inbox object does not have the announced digest")
    return content


def announce(announcement: Announcement, *, store: Store, recorder: Recorder, clock: Clock) -> Admission:
    """The admission of exactly these bytes. Announced again, the recorded one is the answer;
    one that was abandoned is taken up again.
    """
    digest = store.put(announcement.content)
    admission = Admission(
        digest=digest,
        status=Status.ADMITTING,
        received_at=clock.now(),
        correlation_id=announcement.correlation_id,
        fault=announcement.fault,
    )
    try:
        recorder.announce(admission)
    except Conflict as conflict:
        if "admission" not in conflict.parts:
            raise
    recorded = recorder.records.admission(digest)
    if recorded is None:
        raise DocumentMissing(f"no admission of {digest}")
    return recorder.readmit(recorded, asked=True) if attempts.abandoned(recorded) else recorded
