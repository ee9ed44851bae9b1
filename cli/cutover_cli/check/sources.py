"""The source systems as the caller reaches them: with the caller's own AWS session, and nothing of Cutover's."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cutover.contracts.base import Audience
from cutover.errors import Refused
from cutover.ports import Clock, Credential, Credentials, Sources
from cutover.runtime.reaching import reached

if TYPE_CHECKING:
    from cutover.sources.web import Web

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
    """One adapter for each kind of source system, as the functions have them."""
    return reached(
        client, ecr=lambda region: client("ecr", region_name=region), web=_web,
        credentials=_credentials(client, audience) if with_credentials else Withheld, clock=clock,
    )  # fmt: skip


def _web() -> "Web":
    from cutover.sources.web import CheckedWeb

    return CheckedWeb()


def _credentials(client: Client, audience: Audience) -> Callable[[], Credentials]:
    """Those that the deployment uses, where the caller may read them."""

    def made() -> Credentials:
        from cutover.adapters.secrets_credentials import SecretsCredentials

        _, instance, _, _, stage = audience.split(":")
        return SecretsCredentials(client("secretsmanager"), prefix=f"cutover/{instance}-{stage}/sources/")

    return made
