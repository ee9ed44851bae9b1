"""Hosted configurations of AWS AppConfig, such as feature flags, by version number. No flag is switched.

Record: ``application/profile``, both by id; version: the number of a hosted configuration version. A version is never
changed there; which one is deployed to whom is another thing, and not asked. See the AWS AppConfig API Reference
(``GetHostedConfigurationVersion``, ``ListHostedConfigurationVersions``).
"""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cutover.adapters.aws_errors import code_of, translated
from cutover.contracts.candidate import Reference
from cutover.contracts.sources import AppConfigSource
from cutover.errors import Refused
from cutover.ports import Fetched
from cutover.sources.records import NoArtifacts, demand_name, unexpected, unless_missing

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_appconfig.client import AppConfigClient

_RECORD = re.compile(r"([a-z0-9]{4,7})/([a-z0-9]{4,7})", re.ASCII)
_VERSION = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_MISSING = frozenset({"ResourceNotFoundException", "BadRequestException"})
_DENIED = frozenset({"AccessDeniedException", "AccessDenied", "ForbiddenException"})
PAGE, PAGES = 50, 20
"""AppConfig keeps a hundred hosted versions of a profile, or more where its owner has asked for it."""


class AppConfigVersions(NoArtifacts):
    """Implements ``SourceSystem[AppConfigSource]``."""

    def __init__(self, client: "AppConfigClient") -> None:
        self._client = client

    def fetch(self, source: AppConfigSource, reference: Reference, *, limit: int) -> Fetched:  # noqa: ARG002
        application, profile = _ids(reference)
        if not _VERSION.fullmatch(reference.version):
            raise _missing(reference, "versions are numbers")
        with _refusing(reference), translated("GetHostedConfigurationVersion"):
            answer = self._client.get_hosted_configuration_version(
                ApplicationId=application, ConfigurationProfileId=profile, VersionNumber=int(reference.version)
            )
            with closing(answer["Content"]) as body:
                content = _read(body, limit, reference)
        if answer.get("VersionNumber") != int(reference.version):
            raise unexpected(reference, "the answer is about another version")
        media_type = answer.get("ContentType") or "application/octet-stream"
        return Fetched(content=content, media_type=media_type, version=reference.version)

    def latest(self, source: AppConfigSource, reference: Reference) -> str | None:  # noqa: ARG002
        """The highest number that the profile has; None when there is no such profile, or it has no version."""
        return unless_missing(lambda: self._highest(reference))

    def _highest(self, reference: Reference) -> str | None:
        application, profile = _ids(reference)
        with _refusing(reference), translated("ListHostedConfigurationVersions"):
            numbers = list(self._numbers(application, profile, reference))
        return str(max(numbers)) if numbers else None

    def _numbers(self, application: str, profile: str, reference: Reference) -> Iterator[int]:
        token = ""
        for _ in range(PAGES):
            page = self._client.list_hosted_configuration_versions(
                ApplicationId=application, ConfigurationProfileId=profile, MaxResults=PAGE,
                **({"NextToken": token} if token else {}),
            )  # fmt: skip
            yield from (item["VersionNumber"] for item in page["Items"])
            token = page.get("NextToken", "")
            if not token:
                return
        raise unexpected(reference, f"the profile has more than {PAGE * PAGES} versions")


def _read(body: "StreamingBody", limit: int, reference: Reference) -> bytes:
    """The whole body: only a read that brings nothing tells that it is whole."""
    content = b""
    while chunk := body.read(limit + 1 - len(content)):
        content += chunk
        if len(content) > limit:
            raise Refused("SOURCE_RECORD_TOO_LARGE", f"{reference.record} has more than {limit} bytes")
    return content


def _ids(reference: Reference) -> tuple[str, str]:
    found = _RECORD.fullmatch(reference.record)
    demand_name(found is not None, reference, "application/profile, both by id")
    application, profile = found.groups() if found else ("", "")
    return application, profile


def _missing(reference: Reference, why: str) -> Refused:
    where = f"{reference.record} at version {reference.version} in {reference.source}"
    return Refused("SOURCE_RECORD_MISSING", f"{where} was not found ({why})")


@contextmanager
def _refusing(reference: Reference) -> Iterator[None]:
    """AppConfig's verdicts on a reference as refusals; whatever else fails is raised as it is."""
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        if code in _MISSING:
            raise _missing(reference, code) from error
        if code in _DENIED:
            detail = f"{reference.record} of {reference.source} may not be read"
            raise Refused("SOURCE_DENIED", detail, "grant Collect read access to the profile") from error
        raise
