"""Change requests of ServiceNow, by its Table API.

Record: the number (``CHG0030001``); version: ``sys_mod_count``, which counts every change of the record. Only the
newest version can be had, so another than the announced is refused. Asked for are exactly the columns that are read,
as they are stored (``sysparm_display_value=false``): names for people differ by language and account. See
https://docs.servicenow.com/ (REST API, Table API, ``GET /now/table/{tableName}``).
"""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from cutover.contracts.candidate import Reference
from cutover.contracts.sources import ServiceNowSource
from cutover.domain.pointer import resolve
from cutover.errors import Refused
from cutover.ports import Credentials, Fetched
from cutover.sources.records import (
    JSON,
    MISSING,
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

TABLE = "/api/now/table/change_request"
VERSION = "sys_mod_count"
COLUMNS = ("number", "short_description", "state", "risk", "requested_by", VERSION)
_NUMBER = re.compile(r"[A-Z]{2,10}[0-9]{1,20}", re.ASCII)
"""No caret: in an encoded query it would begin another condition."""


class ServiceNowChanges(NoArtifacts):
    """Implements ``SourceSystem[ServiceNowSource]``."""

    def __init__(self, web: "Web", credentials: Credentials) -> None:
        self._asking = Asking(web, credentials)

    def fetch(self, source: ServiceNowSource, reference: Reference, *, limit: int) -> Fetched:
        found = self._read(source, reference, (*COLUMNS, source.components, source.environments), limit)
        demand_version(found.version, reference)
        return found

    def latest(self, source: ServiceNowSource, reference: Reference) -> str | None:
        """By a query for the number and the version alone."""
        return unless_missing(lambda: self._read(source, reference, ("number", VERSION), RECORD_LIMIT).version)

    def _read(self, source: ServiceNowSource, reference: Reference, columns: tuple[str, ...], limit: int) -> Fetched:
        content = self._ask(source, reference, columns, limit)
        version = _version(json_of(content, reference), reference)
        return Fetched(content=content, media_type=JSON, version=version)

    def _ask(self, source: ServiceNowSource, reference: Reference, columns: tuple[str, ...], limit: int) -> bytes:
        demand_name(_NUMBER.fullmatch(reference.record) is not None, reference, "its number, such as CHG0030001")
        query = {
            "sysparm_query": f"number={reference.record}",
            "sysparm_display_value": "false",
            "sysparm_exclude_reference_link": "true",
            "sysparm_fields": ",".join(columns),
            "sysparm_limit": "2",
        }
        url = f"{self._asking.web.base(source.host)}{TABLE}?{urlencode(query)}"
        return self._asking.get(url, hosts=(source.host,), credential=source.credential, limit=limit)


def _version(answer: Any, reference: Reference) -> str:
    """The version of the one row of an answer.

    Raises ``Refused``: ``SOURCE_RECORD_MISSING``, ``SOURCE_RECORD_AMBIGUOUS`` when there are more, and
    ``SOURCE_ANSWER_UNEXPECTED`` for another answer: of a query that it does not understand, an instance leaves out
    what it does not, and brings whatever the table has.
    """
    rows = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise unexpected(reference, "the answer has no list of results")
    if not rows:
        raise Refused(MISSING, f"{reference.source} has no change request {reference.record}")
    if len(rows) > 1:
        raise Refused("SOURCE_RECORD_AMBIGUOUS", f"{reference.source} has {reference.record} more than once")
    if resolve(rows[0], "/number") != reference.record:
        raise unexpected(reference, "the answer is about another record")
    return version_of(rows[0], f"/{VERSION}", reference)
