"""Source systems, and what CI leaves in the inbox bucket."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from cutover.contracts.candidate import Reference


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
