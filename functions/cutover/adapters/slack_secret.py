"""What the app in Slack is known by, in AWS Secrets Manager, through Powertools' Parameters."""

from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cutover.adapters.aws_errors import code_of, translated
from cutover.errors import Refused
from cutover.ports import SlackSecret

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

KEPT_SECONDS = 300
"""How long what was read is not read again, unless Slack or a signature says that it is old."""
_ABSENT = frozenset({"InvalidRequestException", "ResourceNotFoundException"})
"""Not there; or marked for deletion."""
_CLOSED = frozenset({"AccessDeniedException", "DecryptionFailure"})


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)
    token: str = Field(pattern=r"^xoxb-[A-Za-z0-9-]{1,500}$")
    signing_secret: str = Field(pattern=r"^[A-Za-z0-9]{16,128}$")


class SecretsManagerSlack:
    """Implements ``SlackSecrets``: ``{"token": "xoxb-…", "signing_secret": …}`` as JSON, and nothing else."""

    def __init__(self, client: "SecretsManagerClient", *, name: str) -> None:
        self._secrets = SecretsProvider(boto3_client=client)
        self._name = name

    def get(self, *, fresh: bool = False) -> SlackSecret:
        try:
            read = _Stored.model_validate_json(self._read(fresh))
        except ValidationError:
            raise Refused(
                "SLACK_SECRET_UNREADABLE", f"the secret {self._name} is not a bot token with a signing secret",
                'store {"token": "xoxb-…", "signing_secret": …} as JSON',
            ) from None  # the error would quote it  # fmt: skip
        return SlackSecret(token=read.token, signing_secret=read.signing_secret)

    def _read(self, fresh: bool) -> str | bytes:
        with translated("GetSecretValue"):
            try:
                found = self._secrets.get(self._name, max_age=KEPT_SECONDS, force_fetch=fresh)
            except GetParameterError as error:
                cause = error.__context__
                if not isinstance(cause, ClientError):
                    raise cause or error from None
                if code_of(cause) in _ABSENT:
                    raise Refused("SLACK_SECRET_MISSING", f"there is no secret {self._name}", "create it") from None
                if code_of(cause) in _CLOSED:
                    detail = f"the secret {self._name} may not be read ({code_of(cause)})"
                    mend = "configure the key that it is encrypted with"
                    raise Refused("SLACK_SECRET_UNREADABLE", detail, mend) from None
                raise cause from None
        assert isinstance(found, str | bytes)  # noqa: S101 - no transformation was asked for
        return found
