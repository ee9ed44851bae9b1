"""What Collect leaves behind: which bytes came from where, or why they did not come."""

from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import SAID, Code, Digest, Instant, Line, Locator, Model, Name, Text, kind

Section = Literal[
    "candidate",
    "artifacts",
    "attestations",
    "dependencies",
    "change",
    "rollout",
    "flags",
    "rollback",
    "waivers",
]


class Evidence(Model):
    """Bytes as received, content-addressed in the store under ``sha256``.

    ``unwraps`` names the envelope out of which these bytes were taken, so that a JSON pointer can
    walk into a signed payload.
    """

    source: Name
    record: Locator
    version: Locator
    fetched_at: Instant
    media_type: Line
    sha256: Digest
    size: Annotated[int, Field(ge=0)]
    unwraps: Digest | None = None


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
