"""One person's decision over one manifest digest."""

from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import (
    SAID,
    Audience,
    CutoverId,
    Digest,
    Instant,
    Line,
    Model,
    Name,
    Revision,
    Text,
    added,
    kind,
)
from cutover.contracts.envelope import Statement, Subject
from cutover.contracts.manifest import Assurance
from cutover.contracts.people import CredentialId

Channel = Literal["email", "slack"]
Decision = Literal["approve", "refuse", "defer", "resume"]
"""``defer`` puts the question off until a time; ``resume`` takes it up before that time has come."""


class Answers(Model):
    """What the approver confirmed. ``risk_class`` is the change record's own word, repeated by the person."""

    intent: bool
    risk_class: Line
    rollback_credible: bool
    timing: bool
    exceptions: tuple[Digest, ...]
    destination: bool
    emergency: bool | None = added()
    """Of an emergency only: that it is one."""


class Assertion(Model):
    """What an authenticator signed (WebAuthn L3 §7.2), all of it base64url without padding.

    ``client_data`` is the browser's clientDataJSON, byte for byte; its challenge is the consent's digest.
    """

    credential: CredentialId
    authenticator_data: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,1024}$")]
    client_data: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,4096}$")]
    signature: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,1024}$")]


class ApprovalPredicate(Model):
    audience: Audience
    cutover: CutoverId
    revision: Revision
    decision: Decision
    role: Name
    person: Name
    channel: Channel
    """By which way the link came with which it was decided."""
    assurance: Assurance
    answers: Answers | None
    reason: Text | None
    until: Instant | None = None
    """Of a deferral: when the question comes back."""
    decided_at: Instant
    facts: Digest
    nonce: Digest
    passkey: Assertion | None = added()
    """With the assurance ``passkey``: the person's own signature over the consent (``contracts.passkeys``)."""


class Approval(Statement):
    """``urn:cutover:approval:v1``: an in-toto Statement v1; its one subject is the manifest."""

    subject: Annotated[tuple[Subject, ...], Field(min_length=1, max_length=1)]
    predicate_type: Annotated[Literal["urn:cutover:approval:v1"], SAID] = kind(
        "urn:cutover:approval:v1", "predicateType"
    )
    predicate: ApprovalPredicate
