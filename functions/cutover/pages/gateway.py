"""HTTP in, HTTP out: what API Gateway brings to a page's door, and what goes back to the browser."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aws_lambda_powertools.event_handler import Response

from cutover.pages.rendering import Reply, headers


class Log(Protocol):
    """What the door needs of a logger: one line an event, its fields in ``extra``."""

    def info(self, msg: object, /, *, extra: Mapping[str, object] | None = None) -> None: ...

    def error(self, msg: object, /, *, extra: Mapping[str, object] | None = None) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. ``headers`` in lower case; ``id`` is the gateway's, shown to people as a reference."""

    method: str
    link: str
    headers: Mapping[str, str]
    body: bytes
    id: str


def answered(event: Any, link: str, answer: Callable[[Request], Reply]) -> Response[str]:
    """The response to an event of the HTTP API (payload format 2.0): a door's answer, under every page's headers."""
    body = event.body or ""
    request = Request(
        method=event.http_method,
        link=link,
        headers={name.lower(): value for name, value in (event.headers or {}).items()},
        body=base64.b64decode(body) if event.is_base64_encoded else body.encode(),
        id=event.request_context.request_id,
    )
    reply = answer(request)
    return Response(
        status_code=reply.status,
        content_type=reply.media_type,
        body="" if request.method == "HEAD" else reply.html,
        headers={**headers(), **reply.headers},
    )
