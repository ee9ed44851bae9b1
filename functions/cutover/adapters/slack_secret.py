"""What the app in Slack is known by, in AWS Secrets Manager, through Powertools' Parameters."""

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cutover.adapters.secrets import Codes, Secrets
from cutover.errors import Refused
from cutover.ports import SlackSecret

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)
    token: str = Field(pattern=r"^xoxb-[A-Za-z0-9-]{1,500}$")
    signing_secret: str = Field(pattern=r"^[A-Za-z0-9]{16,128}$")


class SecretsManagerSlack:
    """Implements ``SlackSecrets``: ``{"token": "xoxb-…", "signing_secret": …}`` as JSON, and nothing else."""

    def __init__(self, client: "SecretsManagerClient", *, name: str) -> None:
        self._secrets = Secrets(client, Codes("SLACK_SECRET_MISSING", "SLACK_SECRET_UNREADABLE"))
        self._name = name

    def get(self, *, fresh: bool = False) -> SlackSecret:
        try:
            read = _Stored.model_validate_json(self._secrets.read(self._name, fresh=fresh))
        except ValidationError:
            raise Refused(
                "SLACK_SECRET_UNREADABLE", f"the secret {self._name} is not a bot token with a signing secret",
                'store {"token": "xoxb-…", "signing_secret": …} as JSON',
            ) from None  # the error would quote it  # fmt: skip
        return SlackSecret(token=read.token, signing_secret=read.signing_secret)
