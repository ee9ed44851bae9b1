"""Where evidence is fetched from: the configured source systems, one model for each kind.

A candidate names a source, a record in it, and that record's version; what record and version are differs by kind.
Every network source says to which hosts it may lead: its own, and those in ``hosts``.
"""

from typing import Annotated, Literal

from pydantic import Field

from cutover.contracts.base import Line, Locator, Model, Name, Pointer

Host = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?$")]
"""A host name in lower case, with a port where it is not 443."""
Hosts = Annotated[tuple[Host, ...], Field(max_length=10)]


class BucketSource(Model):
    """A versioned S3 bucket. Record: the key; version: the object's version id."""

    kind: Literal["s3"]
    bucket: Locator


class RegistrySource(Model):
    """An OCI distribution registry (OCI Distribution Specification v1.1), ECR included.

    An artifact's record is ``repository:tag`` or ``repository``, its version the digest of its manifest. Of other
    records the version is a manifest's digest, whose only layer is the record; or the record is
    ``repository@sha256:…`` and the version an artifact type, of which that subject must have exactly one referrer.
    """

    kind: Literal["oci"]
    host: Host
    auth: Literal["anonymous", "basic", "ecr"] = "anonymous"
    credential: Name | None = None
    """The purpose under which user and password are kept; for ``basic`` only."""
    hosts: Hosts = ()
    """Other hosts that it may lead to: its token service, and where it keeps blobs."""


class AppConfigSource(Model):
    """AWS AppConfig's hosted configurations. Record: ``application/profile`` by id; version: the version number."""

    kind: Literal["appconfig"]


class ChangeMapping(Model):
    """Where a change record of another system says what ``cutover/change-record/v1`` would.

    ``components`` and ``environments`` lead to a list, or to one string whose parts commas separate.
    """

    number: Pointer
    title: Pointer
    state: Pointer
    risk: Pointer
    requester: Pointer
    components: Pointer
    environments: Pointer


class HttpSource(Model):
    """JSON records over HTTPS. ``url`` has ``{record}`` where the record's name goes, percent-encoded."""

    kind: Literal["http"]
    url: Annotated[Line, Field(pattern=r"^https?://[^{}]*\{record\}[^{}]*$")]
    version: Pointer
    """Where a record says its version: a string or an integer."""
    credential: Name | None = None
    hosts: Hosts = ()
    change: ChangeMapping | None = None


class ServiceNowSource(Model):
    """Change requests of ServiceNow (Table API, ``change_request``). Record: the number; version: ``sys_mod_count``.

    ``components`` and ``environments`` are columns of the instance that name the scope, separated by commas.
    """

    kind: Literal["servicenow"]
    host: Host
    credential: Name
    components: Name = "u_components"
    environments: Name = "u_environments"


class CatalogSource(Model):
    """A Backstage catalog's API. Record: ``kind:namespace/name``; version: the entity's ``metadata.etag``."""

    kind: Literal["backstage"]
    host: Host
    credential: Name | None = None
    hosts: Hosts = ()


Source = Annotated[
    BucketSource | RegistrySource | AppConfigSource | HttpSource | ServiceNowSource | CatalogSource,
    Field(discriminator="kind"),
]
