"""HTTP in, HTTP out: Powertools' resolver around the door. What comes to no route is API Gateway's to answer."""

import base64
from collections.abc import Callable

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from cutover.doors.approvals.asking import Request
from cutover.doors.approvals.door import Door
from cutover.doors.approvals.waiting import WaitingDoor
from cutover.pages.rendering import Reply, headers

APPROVALS, ENTRY, WAITING = "/approvals/<link>", "/approvals/<link>/window.ics", "/waiting/<link>"
LOOKING = ["GET", "HEAD"]


def build(door: Callable[[], Door], waiting: Callable[[], WaitingDoor]) -> APIGatewayHttpResolver:
    """The resolver. The doors are asked for at each request, so that nothing is read at import."""
    # Never its debug mode, which an environment variable can switch on: it prints events, and these hold links.
    app = APIGatewayHttpResolver(debug=False)

    def answered(link: str, answer: Callable[[Request], Reply]) -> Response[str]:
        event = app.current_event
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

    @app.route(APPROVALS, method=[*LOOKING, "POST"])
    def approvals(link: str) -> Response[str]:
        return answered(link, door().answer)

    @app.route(ENTRY, method=LOOKING)
    def entry(link: str) -> Response[str]:
        return answered(link, door().entry)

    @app.route(WAITING, method=LOOKING)
    def listed(link: str) -> Response[str]:
        return answered(link, waiting().answer)

    return app
