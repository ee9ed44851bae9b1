"""What the table holds: the records that decisions are made on. Not published; the ledger is."""

from enum import StrEnum
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from cutover.contracts.approval import Decision
from cutover.contracts.base import (
    Code,
    CutoverId,
    Digest,
    Instant,
    Line,
    Model,
    Name,
    Product,
    Revision,
    Text,
)
from cutover.contracts.manifest import Assurance
from cutover.contracts.people import CredentialId
from cutover.contracts.policy import SignedReference
from cutover.contracts.supersession import Refreshed
from cutover.domain import naming
from cutover.errors import DocumentMissing

T = TypeVar("T")


def named(value: T | None, what: str) -> T:
    """What a record must name by now; ``DocumentMissing`` where it does not."""
    if value is None:
        raise DocumentMissing(f"the record names no {what}")
    return value


class Status(StrEnum):
    """Where a revision stands (DESIGN §5)."""

    ADMITTING = "admitting"
    REFUSED = "refused"
    COLLECTING = "collecting"
    VERIFYING = "verifying"
    HELD = "held"
    BOUND = "bound"
    AWAITING_APPROVAL = "awaiting_approval"
    DEFERRED = "deferred"
    APPROVED = "approved"
    AWAITING_WINDOW = "awaiting_window"
    HANDING_OFF = "handing_off"
    HANDED_OFF = "handed_off"
    UNCERTAIN = "uncertain"
    DECLINED = "declined"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    REHEARSED = "rehearsed"


LIVE = frozenset(
    {
        Status.COLLECTING,
        Status.VERIFYING,
        Status.HELD,
        Status.BOUND,
        Status.AWAITING_APPROVAL,
        Status.DEFERRED,
        Status.APPROVED,
        Status.AWAITING_WINDOW,
    }
)
"""Statuses that can still end otherwise than by a hand-off. ``handing_off`` is past that point."""
FINAL = frozenset(
    {
        Status.REFUSED,
        Status.HANDED_OFF,
        Status.UNCERTAIN,
        Status.DECLINED,
        Status.SUPERSEDED,
        Status.EXPIRED,
        Status.WITHDRAWN,
        Status.REHEARSED,
    }
)
"""Nothing is done for these any more; a receipt can still tell that an uncertain hand-off arrived."""
SETTLED = FINAL - {Status.UNCERTAIN}
"""Ends that nothing follows, so that nobody has to be shown them as open."""
GOES_ON = frozenset({Status.DECLINED, Status.SUPERSEDED})
"""Ends of a revision after which its cutover can have another one."""
KEEPS_SLOT = frozenset({Status.HANDED_OFF, Status.UNCERTAIN})
"""Ends after which the queue may have the message, so nobody else gets its window."""

STOPPED_BY_BRAKE = frozenset({Status.APPROVED, Status.AWAITING_WINDOW, Status.HANDING_OFF})
"""Everybody has agreed: nothing but time and the brake stands between these and their queue."""


class Signal(StrEnum):
    """What the relay still has to tell Step Functions."""

    START = "start"
    WAKE = "wake"
    ADOPT = "adopt"
    """Nobody waits on the token any more: the clock gives the revision another execution."""


class Fault(Model):
    """One thing that is wrong with a document, and where."""

    pointer: Line
    code: Code
    message: Text


class Admission(Model):
    """One announced candidate, by the digest of the envelope's stored bytes."""

    digest: Digest
    status: Status
    version: int = 1
    received_at: Instant
    correlation_id: Line
    fault: Fault | None = None
    """What Intake could not read; Admit refuses it with this."""
    attempt: int = 1
    """Which execution is to decide on it: see ``domain.attempts``."""
    faults: tuple[Fault, ...] = ()
    reason: Code | None = None
    payload: Digest | None = None
    cutover: CutoverId | None = None
    revision: Revision | None = None
    signal: Signal | None = None
    due_at: Instant | None = None


class Lane(Model):
    """A product at a target: which revision is current there, and the newest candidate admitted to it.

    Rehearsals have a lane of their own, beside that of what can be handed off.
    ``ended``: how the current revision ended; None while it is live or being handed off. ``approved``: the manifest of
    the last revision that ended with every approval given and not refused; people are told what changed since.
    """

    product: Product
    target: Product
    number: Annotated[int, Field(ge=1)]
    cutover: CutoverId
    revision: Revision
    ended: Status | None = None
    approved: SignedReference | None = None
    issued_at: Instant
    sequence: int
    version: int = 1

    @property
    def rehearsal(self) -> bool:
        return naming.is_rehearsal(self.cutover)


class ChainHead(Model):
    """The last entry of one ledger chain; sequence 0 where the chain has none."""

    chain: Line
    sequence: int = 0
    entry: Digest | None = None


class RecordedDecision(Model):
    """An approval, refusal or deferral by reference: its statement's digest and its stored envelope."""

    role: Name
    person: Name
    decision: Decision
    assurance: Assurance
    payload: Digest
    envelope: Digest
    facts: SignedReference
    """The facts that were read at this decision; the hand-off message carries them."""
    key: Digest
    """The witness key that signed it: an approval lapses when that key is revoked."""
    credential: CredentialId | None = None
    """The passkey that it was decided with: an approval lapses when that is revoked."""
    decided_at: Instant


class RecordedResolution(Model):
    """The answer to one open hold by reference: ``waiver`` or ``refreshed`` is what it brings to the next revision."""

    fingerprint: Digest
    kind: Literal["waiver", "evidence", "mended"]
    resolver: Name
    payload: Digest
    envelope: Digest
    waiver: Digest | None = None
    """Object digest of the waiver's envelope."""
    refreshed: Refreshed | None = None
    resolved_at: Instant


class RevisionRecord(Model):
    """One revision. ``version`` rises with every write, so that no write is made on a stale reading."""

    cutover: CutoverId
    revision: Revision
    product: Product
    target: Product
    status: Status
    version: int = 1
    execution: int = 1
    """Which execution serves it (row 25). Any older one is fenced: what it asks for is not written."""
    moved_at: Instant
    """When this record was last written. A status that should pass by itself and does not is stalled."""
    admission: Digest
    candidate: Digest
    """Object digest of the candidate's payload bytes in the store."""
    correlation_id: Line
    requester: Line
    window: Name
    rules: SignedReference
    facts: SignedReference
    admitted_at: Instant
    expires_at: Instant
    supersession: Digest | None = None
    """Object digest of the document that says why this revision followed another."""
    refreshed: tuple[Refreshed, ...] = ()
    """Records that are newer than the candidate says: what they were when this revision was opened."""
    waivers: tuple[Digest, ...] = ()
    """Object digests of waivers that resolutions brought to this cutover; each counts by its fingerprint only."""
    relies_on: tuple[Digest, ...] = ()
    """The keys that signed what this revision rests on, witnesses apart: it ends when one is revoked."""
    resolutions: tuple[RecordedResolution, ...] = ()
    as_of: Instant | None = None
    evidence_set: Digest | None = None
    bundle: Digest | None = None
    lineage: Digest | None = None
    gaps: Digest | None = None
    """The findings of Assemble: one for each field without a source."""
    hold_register: Digest | None = None
    manifest: SignedReference | None = None
    predecessor: SignedReference | None = None
    """The manifest of the revision that was approved last when this one was bound."""
    bound_facts: SignedReference | None = None
    queue_arn: Line | None = None
    opens_at: Instant | None = None
    closes_at: Instant | None = None
    valid_until: Instant | None = None
    decision_seq: int = 0
    decisions: tuple[RecordedDecision, ...] = ()
    approved_at: Instant | None = None
    """When its approvals were complete; None again when one of them lapsed."""
    ask: bool = False
    """The approvers have to be asked again: somebody's approval lapsed, or a deferral is over."""
    deferral: RecordedDecision | None = None
    deferred_until: Instant | None = None
    probe_every: int | None = None
    """Seconds between two looks at its sources and the facts, once it is bound."""
    probe_by: Instant | None = None
    """They are looked at then in any case: before the window, while people are awake."""
    unconsumed: tuple[Refreshed, ...] = ()
    """Newer versions at the sources that say nothing else than what was bound."""
    wake_at: Instant | None = None
    attempt: int = 0
    lease_until: Instant | None = None
    handoff_id: Digest | None = None
    handoff: Digest | None = None
    """Object digest of the signed envelope: written once, sent by every attempt."""
    message_id: Line | None = None
    after_action_within: int | None = None
    """Of an emergency: so many seconds after its hand-off somebody has to have recorded what it was."""
    after_action_due: Instant | None = None
    """Of an emergency that was handed off: when that time is over."""
    after_action: SignedReference | None = None
    waits_since: Instant | None = None
    """When it was held, or people were asked to approve it: first, or again after an approval had lapsed."""
    reason: Code | None = None
    signal: Signal | None = None
    due_at: Instant | None = None

    @property
    def rehearsal(self) -> bool:
        """Whether it is collected, verified and reported only: no row leads it to a hand-off."""
        return naming.is_rehearsal(self.cutover)


class Slot(Model):
    """The claim of one cutover's revision on one queue and window occurrence."""

    queue_arn: Line
    window: Name
    cutover: CutoverId
    revision: Revision


class ActivePolicy(Model):
    rules: SignedReference
    facts: SignedReference
    version: int = 1


class PasskeyUse(Model):
    """How far a passkey's signature counter has come. ``credential``: the digest of its id."""

    credential: Digest
    sign_count: Annotated[int, Field(ge=0, lt=2**32)]
    version: int = 1
    used_at: Instant


class Enrolled(Model):
    """A passkey that was registered by an invitation, which registers one. ``enrolment`` is the stored document."""

    person: Name
    invitation: Digest
    enrolment: Digest
    registered_at: Instant


class Brake(Model):
    """``order``: payload digest of the order that set it; None where nobody ever gave one."""

    engaged: bool
    version: int = 1
    order: Digest | None = None
    since: Instant | None = None


class Token(Model):
    """A stored task token. Its value is a secret: it is never logged and never leaves its table but to the relay."""

    cutover: CutoverId
    revision: Revision
    execution: int = 1
    state: Name | Line
    value: Annotated[str, Field(min_length=1, max_length=4096, repr=False)]
    stored_at: Instant
