"""Powertools' resolver around the doors. What comes to no route is API Gateway's to answer."""

from collections.abc import Callable

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from cutover.doors.approvals.door import Door
from cutover.doors.approvals.waiting import WaitingDoor
from cutover.pages.gateway import answered

APPROVALS, ENTRY, WAITING = "/approvals/<link>", "/approvals/<link>/window.ics", "/waiting/<link>"
LOOKING = ["GET", "HEAD"]


def build(door: Callable[[], Door], waiting: Callable[[], WaitingDoor]) -> APIGatewayHttpResolver:
    """The resolver. The doors are asked for at each request, so that nothing is read at import."""
    # Never its debug mode, which an environment variable can switch on: it prints events, and these hold links.
    app = APIGatewayHttpResolver(debug=False)

    @app.route(APPROVALS, method=[*LOOKING, "POST"])
    def approvals(link: str) -> Response[str]:
        return answered(app.current_event, link, door().answer)

    @app.route(ENTRY, method=LOOKING)
    def entry(link: str) -> Response[str]:
        return answered(app.current_event, link, door().entry)

    @app.route(WAITING, method=LOOKING)
    def listed(link: str) -> Response[str]:
        return answered(app.current_event, link, waiting().answer)

    return app
