"""Whether a request is Slack's: its form, its time and its signature, over the bytes as they came.

Slack signs ``v0:<timestamp>:<body>`` with HMAC-SHA-256 under the app's signing secret (docs.slack.dev, Verifying
requests from Slack). The same is in ``slack_sdk.signature``; that one reads a time that is no number, or a body that
is no UTF-8, as a failure of its own, so it is done here, and a test holds the two together.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cutover.contracts.base import Digest
from cutover.domain import canonical
from cutover.errors import Refused

MAX_BODY = 524_288
"""Bytes. A pressed button brings its whole message back, and ours have at most 32,000 characters."""
MAX_AGE = timedelta(minutes=5)
EVENTS, INTERACTIONS = "/slack/events", "/slack/interactions"
_MEDIA_TYPES = {EVENTS: "application/json", INTERACTIONS: "application/x-www-form-urlencoded"}
_SECONDS = re.compile(r"[0-9]{1,11}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. ``path``: one of the two addresses; ``headers`` in lower case; ``id`` is the gateway's."""

    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    id: str


def check_form(request: Request) -> None:
    """Raises ``Refused``: ``BODY_TOO_LARGE``, ``CONTENT_TYPE_WRONG``."""
    if len(request.body) > MAX_BODY:
        raise Refused("BODY_TOO_LARGE", f"more than {MAX_BODY} bytes")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _MEDIA_TYPES[request.path]:
        raise Refused("CONTENT_TYPE_WRONG", f"{request.path} takes {_MEDIA_TYPES[request.path]}")


def sent_at(request: Request, *, now: datetime) -> datetime:
    """When Slack says that it sent it. Raises ``Refused``: ``TIMESTAMP_MISSING``, ``TIMESTAMP_OUT_OF_RANGE``."""
    stated = request.headers.get("x-slack-request-timestamp", "")
    if not _SECONDS.fullmatch(stated):
        raise Refused("TIMESTAMP_MISSING", "x-slack-request-timestamp is no number of seconds")
    at = datetime.fromtimestamp(int(stated), UTC)
    if abs(now - at) > MAX_AGE:
        raise Refused("TIMESTAMP_OUT_OF_RANGE", "sent more than five minutes from now")
    return at


def prove(request: Request, *, signing_secret: str) -> Digest:
    """What the request can be known by again. Raises ``Refused``: ``SIGNATURE_MISSING``, ``SIGNATURE_WRONG``.

    Its time is a part of what is signed, so that the same body is another request a second later.
    """
    shown = request.headers.get("x-slack-signature", "")
    if not _SIGNATURE.fullmatch(shown):
        raise Refused("SIGNATURE_MISSING", "x-slack-signature is none of version v0")
    message = b"v0:" + request.headers["x-slack-request-timestamp"].encode() + b":" + request.body
    expected = "v0=" + hmac.new(signing_secret.encode(), message, "sha256").hexdigest()
    if not canonical.same(expected, shown):
        raise Refused("SIGNATURE_WRONG", "Slack did not sign this request, or the signing secret was renewed")
    return canonical.digest(f"{request.path}\n{expected}".encode())
