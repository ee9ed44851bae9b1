"""What a person says with a passkey, and how they come to have one (WebAuthn Level 3)."""

from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.approval import Answers, Decision
from cutover.contracts.base import SAID, Audience, CutoverId, Digest, Instant, Model, Name, Revision, Text, kind
from cutover.contracts.people import Passkey

INVITATION_TYPE = "application/vnd.cutover.invitation.v1+json"


class Consent(Model):
    """``cutover/consent/v1``: what one person decides. The SHA-256 of its canonical bytes is the passkey's challenge.

    All of it stands in the approval statement too, so that whoever has that can make these bytes again.
    """

    schema_: Annotated[Literal["cutover/consent/v1"], SAID] = kind("cutover/consent/v1")
    audience: Audience
    manifest: Digest
    cutover: CutoverId
    revision: Revision
    decision: Decision
    role: Name
    person: Name
    answers: Answers | None
    reason: Text | None
    until: Instant | None
    nonce: Digest


class Invitation(Model):
    """``cutover/invitation/v1``: an operator lets one person register a passkey, until a time."""

    schema_: Annotated[Literal["cutover/invitation/v1"], SAID] = kind("cutover/invitation/v1")
    audience: Audience
    person: Name
    reason: Text
    issued_at: Instant
    expires_at: Instant


class Enrolment(Model):
    """``cutover/enrolment/v1``: a passkey that was registered. It counts once the owners have signed it into the facts.

    ``invitation`` is its payload's digest; ``aaguid`` the authenticator's model as it says itself, and ``backed_up``
    whether the credential may lie on several devices (WebAuthn L3 §6.1.3).
    """

    schema_: Annotated[Literal["cutover/enrolment/v1"], SAID] = kind("cutover/enrolment/v1")
    audience: Audience
    person: Name
    passkey: Passkey
    invitation: Digest
    aaguid: Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]
    backed_up: bool
