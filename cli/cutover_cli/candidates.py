"""What CI does: sign a candidate and announce it on the bus, by value or, where it is large, by reference."""

from typing import TYPE_CHECKING

from cutover.contracts.base import Digest
from cutover.contracts.candidate import CANDIDATE_TYPE, MAX_CANDIDATE_BYTES, Candidate
from cutover.contracts.envelope import Envelope
from cutover.contracts.event import MAX_BY_VALUE_BYTES, CandidateEvent, InboxObject
from cutover.domain import canonical
from cutover.ports import Signer
from cutover_cli.output import BadArgument, CommandError, Exit
from cutover_cli.signing import seal
from cutover_cli.site import EventBridgeBus, Site

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "cutover.ci"
DETAIL_TYPE = "ReleaseCandidate"


class CandidateTooLarge(CommandError):
    """The candidate does not fit into an event, or not into Cutover at all."""

    exit_code = Exit.REFUSED
    reason = "CANDIDATE_TOO_LARGE"


def sign(candidate: Candidate, signer: Signer) -> Envelope:
    """The candidate's canonical bytes in a DSSE envelope."""
    return seal(CANDIDATE_TYPE, canonical.encode_model(candidate), signer)


def admission_of(sealed: Envelope) -> Digest:
    """The name under which Cutover records this announcement: the digest of the envelope's bytes."""
    return canonical.digest_model(sealed)


def by_value(sealed: Envelope) -> bool:
    """Whether the envelope travels in the event itself. Raises CandidateTooLarge where Cutover would not read it."""
    size = len(canonical.encode_model(sealed))
    if size > 2 * MAX_CANDIDATE_BYTES:
        raise CandidateTooLarge(f"the envelope has {size} bytes; Cutover reads at most {2 * MAX_CANDIDATE_BYTES}")
    return size <= MAX_BY_VALUE_BYTES


def detail_of(sealed: Envelope) -> str:
    """The event's detail, by value. Raises CandidateTooLarge where only the inbox bucket would do."""
    if not by_value(sealed):
        raise CandidateTooLarge(f"at most {MAX_BY_VALUE_BYTES} bytes travel by value; announce it by reference")
    return _detail(CandidateEvent(envelope=sealed))


def submit(site: Site, sealed: Envelope) -> str:
    """Announces it to a site; the event's id. The same envelope has one admission, however often it is announced.

    A large one lies in the inbox under its digest; the event names the very version that was put there.
    """
    if by_value(sealed):
        return site.bus.put(DETAIL_TYPE, detail_of(sealed), source=SOURCE)
    if site.inbox is None:
        raise BadArgument("the stack has no output InboxBucket, and the candidate is too large for an event")
    content = canonical.encode_model(sealed)
    digest = canonical.digest(content)
    key = f"candidates/{digest.removeprefix('sha256:')}.json"
    reference = InboxObject(key=key, version_id=site.inbox.put(key, content), sha256=digest)
    return site.bus.put(DETAIL_TYPE, _detail(CandidateEvent(reference=reference)), source=SOURCE)


def announce(events: "EventBridgeClient", bus: str, sealed: Envelope) -> str:
    """Puts the candidate on the bus, by value; the event's id. Raises RemoteFailed."""
    return EventBridgeBus(events, bus).put(DETAIL_TYPE, detail_of(sealed), source=SOURCE)


def _detail(event: CandidateEvent) -> str:
    return event.model_dump_json(by_alias=True, exclude_none=True)
