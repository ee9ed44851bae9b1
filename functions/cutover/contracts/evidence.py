"""What Collect leaves behind: which bytes came from where, or why they did not come."""

from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import SAID, Code, Digest, Instant, Line, Locator, Model, Name, Pointer, Text, kind

Section = Literal[
    "candidate",
    "artifacts",
    "attestations",
    "dependencies",
    "change",
    "rollout",
    "flags",
    "rollback",
    "overlays",
    "catalog",
    "waivers",
]


class Redaction(Model):
    """What was taken out of a body before it was stored: a kind of secret, and how often it stood there."""

    kind: Name
    count: Annotated[int, Field(ge=1)]


class Evidence(Model):
    """Bytes as received, content-addressed in the store under ``sha256``.

    ``unwraps`` names the evidence that these bytes were made of by ``domain.unwrapping``, so that a JSON pointer can
    walk into a signed payload, a large dependency manifest's summary, or YAML. Where secrets were taken out,
    ``redactions`` says which, and ``received`` is the digest of the bytes as they came.
    """

    source: Name
    record: Locator
    version: Locator
    fetched_at: Instant
    media_type: Line
    sha256: Digest
    size: Annotated[int, Field(ge=0)]
    unwraps: Digest | None = None
    received: Digest | None = None
    redactions: tuple[Redaction, ...] = ()


class SourceFailure(Model):
    """A record that could not be had: a result like any other, never a lost one."""

    source: Name
    record: Locator
    version: Locator
    code: Code
    message: Text


class Collection(Model):
    """``cutover/collection/v1``: the recorded result of one Collect branch."""

    schema_: Annotated[Literal["cutover/collection/v1"], SAID] = kind("cutover/collection/v1")
    section: Section
    evidence: tuple[Evidence, ...] = ()
    failures: tuple[SourceFailure, ...] = ()


class EvidenceSet(Model):
    """``cutover/evidence-set/v1``: the first complete set of results, and the one time of all checks."""

    schema_: Annotated[Literal["cutover/evidence-set/v1"], SAID] = kind("cutover/evidence-set/v1")
    candidate: Evidence
    as_of: Instant
    collections: tuple[Collection, ...]


class ArtifactRecord(Model):
    """``cutover/artifact-record/v1``: what the registry says of one artifact, its bytes hashed as read.

    ``latest`` is the newest version under the same name: a digest that nobody announced shows there.
    """

    schema_: Annotated[Literal["cutover/artifact-record/v1"], SAID] = kind("cutover/artifact-record/v1")
    source: Name
    record: Locator
    version: Locator
    sha256: Digest
    size: Annotated[int, Field(ge=0)]
    latest: Locator
    latest_sha256: Digest


class DependencyProblem(Model):
    """One fault of a dependency manifest's structure, at its JSON pointer (at the whole where none can be told)."""

    code: Code
    pointer: Pointer
    detail: Text


class DependencySummary(Model):
    """``cutover/dependency-summary/v1``: what Cutover reads of one dependency manifest, whose bytes it is made of.

    ``components`` counts nested ones too, and not the one that the manifest is about; ``licences`` those of them that
    name at least one licence, ``purls`` those that have a package URL. ``problems``: what is wrong with its structure.
    """

    schema_: Annotated[Literal["cutover/dependency-summary/v1"], SAID] = kind("cutover/dependency-summary/v1")
    sha256: Digest
    size: Annotated[int, Field(ge=0)]
    format: Line | None
    """``CycloneDX`` or ``SPDX``; None for what is neither."""
    spec_version: Line | None
    components: Annotated[int, Field(ge=0)]
    licences: Annotated[int, Field(ge=0)]
    purls: Annotated[int, Field(ge=0)]
    problems: Annotated[tuple[DependencyProblem, ...], Field(max_length=20)] = ()
