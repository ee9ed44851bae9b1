"""Artifacts and records in OCI registries, by the digests of their manifests (``contracts.sources.RegistrySource``)."""

from cutover.contracts.base import Digest
from cutover.contracts.candidate import Reference
from cutover.contracts.evidence import ArtifactRecord
from cutover.contracts.sources import RegistrySource
from cutover.domain import canonical
from cutover.errors import Refused
from cutover.ports import Credentials, Fetched
from cutover.sources.oci_documents import Descriptor, Manifest, Place, digest_of, is_digest, place_of
from cutover.sources.registry import Registry, Tokens
from cutover.sources.web import Web

MAX_MANIFESTS = 100
"""Of one index, those below it included."""
MAX_READ = 10
"""At most so many referrers of one type are read to find the one that was collected."""
UNUSABLE = frozenset(
    {"SOURCE_RECORD_MISSING", "SOURCE_RECORD_UNREADABLE", "SOURCE_RECORD_TOO_LARGE", "SOURCE_DIGEST_DIFFERS"}
)
"""How a manifest is refused that is none."""


class OciSource:
    """Implements ``SourceSystem[RegistrySource]``. ``ecr``: tokens of Amazon ECR, by a registry's host."""

    def __init__(self, web: Web, *, credentials: Credentials, ecr: Credentials) -> None:
        self._web = web
        self._credentials = credentials
        self._ecr = ecr
        self._tokens: Tokens = {}

    def fetch(self, source: RegistrySource, reference: Reference, *, limit: int) -> Fetched:
        """The only layer of the manifest that the version names, or of the subject's only referrer of that type."""
        place = place_of(reference)
        registry = self._registry(source, place)
        if place.subject is not None and not is_digest(reference.version):
            manifest = self._referrer(registry, place.subject, reference.version)
        else:
            _, manifest = registry.manifest(digest_of(reference))
        if place.subject is not None and not _is_about(manifest, place.subject):
            raise Refused("SOURCE_SUBJECT_DIFFERS", f"{reference.record} has a referrer that names another subject")
        if manifest.layers is None or len(manifest.layers) != 1:
            raise Refused("SOURCE_RECORD_UNREADABLE", f"{reference.record} has not exactly one layer")
        (layer,) = manifest.layers
        content = registry.blob(layer, limit=limit)
        return Fetched(content=content, media_type=layer.media_type, version=reference.version)

    def latest(self, source: RegistrySource, reference: Reference) -> str | None:
        """The digest that the tag has now. Of a record without a tag the version itself, as long as it is there.

        A type of referrers names no bytes. It is what it was while a referrer of that type has the bytes of
        ``reference.digest``, whatever was pushed beside it; else it is the digest of the only one that there is now.
        """
        place = place_of(reference)
        registry = self._registry(source, place)
        if place.subject is not None and not is_digest(reference.version):
            return self._led_to(registry, place.subject, reference)
        return registry.digest_at(place.tag or digest_of(reference))

    def artifact(self, name: str, source: RegistrySource, reference: Reference, *, limit: int) -> bytes:  # noqa: ARG002
        """``name`` is the source's name in the facts. Only manifests are read, and hashed: they name all else by its
        digest. So ``limit``, which is on an artifact's own bytes, is never reached; the record's ``size`` counts the
        manifest, its config and its layers as it states them, for an index those of all that it lists.
        """
        place, version = place_of(reference), digest_of(reference)
        registry = self._registry(source, place)
        size = _size(registry, version)
        latest = registry.digest_at(place.tag or version)
        if latest is None:
            raise Refused("SOURCE_RECORD_MISSING", f"{reference.record} has no manifest any more")
        if latest != version:
            registry.manifest(latest)  # so that its digest is one of bytes, not only the registry's word
        record = ArtifactRecord(
            source=name, record=reference.record, version=version, sha256=version, size=size,
            latest=latest, latest_sha256=latest,
        )  # fmt: skip
        return canonical.encode_model(record)

    def _led_to(self, registry: Registry, subject: Digest, reference: Reference) -> str | None:
        kind, known = reference.version, reference.digest
        listed = registry.referrers(subject, kind)
        if known is not None and any(_has(registry, each.digest, subject, kind, known) for each in listed[:MAX_READ]):
            return kind
        only = _only(listed, subject, kind)
        return kind if only is not None and known is None else only

    def _referrer(self, registry: Registry, subject: Digest, kind: str) -> Manifest:
        found = _only(registry.referrers(subject, kind), subject, kind)
        if found is None:
            raise Refused("SOURCE_RECORD_MISSING", f"{subject} has no referrer of type {kind}")
        _, manifest = registry.manifest(found)
        if manifest.kind != kind:
            raise Refused("SOURCE_RECORD_UNREADABLE", f"a referrer of {subject} is of another type than listed")
        return manifest

    def _registry(self, source: RegistrySource, place: Place) -> Registry:
        return Registry(
            web=self._web, source=source, repository=place.repository, credentials=self._credentials, ecr=self._ecr,
            tokens=self._tokens,
        )  # fmt: skip


def _only(listed: tuple[Descriptor, ...], subject: Digest, kind: str) -> Digest | None:
    if len(listed) > 1:
        detail = f"{subject} has {len(listed)} referrers of type {kind}"
        raise Refused("SOURCE_REFERRERS_AMBIGUOUS", detail, "name the digest of the one that is meant")
    return listed[0].digest if listed else None


def _has(registry: Registry, referrer: Digest, subject: Digest, kind: str, content: Digest) -> bool:
    """Whether it is a record of that type about the subject, and of that content. What is listed may be anything."""
    try:
        _, manifest = registry.manifest(referrer)
    except Refused as refused:
        if refused.code in UNUSABLE:
            return False
        raise
    layers = [each.digest for each in manifest.layers or ()]
    return manifest.kind == kind and _is_about(manifest, subject) and layers == [content]


def _is_about(manifest: Manifest, subject: Digest) -> bool:
    return manifest.subject is not None and manifest.subject.digest == subject


def _size(registry: Registry, digest: Digest) -> int:
    """Of all that belongs to a manifest, in bytes. Every manifest below an index is read, and so is there."""
    total, waiting, seen = 0, [digest], {digest}
    while waiting:
        content, manifest = registry.manifest(waiting.pop())
        total += len(content)
        parts = (*(manifest.layers or ()), *([manifest.config] if manifest.config else ()))
        total += sum({part.digest: part.size for part in parts}.values())
        new = {each.digest for each in manifest.manifests or ()} - seen
        seen |= new
        waiting.extend(sorted(new))
        if len(seen) > MAX_MANIFESTS:
            raise Refused("SOURCE_RECORD_TOO_LARGE", f"an index of more than {MAX_MANIFESTS} manifests")
    return total
