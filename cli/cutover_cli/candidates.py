"""What CI does: sign a candidate and announce it on the bus, by value."""

from typing import TYPE_CHECKING

from cutover.contracts.base import Digest
from cutover.contracts.candidate import CANDIDATE_TYPE, Candidate
from cutover.contracts.envelope import Envelope
from cutover.contracts.event import MAX_BY_VALUE_BYTES, CandidateEvent
from cutover.domain import canonical
from cutover.ports import Signer
from cutover_cli.output import CommandError, Exit
from cutover_cli.signing import seal

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "cutover.ci"
DETAIL_TYPE = "ReleaseCandidate"


class CandidateTooLarge(CommandError):
    """The candidate does not fit into an event."""

    exit_code = Exit.REFUSED
    reason = "CANDIDATE_TOO_LARGE"


class NotAnnounced(CommandError):
    """The bus did not take the event."""

    exit_code = Exit.REMOTE
    reason = "NOT_ANNOUNCED"


def sign(candidate: Candidate, signer: Signer) -> Envelope:
    """The candidate's canonical bytes in a DSSE envelope."""
    return seal(CANDIDATE_TYPE, canonical.encode_model(candidate), signer)


def admission_of(sealed: Envelope) -> Digest:
    """The name under which Cutover records this announcement: the digest of the envelope's bytes."""
    return canonical.digest_model(sealed)


def detail_of(sealed: Envelope) -> str:
    """The event's detail, by value. Raises CandidateTooLarge where only the inbox bucket would do."""
    size = len(canonical.encode_model(sealed))
    if size > MAX_BY_VALUE_BYTES:
        raise CandidateTooLarge(f"the envelope has {size} bytes; at most {MAX_BY_VALUE_BYTES} travel by value")
    return CandidateEvent(envelope=sealed).model_dump_json(by_alias=True, exclude_none=True)


def announce(events: "EventBridgeClient", bus: str, sealed: Envelope) -> str:
    """Puts the candidate on the bus; the event's id. Raises NotAnnounced."""
    answer = events.put_events(
        Entries=[{"EventBusName": bus, "Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": detail_of(sealed)}]
    )
    entry = answer["Entries"][0]
    if answer["FailedEntryCount"] or "EventId" not in entry:
        raise NotAnnounced(f"the bus refused it: {entry.get('ErrorCode')}: {entry.get('ErrorMessage')}")
    return entry["EventId"]
