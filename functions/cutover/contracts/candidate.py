"""The signed request of a release: what CI announces. Travels as a DSSE payload."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cutover.contracts.base import (
    SAID,
    Audience,
    Commit,
    Digest,
    Instant,
    Line,
    Locator,
    Model,
    Name,
    Product,
    Text,
    added,
    kind,
)
from cutover.contracts.emergency import Emergency

CANDIDATE_TYPE = "application/vnd.cutover.candidate.v1+json"
MAX_CANDIDATE_BYTES = 1_048_576


class Reference(Model):
    """One record of one source system, pinned to a version of it."""

    source: Name
    record: Locator
    version: Locator
    digest: Digest | None = None


class CandidateComponent(Model):
    """One artifact of the release. Without a digest it is held, not refused: Cutover asks for it."""

    name: Name
    artifact: Reference
    provenance: Reference | None = None
    dependencies: Reference | None = None
    catalog: Reference | None = None
    """The service's entity in the service catalog."""


class NamedAttestation(Model):
    """Evidence that CI names, such as ``tests`` or ``migration-status``. Presence and signature are judged."""

    name: Name
    component: Name
    statement: Reference


class Authority(Model):
    """In whose name the candidate was issued: the CI workflow and its run."""

    workflow: Line
    run: Line


class RollbackRequest(Model):
    criteria: Annotated[tuple[Text, ...], Field(min_length=1, max_length=20)]
    plan: Reference


class Translation(Model):
    """Which older document a candidate was made of: the digest of its bytes as they were signed.

    ``rules``: those whose table of services it was made with, so that it can be made again.
    """

    contract: Literal["cutover/candidate/v0"]
    original: Digest
    rules: Digest


class Candidate(Model):
    """``cutover/candidate/v1``.

    ``commit`` may be null, where whoever issued it cannot say: that is a hold. ``rehearsal``: it is collected, verified
    and reported; nobody is asked, and nothing can be handed off. ``translated`` is written by Cutover itself, and by
    nobody else.
    """

    schema_: Annotated[Literal["cutover/candidate/v1"], SAID] = kind("cutover/candidate/v1")
    audience: Audience
    product: Product
    version: Line
    repository: Line
    commit: Commit | None
    authority: Authority
    requester: Line
    rationale: Text
    target: Product
    window: Name
    environments: Annotated[tuple[Name, ...], Field(min_length=1, max_length=20)]
    components: Annotated[tuple[CandidateComponent, ...], Field(min_length=1, max_length=50)]
    attestations: Annotated[tuple[NamedAttestation, ...], Field(max_length=100)] = ()
    change: Reference
    rollout: Reference
    flags: Reference
    overlays: Reference | None = None
    """The settings of the environments."""
    rollback: RollbackRequest
    waivers: Annotated[tuple[Reference, ...], Field(max_length=50)] = ()
    issued_at: Instant
    sequence: Annotated[int, Field(ge=0, lt=2**53)]
    expires_at: Instant
    rehearsal: bool = False
    emergency: Emergency | None = added()
    translated: Translation | None = None

    @model_validator(mode="after")
    def _coherent(self) -> "Candidate":
        names = [component.name for component in self.components]
        if len(set(names)) != len(names):
            raise ValueError("two components have one name")
        if unknown := {a.component for a in self.attestations} - set(names):
            raise ValueError(f"attestations name components that are not in the release: {sorted(unknown)}")
        if self.expires_at <= self.issued_at:
            raise ValueError("expires_at must be later than issued_at")
        return self
