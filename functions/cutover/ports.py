"""What stages and doors need of the outside, as Protocols. Adapters implement them; so do the tests' fakes.

Every method raises ``DependencyUnavailable`` when its service fails or throttles.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from cutover.contracts.base import Digest
from cutover.contracts.candidate import Reference
from cutover.contracts.handoff import Tombstone
from cutover.contracts.ledger import LedgerEntry
from cutover.domain.correspondence import Correspondence
from cutover.domain.mac import Mac as Mac  # noqa: PLC0414 - a port like the others, said to be one
from cutover.domain.record import (
    ActivePolicy,
    Admission,
    Brake,
    ChainHead,
    Enrolled,
    Lane,
    PasskeyUse,
    RevisionRecord,
    Signal,
    Slot,
    Status,
    Token,
)
from cutover.messaging.message import Message


class Clock(Protocol):
    def now(self) -> datetime:
        """The present, aware, in UTC."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Where content-addressed bytes lie: enough for a consumer to fetch exactly these."""

    digest: Digest
    size: int
    bucket: str
    key: str
    version_id: str


class Store(Protocol):
    """The write-once, content-addressed store. Every read checks the digest."""

    def put(self, content: bytes) -> Digest:
        """Store bytes under their SHA-256. Storing the same bytes again is done already.

        Raises ``OverwriteRefused`` when other bytes stand under that name.
        """

    def get(self, digest: Digest, *, limit: int) -> bytes:
        """At most ``limit`` bytes; ``DocumentMissing``, ``DigestMismatch``, or ``Refused`` (``DOCUMENT_TOO_LARGE``)."""

    def locate(self, digest: Digest) -> Stored:
        """Where the bytes lie; ``DocumentMissing``."""

    def put_tombstone(self, tombstone: Tombstone) -> None:
        """The first tombstone of a revision stands; a later one changes nothing."""

    def has_tombstone(self, cutover: str, revision: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class Commit:
    """One transaction. Each ``…_before`` is the reading that it is conditional on; None means: must not exist.

    ``current`` is the lane reading that must still hold (its cutover and revision), whether or not the lane changes.
    """

    entries: tuple[LedgerEntry, ...]
    """One or two, the second following the first in the same chain."""
    head_before: ChainHead
    record: RevisionRecord | None = None
    record_before: RevisionRecord | None = None
    opened: RevisionRecord | None = None
    """A new revision: its record must not exist."""
    admission: Admission | None = None
    admission_before: Admission | None = None
    lane: Lane | None = None
    lane_before: Lane | None = None
    current: Lane | None = None
    claim: Slot | None = None
    release: Slot | None = None
    payload: Digest | None = None
    """A trusted candidate's payload digest, claimed once and for all by the revision that is opened."""
    nonce: Digest | None = None
    """A form's nonce, spent by this commit."""
    brake: Brake | None = None
    brake_before: Brake | None = None
    passkey: PasskeyUse | None = None
    passkey_before: PasskeyUse | None = None
    enrolled: Enrolled | None = None
    """A passkey that an invitation registers: no other may have been, by the same one."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stored item that is none of ours, or not any more: by its key."""

    key: str


Due = RevisionRecord | Admission | Unreadable


class Records(Protocol):
    """The table. Every reading is strongly consistent but ``due`` and ``waiting``."""

    def admission(self, digest: Digest) -> Admission | None: ...

    def revision(self, cutover: str, revision: int) -> RevisionRecord | None: ...

    def lane(self, product: str, target: str, *, rehearsal: bool = False) -> Lane | None: ...

    def chain(self, chain: str) -> ChainHead: ...

    def ledger(self, chain: str, *, after: int = 0) -> Iterator[LedgerEntry]:
        """The entries of a chain in order: those after a sequence number."""

    def slot(self, queue_arn: str, window: str) -> Slot | None: ...

    def payload_owner(self, payload: Digest) -> tuple[str, int] | None:
        """The cutover and revision that a trusted candidate payload already opened."""

    def policy(self) -> ActivePolicy | None: ...

    def activate_policy(self, policy: ActivePolicy) -> None: ...

    def brake(self) -> Brake | None: ...

    def set_brake(self, brake: Brake) -> None:
        """An operator's own setting, such as the first one. Orders go through ``commit``, with their entry."""

    def spent(self, nonce: Digest) -> bool:
        """Whether a commit has spent this nonce."""

    def passkey_use(self, credential: Digest) -> PasskeyUse | None:
        """How far the counter of a passkey has come, by the digest of its credential id."""

    def enrolments(self, person: str) -> Iterator[Enrolled]:
        """What one person has registered, in no order."""

    def commit(self, commit: Commit) -> None:
        """All or nothing. Raises ``Conflict`` naming the parts whose condition failed:

        ``record``, ``opened``, ``admission``, ``lane``, ``ledger``, ``slot``, ``payload``, ``nonce``, ``brake``,
        ``passkey``, ``enrolled``.
        """

    def clear_signal(self, of: RevisionRecord | Admission) -> None:
        """Forget the signal of exactly this reading; does nothing when it has changed since."""

    def nudge(self, of: RevisionRecord | Admission, *, signal: Signal | None, due_at: datetime | None) -> None:
        """Give exactly this reading another signal and next look; does nothing when it has changed since.

        Neither its version nor its status changes: whoever decides on the reading still may.
        """

    def due(self, now: datetime, *, limit: int) -> Iterator[Due]:
        """What the clock must look at, oldest first, from an index that may lag. Unreadable items are named."""

    def waiting(self, statuses: Collection[Status], *, limit: int) -> Iterator[RevisionRecord]:
        """Revisions that stand in one of these, of those the clock looks at, from an index that may lag.

        What cannot be read is left out: nobody can decide about it or hand it off either.
        """


class Tokens(Protocol):
    """Task tokens, in a table of their own. That of the latest execution wins, and of these the newest."""

    def put(self, token: Token) -> None: ...

    def newest(self, cutover: str, revision: int) -> Token | None: ...

    def delete(self, token: Token) -> None:
        """Forget this token, unless a newer one stands."""


HEADS_LOOKED_AT = 900
"""Less than the thousand keys that one listing of S3 has."""


class LedgerHeads(Protocol):
    """Where signed heads of ledger chains are kept, out of the reach of who can write the table."""

    def put_ledger_head(self, chain: str, sequence: int, content: bytes) -> bytes:
        """Keep a signed head, once: the bytes that stand, which are an earlier attempt's where there was one.

        An ECDSA signature differs each time, so the caller compares what both say, not their bytes.
        """

    def newest_ledger_head(self, chain: str, *, upto: int) -> bytes | None:
        """The kept head with the highest sequence not above ``upto``, if there is one among the last
        ``HEADS_LOOKED_AT`` sequence numbers.
        """

    def put_notice(self, chain: str, sequence: int, content: bytes) -> bytes:
        """Keep a signed notice of one ledger entry, once: the bytes that stand."""


class Outbox(Protocol):
    """Signed hand-off envelopes by their id. The first that was put stands: one id has one envelope, for good."""

    def put_handoff(self, handoff_id: Digest, content: bytes) -> bytes:
        """The bytes that stand, which are an earlier attempt's where there was one: each signature differs."""

    def get_handoff(self, handoff_id: Digest) -> bytes:
        """Raises ``DocumentMissing``."""

    def has_handoff(self, handoff_id: Digest) -> bool:
        """Whether an envelope stands; every error is raised, so that no answer is never taken for a no."""


class LockedStore(Store, LedgerHeads, Outbox, Protocol):
    """The store bucket, as all of its writers together see it."""


class Workflow(Protocol):
    """Step Functions, as the relay sees it."""

    def start(self, name: str, document: dict[str, object]) -> None:
        """Start an execution. One of that name that exists already counts as started."""

    def succeed(self, token: Token) -> bool:
        """Wake a waiting execution. False when nobody waits on that token any more."""


class Signer(Protocol):
    """A key of one purpose (ECDSA P-256, SHA-256)."""

    @property
    def key_id(self) -> Digest:
        """SHA-256 of the public key's SubjectPublicKeyInfo in DER."""

    def sign(self, message: bytes) -> bytes:
        """An ASN.1 DER signature over SHA-256 of ``message``."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Bytes as received, with what the source says of them."""

    content: bytes
    media_type: str
    version: str


@dataclass(frozen=True, slots=True)
class Credential:
    """What a source system wants to see: a user with a password, or a token. Neither is ever shown."""

    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


class Credentials(Protocol):
    """The credentials of source systems, each under the purpose that the facts name."""

    def get(self, purpose: str, *, fresh: bool = False) -> Credential:
        """``fresh``: read again, because what was read before was not taken.

        Raises ``Refused`` (``CREDENTIAL_MISSING``, ``CREDENTIAL_UNREADABLE``).
        """


S_contra = TypeVar("S_contra", contravariant=True)


class SourceSystem(Protocol[S_contra]):
    """One kind of source system; ``S_contra``: how the facts configure it. Limits are on bytes; adapters only fetch.

    Raises ``Refused`` when the record cannot be had (``SOURCE_RECORD_MISSING``, ``SOURCE_RECORD_TOO_LARGE``,
    ``SOURCE_DENIED`` and others), and ``SourceUnavailable`` when another try may bring it.
    """

    def fetch(self, source: S_contra, reference: Reference, *, limit: int) -> Fetched:
        """The record's bytes at exactly the reference's version."""

    def latest(self, source: S_contra, reference: Reference) -> str | None:
        """The version that the record has now, asked for cheaply; None when the source does not have it any more."""

    def artifact(self, name: str, source: S_contra, reference: Reference, *, limit: int) -> bytes:
        """An ``ArtifactRecord`` as canonical bytes: the artifact's digest, computed from its bytes as read.

        Raises ``Refused`` (``SOURCE_HAS_NO_ARTIFACTS``) where the source keeps none.
        """


Sources = Mapping[str, SourceSystem[Any]]
"""One adapter for each kind of source system, by the kind's name."""


class Inbox(Protocol):
    """Where CI leaves candidates that are too large for an event."""

    def fetch(self, key: str, version_id: str, *, limit: int) -> bytes:
        """Raises ``Refused`` with ``CANDIDATE_UNREADABLE`` or ``CANDIDATE_TOO_LARGE``."""


class ExceptionQueue(Protocol):
    def send(self, *, group: str, messages: Sequence[tuple[str, bytes]]) -> None:
        """One message for each hold, in their order, to a FIFO queue: its deduplication id, and its body.

        Raises ``DependencyUnavailable`` when any was not sent; sending all of them again is harmless.
        """


class DeploymentQueue(Protocol):
    def send(self, target: str, *, body: bytes, group: str, deduplication_id: str) -> str:
        """Send once, without retries; the message id.

        Raises ``AmbiguousCompletion`` when the answer was lost, ``DependencyUnavailable`` when it was surely not sent.
        """


class Messages(Protocol):
    """What was said of each revision. Every reading is strongly consistent but ``open``."""

    def correspondence(self, cutover: str, revision: int) -> Correspondence | None: ...

    def put(self, said: Correspondence, *, before: Correspondence | None) -> None:
        """Conditional on the reading; None means: must not exist. Raises ``Conflict`` (``messages``)."""

    def open(self, *, limit: int) -> Iterator[Correspondence | Unreadable]:
        """Those of which not everything is said, the next due first, from an index that may lag."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. ``about`` names what it is about, for what comes back (a bounce): names of ``A-Z a-z 0-9 _ -``, values
    of 1 to 192 bytes. ``under``: the id of the mail that this one stands under.
    """

    to: str
    subject: str
    text: str
    html: str
    about: Mapping[str, str] = field(default_factory=dict)
    under: str | None = None


class Mailer(Protocol):
    def send(self, mail: Mail) -> str:
        """The id that the service gave it. Raises ``Refused`` (``MAIL_REFUSED``) when this one will never be sent."""


class Slack(Protocol):
    """The workspace that the facts name, through the app that is installed there.

    Raises ``Refused`` (``SLACK_REFUSED``, or a more exact code that begins with ``SLACK_``) when this conversation, or
    the app itself, will not be served until somebody mends it.
    """

    def post(self, conversation: str, message: Message) -> str:
        """Post to a channel (``C…``, ``G…``) or to a person (``U…``, ``W…``).

        The reference under which it can be edited: at most 200 printable ASCII characters, without a secret.
        """

    def edit(self, reference: str, message: Message) -> None:
        """Replace what was posted, buttons included. A message that is gone is edited already."""


@dataclass(frozen=True, slots=True)
class SlackSecret:
    """What proves the app to Slack (``token``), and Slack to us (``signing_secret``). Neither is ever shown."""

    token: str = field(repr=False)
    signing_secret: str = field(repr=False)


class SlackSecrets(Protocol):
    def get(self, *, fresh: bool = False) -> SlackSecret:
        """``fresh``: read again, because what was read before was not taken, or does not fit.

        Raises ``Refused`` (``SLACK_SECRET_MISSING``, ``SLACK_SECRET_UNREADABLE``).
        """


class FeedbackQueue(Protocol):
    """What Slack tells, on its way to whoever acts on it."""

    def send(self, body: bytes) -> None:
        """At least once, in no order. Raises ``DependencyUnavailable`` when it was not surely taken."""
