"""HTTP in, HTTP out: Powertools' resolver around the door, with the two addresses that Slack calls."""

import base64
import binascii
import json
from collections.abc import Callable

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from cutover.doors.slack_events.door import Door, Reply
from cutover.doors.slack_events.proving import EVENTS, INTERACTIONS, Request

_REFUSED = range(400, 500)
_HEADERS: dict[str, str | list[str]] = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_NO_MORE: dict[str, str | list[str]] = {"x-slack-no-retry": "1"}
"""Slack need not send again what will be refused again."""


def build(door: Callable[[], Door]) -> APIGatewayHttpResolver:
    """The resolver. ``door`` is asked for at each request, so that nothing is read at import."""
    # Never its debug mode, which an environment variable can switch on: it prints events, and these are signed.
    app = APIGatewayHttpResolver(debug=False)

    def take(path: str) -> Response[str]:
        event = app.current_event
        body = event.body or ""
        try:
            content = base64.b64decode(body, validate=True) if event.is_base64_encoded else body.encode()
        except (binascii.Error, ValueError):
            return _response(Reply(400, {"reason": "BODY_UNREADABLE"}))
        headers = {name.lower(): value for name, value in (event.headers or {}).items()}
        request = Request(path=path, headers=headers, body=content, id=event.request_context.request_id)
        return _response(door().answer(request))

    @app.post(EVENTS)
    def events() -> Response[str]:
        return take(EVENTS)

    @app.post(INTERACTIONS)
    def interactions() -> Response[str]:
        return take(INTERACTIONS)

    @app.not_found
    def nowhere(_: NotFoundError) -> Response[str]:
        return _response(Reply(404, {"reason": "NOT_FOUND"}))

    return app


def _response(reply: Reply) -> Response[str]:
    headers = _HEADERS | (_NO_MORE if reply.status in _REFUSED else {})
    said = json.dumps(dict(reply.said))
    return Response(status_code=reply.status, content_type=content_types.APPLICATION_JSON, body=said, headers=headers)
