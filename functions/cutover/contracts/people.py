"""The people of a policy: how they are reached, when they are away, and what they prove themselves with."""

from typing import Annotated

from pydantic import Field, model_validator

from cutover.contracts.base import Instant, Line, Locator, Model, Name, added

CredentialId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,1364}$")]
"""A WebAuthn credential id (at most 1,023 bytes, WebAuthn L3 §4) in base64url without padding."""
SlackPerson = Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{2,20}$")]
SlackChannel = Annotated[str, Field(pattern=r"^[CG][A-Z0-9]{2,20}$")]
SlackTeam = Annotated[str, Field(pattern=r"^[TE][A-Z0-9]{2,20}$")]
SlackApp = Annotated[str, Field(pattern=r"^A[A-Z0-9]{2,20}$")]


class Absence(Model):
    """While somebody is away they are not asked, and those who stand in for them are. Half-open."""

    starts_at: Instant
    ends_at: Instant

    @model_validator(mode="after")
    def _ordered(self) -> "Absence":
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be later than starts_at")
        return self


class Passkey(Model):
    """A WebAuthn credential of one person. It counts because both owners have signed the facts that list it.

    ``public_key`` is its COSE_Key (RFC 9052) in base64url without padding; ``rp_id`` and ``origin`` are those of the
    page where it was registered, and the only ones that it counts for.
    """

    id: CredentialId
    public_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,2048}$")]
    rp_id: Line
    origin: Locator
    registered_at: Instant
    revoked_at: Instant | None = None


class Person(Model):
    name: Line
    email: Annotated[str, Field(pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}$")]
    team: Name
    roles: tuple[Name, ...]
    identities: tuple[Line, ...] = ()
    """How source systems name this person; a requester is mapped through these."""
    slack: SlackPerson | None = added()
    stands_in_for: tuple[Name, ...] = added(())
    """Whose deputy this person is: asked when one of them is away, or when nobody has answered for long. A deputy
    holds the role too; standing in gives none.
    """
    absences: tuple[Absence, ...] = added((), max_length=50)
    passkeys: tuple[Passkey, ...] = added((), max_length=10)


class SlackWorkspace(Model):
    """Where messages go in Slack: the workspace, the app that is installed there, and a channel for each role."""

    team: SlackTeam
    app: SlackApp
    channels: dict[Name, SlackChannel] = Field(default_factory=dict)
