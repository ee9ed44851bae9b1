"""HTTP in, HTTP out: Powertools' resolver around the door. The route is the API's only one."""

import base64
from collections.abc import Callable

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from cutover.doors.approvals.asking import Request
from cutover.doors.approvals.door import Door
from cutover.pages.rendering import headers

PATH = "/approvals/<link>"


def build(door: Callable[[], Door]) -> APIGatewayHttpResolver:
    """The resolver. ``door`` is asked for at each request, so that nothing is read at import."""
    # Never its debug mode, which an environment variable can switch on: it prints events, and these hold links.
    app = APIGatewayHttpResolver(debug=False)

    @app.route(PATH, method=["GET", "HEAD", "POST"])
    def approvals(link: str) -> Response[str]:
        event = app.current_event
        body = event.body or ""
        request = Request(
            method=event.http_method,
            link=link,
            headers={name.lower(): value for name, value in (event.headers or {}).items()},
            body=base64.b64decode(body) if event.is_base64_encoded else body.encode(),
            id=event.request_context.request_id,
        )
        reply = door().answer(request)
        return Response(
            status_code=reply.status,
            content_type="text/html; charset=utf-8",
            body="" if request.method == "HEAD" else reply.html,
            headers={**headers(), **reply.headers},
        )

    return app
