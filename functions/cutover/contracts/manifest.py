"""The approval manifest: one bundle revision, bound to one queue and one window."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cutover.contracts.base import (
    SAID,
    Arn,
    Audience,
    CutoverId,
    Digest,
    Instant,
    Line,
    Model,
    Name,
    Product,
    Revision,
    added,
    kind,
)
from cutover.contracts.envelope import Statement, Subject

SUBJECT_NAMES = ("bundle", "lineage", "hold-register")
Assurance = Literal["link", "passkey"]


class Window(Model):
    """One occurrence of a change calendar, half-open: ``opens_at <= t < closes_at``."""

    id: Name
    opens_at: Instant
    closes_at: Instant
    time_zone: Line

    @model_validator(mode="after")
    def _ordered(self) -> "Window":
        if self.closes_at <= self.opens_at:
            raise ValueError("closes_at must be later than opens_at")
        return self


class RequiredSigner(Model):
    role: Name
    count: Annotated[int, Field(ge=1, le=10)] = 1
    assurance: Assurance = "link"


class Destination(Model):
    target: Product
    environment: Name
    account: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    queue_arn: Arn


class ManifestPredicate(Model):
    audience: Audience
    cutover: CutoverId
    revision: Revision
    destination: Destination
    window: Window
    signers: Annotated[tuple[RequiredSigner, ...], Field(min_length=1, max_length=10)]
    candidate: Digest
    evidence_set: Digest
    rules: Digest
    facts: Digest
    contracts: Annotated[tuple[Line, ...], Field(min_length=1)]
    predecessor: Digest | None = None
    bound_at: Instant
    valid_until: Instant
    emergency: Line | None = added()
    """Of an emergency only: the incident that it answers. Its signers are then those of the emergency path."""


class Manifest(Statement):
    """``urn:cutover:manifest:v1``: an in-toto Statement v1 over exactly three documents."""

    subject: Annotated[tuple[Subject, ...], Field(min_length=3, max_length=3)]
    predicate_type: Annotated[Literal["urn:cutover:manifest:v1"], SAID] = kind(
        "urn:cutover:manifest:v1", "predicateType"
    )
    predicate: ManifestPredicate

    @model_validator(mode="after")
    def _names(self) -> "Manifest":
        if tuple(subject.name for subject in self.subject) != SUBJECT_NAMES:
            raise ValueError(f"subjects must be {SUBJECT_NAMES}, in this order")
        return self
