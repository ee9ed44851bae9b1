"""The names and documents of an OCI registry, as far as they are read here (OCI Image Specification v1.1).

A manifest is identified by the digest of its bytes, and nothing of it is believed before those were hashed.
"""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cutover.contracts.base import Digest
from cutover.contracts.candidate import Reference
from cutover.domain import canonical
from cutover.domain.reading import parse_strictly
from cutover.errors import Refused

INDEXES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)
MANIFESTS = frozenset(
    {"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"}
)
ACCEPT = ", ".join(sorted(MANIFESTS | INDEXES))
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MAX_REPOSITORY = 255
MediaType = Annotated[str, Field(max_length=255, pattern=r"^[A-Za-z0-9][\w!#$&^.+-]*/[A-Za-z0-9][\w!#$&^.+-]*$")]
"""RFC 6838 §4.2."""
Size = Annotated[int, Field(ge=0, lt=2**53)]


class _Part(BaseModel):
    """Others' documents: what is not read here may stand there."""

    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True, populate_by_name=True)


class Descriptor(_Part):
    media_type: MediaType = Field(alias="mediaType")
    digest: Digest
    size: Size
    artifact_type: str | None = Field(default=None, alias="artifactType")


class Manifest(_Part):
    """An image manifest, or an index of manifests: ``layers`` or ``manifests``, never both (CVE-2021-41190)."""

    media_type: MediaType | None = Field(default=None, alias="mediaType")
    artifact_type: str | None = Field(default=None, alias="artifactType")
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] | None = None
    manifests: tuple[Descriptor, ...] | None = None
    subject: Descriptor | None = None

    @property
    def is_index(self) -> bool:
        return self.manifests is not None

    @property
    def kind(self) -> str | None:
        """The type of the artifact: its own, or else its config's (OCI Image Specification, ``artifactType``)."""
        return self.artifact_type or (self.config.media_type if self.config else None)


@dataclass(frozen=True, slots=True)
class Place:
    """A record: ``repository``, ``repository:tag`` or ``repository@sha256:…``."""

    repository: str
    tag: str | None = None
    subject: Digest | None = None


def place_of(reference: Reference) -> Place:
    """Raises ``Refused`` (``SOURCE_RECORD_MALFORMED``)."""
    record, at, subject = reference.record.partition("@")
    repository, colon, tag = record.partition(":")
    fits = len(repository) <= _MAX_REPOSITORY and _REPOSITORY.fullmatch(repository)
    if not fits or (colon and not _TAG.fullmatch(tag)) or (at and not _DIGEST.fullmatch(subject)):
        raise Refused(
            "SOURCE_RECORD_MALFORMED", "a record of a registry is repository, repository:tag or repository@digest"
        )
    return Place(repository, tag or None, subject or None)


def digest_of(reference: Reference) -> Digest:
    """The version as a manifest's digest; ``Refused`` (``SOURCE_VERSION_NOT_A_DIGEST``) for a tag or anything else."""
    if not _DIGEST.fullmatch(reference.version):
        detail = f"the version of {reference.record} is not a sha256 digest"
        raise Refused("SOURCE_VERSION_NOT_A_DIGEST", detail, "name the digest of the manifest: a tag can be moved")
    return reference.version


def is_digest(text: str) -> bool:
    return bool(_DIGEST.fullmatch(text))


def verified(content: bytes, digest: Digest, what: str) -> bytes:
    """The same bytes. Raises ``Refused`` (``SOURCE_DIGEST_DIFFERS``)."""
    if not canonical.same(canonical.digest(content), digest):
        raise Refused("SOURCE_DIGEST_DIFFERS", f"{what} came with other bytes than its digest names")
    return content


def read(content: bytes, stated: str) -> Manifest:
    """A manifest or an index; ``stated``: the Content-Type, which counts where the document does not name its own.

    Raises ``Refused`` (``SOURCE_RECORD_UNREADABLE``).
    """
    try:
        parse_strictly(content)  # readers would not agree on a key that stands twice
        made = Manifest.model_validate_json(content)
    except (Refused, ValidationError) as error:
        raise _unreadable("it has not the fields of one") from error
    kind = made.media_type or stated.partition(";")[0].strip().lower()
    if kind not in MANIFESTS | INDEXES:
        raise _unreadable("its media type is none of a manifest or an index")
    index = kind in INDEXES
    if (made.is_index, made.layers is not None, made.config is not None) != (index, not index, not index):
        raise _unreadable("its fields are not those of its media type")
    return made


def _unreadable(why: str) -> Refused:
    return Refused("SOURCE_RECORD_UNREADABLE", f"what the registry has there is no manifest: {why}")
