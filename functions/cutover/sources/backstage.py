"""Entities of a Backstage service catalog, by its API.

Record: the entity's reference in full, ``component:default/service``; version: ``metadata.etag``, which changes with
every change of the entity. Only the newest version can be had, so another than the announced is refused. An entity's
YAML in a bucket comes over ``sources.s3``. See https://backstage.io/docs/features/software-catalog/software-catalog-api
(``GET /entities/by-name/{kind}/{namespace}/{name}``).
"""

import re
from typing import TYPE_CHECKING, Any

from cutover.contracts.candidate import Reference
from cutover.contracts.sources import CatalogSource
from cutover.domain.pointer import resolve
from cutover.ports import Credentials, Fetched
from cutover.sources.records import (
    JSON,
    RECORD_LIMIT,
    Asking,
    NoArtifacts,
    demand_name,
    demand_version,
    json_of,
    unexpected,
    unless_missing,
    version_of,
)

if TYPE_CHECKING:
    from cutover.sources.web import Web

BY_NAME = "/api/catalog/entities/by-name"
VERSION = "/metadata/etag"
DEFAULT_NAMESPACE = "default"
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_REFERENCE = re.compile(rf"({_PART}):({_PART})/({_PART})", re.ASCII)


class BackstageCatalog(NoArtifacts):
    """Implements ``SourceSystem[CatalogSource]``."""

    def __init__(self, web: "Web", credentials: Credentials) -> None:
        self._asking = Asking(web, credentials)

    def fetch(self, source: CatalogSource, reference: Reference, *, limit: int) -> Fetched:
        found = self._read(source, reference, limit)
        demand_version(found.version, reference)
        return found

    def latest(self, source: CatalogSource, reference: Reference) -> str | None:
        """By reading the entity: the catalog has no shorter answer."""
        return unless_missing(lambda: self._read(source, reference, RECORD_LIMIT).version)

    def _read(self, source: CatalogSource, reference: Reference, limit: int) -> Fetched:
        content = self._get(source, reference, limit)
        version = _version(json_of(content, reference), reference)
        return Fetched(content=content, media_type=JSON, version=version)

    def _get(self, source: CatalogSource, reference: Reference, limit: int) -> bytes:
        parts = _REFERENCE.fullmatch(reference.record)
        demand_name(parts is not None, reference, "kind:namespace/name, such as component:default/service")
        kind, namespace, name = parts.groups() if parts else ("", "", "")
        return self._asking.get(
            f"{self._asking.web.base(source.host)}{BY_NAME}/{kind}/{namespace}/{name}",
            hosts=(source.host, *source.hosts),
            credential=source.credential,
            limit=limit,
            redirects=1 if source.hosts else 0,
        )


def _version(entity: Any, reference: Reference) -> str:
    """The entity's version, if it is the one that was asked for. References are compared without case."""
    kind, namespace, name = (resolve(entity, at) for at in ("/kind", "/metadata/namespace", "/metadata/name"))
    space = namespace if isinstance(namespace, str) else DEFAULT_NAMESPACE
    if f"{kind}:{space}/{name}".lower() != reference.record.lower():
        raise unexpected(reference, "the answer is about another entity")
    return version_of(entity, VERSION, reference)
