"""The source systems as the caller reaches them: with the caller's own AWS session, and nothing of Cutover's."""

from collections.abc import Callable
from typing import Any

from cutover.contracts.base import Audience
from cutover.errors import Refused
from cutover.ports import Clock, Credential, Credentials, Sources, SourceSystem
from cutover.runtime.lazily import Lazily

Client = Callable[..., Any]
"""``boto3.Session.client``: a service, and perhaps a region."""


class Withheld:
    """Implements ``Credentials``: a file that nobody has signed must not say to whom a password is shown."""

    def get(self, purpose: str, *, fresh: bool = False) -> Credential:  # noqa: ARG002  # the port has it
        raise Refused(
            "CREDENTIAL_WITHHELD",
            f"the facts are a file, and could send the credential {purpose} to any host",
            "read the file's sources, and give --with-credentials",
        )


def sources(client: Client, audience: Audience, clock: Clock, *, with_credentials: bool) -> Sources:
    """One adapter for each kind of source system, as the functions have them; each is made when it is asked for."""
    web = _web()
    credentials = _credentials(client, audience) if with_credentials else Withheld
    return Lazily[SourceSystem[Any]](
        {
            "s3": lambda: _s3(client),
            "oci": lambda: _oci(client, web(), credentials(), clock),
            "appconfig": lambda: _appconfig(client),
            "http": lambda: _http(web(), credentials()),
            "servicenow": lambda: _servicenow(web(), credentials()),
            "backstage": lambda: _backstage(web(), credentials()),
        }
    )


def _web() -> Callable[[], Any]:
    def made() -> Any:
        from cutover.sources.web import CheckedWeb

        return CheckedWeb()

    return made


def _credentials(client: Client, audience: Audience) -> Callable[[], Credentials]:
    """Those that the deployment uses, where the caller may read them."""

    def made() -> Credentials:
        from cutover.adapters.secrets_credentials import SecretsCredentials

        _, instance, _, _, stage = audience.split(":")
        return SecretsCredentials(client("secretsmanager"), prefix=f"cutover/{instance}-{stage}/sources/")

    return made


def _s3(client: Client) -> SourceSystem[Any]:
    from cutover.sources.s3 import S3Source

    return S3Source(client("s3"))


def _oci(client: Client, web: Any, credentials: Credentials, clock: Clock) -> SourceSystem[Any]:
    from cutover.adapters.ecr_tokens import EcrTokens
    from cutover.sources.oci import OciSource

    ecr = EcrTokens(lambda region: client("ecr", region_name=region), clock=clock)
    return OciSource(web, credentials=credentials, ecr=ecr)


def _appconfig(client: Client) -> SourceSystem[Any]:
    from cutover.sources.appconfig import AppConfigVersions

    return AppConfigVersions(client("appconfig"))


def _http(web: Any, credentials: Credentials) -> SourceSystem[Any]:
    from cutover.sources.http import HttpRecords

    return HttpRecords(web, credentials)


def _servicenow(web: Any, credentials: Credentials) -> SourceSystem[Any]:
    from cutover.sources.servicenow import ServiceNowChanges

    return ServiceNowChanges(web, credentials)


def _backstage(web: Any, credentials: Credentials) -> SourceSystem[Any]:
    from cutover.sources.backstage import BackstageCatalog

    return BackstageCatalog(web, credentials)
