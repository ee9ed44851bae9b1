"""JSON records over HTTPS, such as change records: a URL with a place for the record's name.

Record: the name, percent-encoded into the URL (RFC 3986 §2.1); it chooses neither host nor folder. Version: what the
record itself says at ``source.version``; only the newest one can be had, so another than the announced is refused.
"""

from urllib.parse import quote

import httpx

from cutover.contracts.candidate import Reference
from cutover.contracts.sources import HttpSource
from cutover.errors import Refused
from cutover.ports import Credentials, Fetched
from cutover.sources.records import (
    JSON,
    RECORD_LIMIT,
    Asking,
    NoArtifacts,
    demand_name,
    demand_version,
    json_of,
    stays_in_place,
    unless_missing,
    version_of,
)
from cutover.sources.web import Web, origin

PLACE = "{record}"


class HttpRecords(NoArtifacts):
    """Implements ``SourceSystem[HttpSource]``."""

    def __init__(self, web: Web, credentials: Credentials) -> None:
        self._asking = Asking(web, credentials)

    def fetch(self, source: HttpSource, reference: Reference, *, limit: int) -> Fetched:
        found = self._read(source, reference, limit)
        demand_version(found.version, reference)
        return found

    def latest(self, source: HttpSource, reference: Reference) -> str | None:
        """By reading the record: where else its version stands, each system has its own way."""
        return unless_missing(lambda: self._read(source, reference, RECORD_LIMIT).version)

    def _read(self, source: HttpSource, reference: Reference, limit: int) -> Fetched:
        content = self._get(source, reference, limit)
        version = version_of(json_of(content, reference), source.version, reference)
        return Fetched(content=content, media_type=JSON, version=version)

    def _get(self, source: HttpSource, reference: Reference, limit: int) -> bytes:
        demand_name(stays_in_place(reference.record), reference, "one that has no . or .. between slashes")
        host = _host(source)
        return self._asking.get(
            source.url.replace(PLACE, quote(reference.record, safe="")),
            hosts=(host, *source.hosts),
            credential=source.credential,
            limit=limit,
            redirects=1 if source.hosts else 0,
        )


def _host(source: HttpSource) -> str:
    """The source's own host, which its URL says before anything of the record's name.

    Raises ``Refused`` (``SOURCE_HOST_NOT_LISTED``) where the name would be a part of the host.
    """
    before = source.url.partition(PLACE)[0]
    if "/" not in before.partition("://")[2]:
        raise Refused("SOURCE_HOST_NOT_LISTED", "a record's name may not choose the host", "mend the source's url")
    try:
        return origin(httpx.URL(before))
    except (httpx.InvalidURL, ValueError) as error:
        raise Refused("SOURCE_HOST_NOT_LISTED", "the source's url is none", "mend the source's url") from error
