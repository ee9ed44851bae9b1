"""What the sources of JSON records share: asking with a credential, reading strictly, and the one version asked for."""

import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from cutover.contracts.base import Locator
from cutover.contracts.candidate import Reference
from cutover.domain import bounded
from cutover.domain.pointer import resolve
from cutover.domain.reading import parse_strictly
from cutover.errors import Refused
from cutover.ports import Credential, Credentials
from cutover.sources.credentials import authorization, with_credential

if TYPE_CHECKING:
    from cutover.sources.web import Web

JSON = "application/json"
RECORD_LIMIT = 1_048_576
"""Bytes of any answer. By reading the record it is asked for its version, too, again and again: one that is larger
could be collected once and never be asked about."""
MISSING = "SOURCE_RECORD_MISSING"
_LOCATOR = TypeAdapter[str](Locator)
_SEGMENTS = re.compile(r"[/\\]")


class Asking:
    """Gets JSON from a source with the credential of its purpose, which is read again once when it is not taken."""

    def __init__(self, web: "Web", credentials: Credentials) -> None:
        self.web = web
        self._credentials = credentials

    def get(self, url: str, *, hosts: Collection[str], credential: str | None, limit: int, redirects: int = 0) -> bytes:
        """The body, of at most ``limit`` bytes and never more than ``RECORD_LIMIT``.

        Raises what ``Web.get`` and ``Credentials.get`` raise.
        """
        most = min(limit, RECORD_LIMIT)

        def ask(shown: Credential | None) -> bytes:
            headers = {"accept": JSON, **(authorization(shown) if shown else {})}
            return self.web.get(url, hosts=hosts, headers=headers, limit=most, redirects=redirects).content

        return ask(None) if credential is None else with_credential(self._credentials, credential, ask)


def json_of(content: bytes, reference: Reference) -> Any:
    """The JSON value in a body. Raises ``Refused`` (``SOURCE_ANSWER_UNEXPECTED``), as for a login page."""
    try:
        return parse_strictly(content)
    except Refused as refused:
        raise unexpected(reference, refused.detail) from refused


def version_of(document: Any, pointer: str, reference: Reference) -> str:
    """The version that a record says it has: a text that a candidate could refer to, or an integer.

    Raises ``Refused`` (``SOURCE_ANSWER_UNEXPECTED``) where it says none.
    """
    found = resolve(document, pointer)
    said = str(found) if isinstance(found, int) and not isinstance(found, bool) else found
    try:
        return _LOCATOR.validate_python(said, strict=True)
    except ValidationError as error:
        raise unexpected(reference, f"it says no version at {pointer or 'the whole'}") from error


def unless_missing(ask: Callable[[], str | None]) -> str | None:
    """What ``ask`` brings; None where the source does not have the record."""
    try:
        return ask()
    except Refused as refused:
        if refused.code == MISSING:
            return None
        raise


def demand_version(found: str, reference: Reference) -> None:
    """Raises ``Refused`` (``SOURCE_VERSION_DIFFERS``): these sources have the newest version only."""
    if found != reference.version:
        detail = f"asked for version {reference.version} of {reference.record}, which has version {found}"
        raise Refused("SOURCE_VERSION_DIFFERS", bounded.line(detail), "announce the version that the record has now")


def demand_name(fits: bool, reference: Reference, wanted: str) -> None:
    """Raises ``Refused`` (``SOURCE_RECORD_NAME_INVALID``) unless the record's name can be one of this source."""
    if not fits:
        raise Refused(
            "SOURCE_RECORD_NAME_INVALID",
            bounded.line(f"no record of {reference.source} is called {reference.record!r}"),
            f"name the record as {wanted}",
        )


def stays_in_place(record: str) -> bool:
    """Whether a name in a URL's path leads nowhere else in it, whoever decodes it."""
    return not {".", ".."} & set(_SEGMENTS.split(record))


def unexpected(reference: Reference, found: str) -> Refused:
    """An answer that no record can be taken from."""
    return Refused("SOURCE_ANSWER_UNEXPECTED", bounded.line(f"{reference.record} of {reference.source}: {found}"))


class NoArtifacts:
    """Of a source that has records and keeps no artifacts."""

    def artifact(self, name: str, source: object, reference: Reference, *, limit: int) -> bytes:  # noqa: ARG002
        raise Refused(
            "SOURCE_HAS_NO_ARTIFACTS", f"{name} keeps records, no artifacts", "name a registry or a bucket for it"
        )
