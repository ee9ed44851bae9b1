"""Authorization tokens of Amazon ECR: a user and a password that last for twelve hours."""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cutover.adapters.aws_errors import code_of, translated
from cutover.errors import Refused
from cutover.ports import Clock, Credential

if TYPE_CHECKING:
    from mypy_boto3_ecr.client import ECRClient

MARGIN = timedelta(minutes=10)
"""So long before its end a token is not used any more: ECR denies an old one, it does not ask for another."""
_HOSTS = (
    re.compile(r"[0-9]{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]{3,40})\.amazonaws\.com(?:\.cn)?"),
    re.compile(r"[0-9]{12}\.dkr-ecr(?:-fips)?\.([a-z0-9-]{3,40})\.on\.(?:aws|amazonwebservices\.com\.cn)"),
)


def region_of(host: str) -> str:
    """The region of a private registry. Raises ``Refused``: a token of ours is shown to no other host."""
    for each in _HOSTS:
        if found := each.fullmatch(host):
            return found[1]
    raise Refused(
        "SOURCE_NOT_ECR", f"{host} is no private registry of Amazon ECR", "choose another auth for the source"
    )


class EcrTokens:
    """Implements ``Credentials``, where a purpose is a registry's host. One token serves all registries of a region."""

    def __init__(self, client: Callable[[str], "ECRClient"], *, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[str, tuple[Credential, datetime]] = {}

    def get(self, purpose: str, *, fresh: bool = False) -> Credential:
        region = region_of(purpose)
        kept = self._kept.get(region)
        if fresh or kept is None or self._clock.now() >= kept[1] - MARGIN:
            kept = self._kept[region] = self._ask(region)
        return kept[0]

    def _ask(self, region: str) -> tuple[Credential, datetime]:
        try:
            with translated("GetAuthorizationToken"):
                (answer,) = self._client(region).get_authorization_token()["authorizationData"]
        except ClientError as error:
            detail = f"ECR in {region} gives no token ({code_of(error)})"
            raise Refused("CREDENTIAL_UNREADABLE", detail, "configure the registry for this deployment") from error
        user, colon, password = _decoded(answer["authorizationToken"]).partition(":")
        if not colon:
            raise Refused("CREDENTIAL_UNREADABLE", f"the token of ECR in {region} is none that can be read")
        return Credential(user=user, password=password), answer["expiresAt"].astimezone(UTC)


def _decoded(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
