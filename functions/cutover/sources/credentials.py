"""Showing a source who asks: the header that a credential makes, and the second try after it was rotated."""

import base64
from collections.abc import Callable, Mapping
from typing import TypeVar

from cutover.errors import Refused
from cutover.ports import Credential, Credentials

T = TypeVar("T")
UNAUTHORIZED = "SOURCE_UNAUTHORIZED"


def with_credential(credentials: Credentials, purpose: str, call: Callable[[Credential], T]) -> T:
    """``call`` with the purpose's credential; when the source does not take it, once more with one read anew.

    Raises what ``call`` and ``credentials`` raise, the second ``SOURCE_UNAUTHORIZED`` included.
    """
    try:
        return call(credentials.get(purpose))
    except Refused as refused:
        if refused.code != UNAUTHORIZED:
            raise
    return call(credentials.get(purpose, fresh=True))


def authorization(credential: Credential) -> Mapping[str, str]:
    """The ``Authorization`` header: a bearer token (RFC 6750), or user and password (RFC 7617, in UTF-8)."""
    if credential.token:
        return {"authorization": f"Bearer {credential.token}"}
    pair = f"{credential.user}:{credential.password}".encode()
    return {"authorization": "Basic " + base64.b64encode(pair).decode("ascii")}
