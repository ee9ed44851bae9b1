"""Secrets of AWS Secrets Manager as bytes, through Powertools' Parameters; what they hold is their readers' to say."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.exceptions import ClientError

from cutover.adapters.aws_errors import code_of, translated
from cutover.errors import Refused

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

KEPT_SECONDS = 300
"""How long what was read and taken is not read again. What is not taken is read afresh at once."""
_ABSENT = frozenset({"InvalidRequestException", "ResourceNotFoundException"})
"""Not there; or marked for deletion."""
_CLOSED = frozenset({"AccessDeniedException", "DecryptionFailure"})


@dataclass(frozen=True, slots=True)
class Codes:
    """How a reader refuses: a secret that is not there, and one that cannot be read."""

    missing: str
    unreadable: str


class Secrets:
    """Reads secrets by name; ``codes`` are those of whoever asks."""

    def __init__(self, client: "SecretsManagerClient", codes: Codes) -> None:
        self._provider = SecretsProvider(boto3_client=client)
        self._codes = codes

    def read(self, name: str, *, fresh: bool) -> str | bytes:
        """The secret's value. Raises ``Refused`` with one of the codes; ``DependencyUnavailable``."""
        with translated("GetSecretValue"):
            try:
                found = self._provider.get(name, max_age=KEPT_SECONDS, force_fetch=fresh)
            except GetParameterError as error:
                cause = error.__context__
                if not isinstance(cause, ClientError):
                    raise cause or error from None
                if code_of(cause) in _ABSENT:
                    raise Refused(self._codes.missing, f"there is no secret {name}", "create it") from None
                if code_of(cause) in _CLOSED:
                    detail = f"the secret {name} may not be read ({code_of(cause)})"
                    mend = "configure the key that it is encrypted with"
                    raise Refused(self._codes.unreadable, detail, mend) from None
                raise cause from None
        assert isinstance(found, str | bytes)  # noqa: S101 - no transformation was asked for
        return found
