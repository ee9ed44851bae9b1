"""Credentials of source systems, in AWS Secrets Manager, through Powertools' Parameters."""

import re
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from cutover.adapters.secrets import Codes, Secrets
from cutover.errors import Refused
from cutover.ports import Credential

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?")


class _Pair(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)
    user: str = Field(pattern=r"^[^:\x00-\x1f\x7f]{1,256}$")  # RFC 7617 §2: no colon, no control character
    password: str = Field(pattern=r"^[^\x00-\x1f\x7f]{1,4096}$")


class _Token(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)
    token: str = Field(pattern=r"^[A-Za-z0-9._~+/=-]{1,16384}$")  # RFC 6750 §2.1, and what systems hand out besides


_SECRET: TypeAdapter[_Pair | _Token] = TypeAdapter(_Pair | _Token)


class SecretsCredentials:
    """Implements ``Credentials``: a purpose is the secret ``<prefix><purpose>``.

    Its value is the JSON ``{"user": …, "password": …}`` or ``{"token": …}``, and nothing else.
    """

    def __init__(self, client: "SecretsManagerClient", *, prefix: str) -> None:
        self._secrets = Secrets(client, Codes("CREDENTIAL_MISSING", "CREDENTIAL_UNREADABLE"))
        self._prefix = prefix

    def get(self, purpose: str, *, fresh: bool = False) -> Credential:
        if not _NAME.fullmatch(purpose):
            raise Refused("CREDENTIAL_MISSING", "a purpose is a name in lower case")
        value = self._secrets.read(self._prefix + purpose, fresh=fresh)
        try:
            read = _SECRET.validate_json(value)
        except ValidationError:
            raise Refused(
                "CREDENTIAL_UNREADABLE", f"the secret of {purpose} is neither a user with a password nor a token",
                'store {"user": …, "password": …} or {"token": …} as JSON',
            ) from None  # the error would quote it  # fmt: skip
        if isinstance(read, _Token):
            return Credential(token=read.token)
        return Credential(user=read.user, password=read.password)
