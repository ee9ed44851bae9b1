"""What a registry asks for when it does not let somebody in: ``WWW-Authenticate`` (RFC 9110 §11.6.1), and the token
that its token service then gives (Distribution's "Token Authentication Specification").
"""

import re
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cutover.errors import Refused

MAX_CHALLENGE = 4096
MAX_TOKEN = 65_536
_PIECE = re.compile(r'([A-Za-z][A-Za-z0-9_-]*)(?:=(?:"([^"\\]*)"|([^\s,"]*)))?')
_BEARER = r"^[A-Za-z0-9._~+/=-]{1,32768}$"


class _Issued(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)
    token: str | None = Field(default=None, pattern=_BEARER)
    access_token: str | None = Field(default=None, pattern=_BEARER)


def challenges(header: str) -> Mapping[str, Mapping[str, str]]:
    """Each scheme, in lower case, with its parameters. A scheme's first challenge counts."""
    found: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for piece in _PIECE.finditer(header[:MAX_CHALLENGE]):
        name, quoted, plain = piece[1].lower(), piece[2], piece[3]
        if quoted is None and plain is None:
            current = {}
            found.setdefault(name, current)
        else:
            current.setdefault(name, quoted if quoted is not None else plain)
    return found


def check_scope(asked: str, repository: str) -> None:
    """A token for another repository is none of our business. Raises ``Refused`` (``SOURCE_SCOPE_DIFFERS``)."""
    for scope in asked.split():
        kind, _, rest = scope.partition(":")
        if kind != "repository" or rest.rpartition(":")[0] != repository:
            raise Refused("SOURCE_SCOPE_DIFFERS", f"the registry wants a token for something else than {repository}")


def issued(content: bytes) -> str:
    """The bearer token in a token service's answer. Raises ``Refused`` (``SOURCE_RECORD_UNREADABLE``)."""
    try:
        answer = _Issued.model_validate_json(content)
    except ValidationError:
        answer = _Issued()
    token = answer.token or answer.access_token
    if not token:
        raise Refused("SOURCE_RECORD_UNREADABLE", "the token service answered without a token")
    return token
