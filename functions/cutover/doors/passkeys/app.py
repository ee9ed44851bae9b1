"""Powertools' resolver around the door. What comes to no route is API Gateway's to answer."""

from collections.abc import Callable

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from cutover.doors.passkeys.door import PasskeysDoor
from cutover.pages.gateway import answered

PASSKEYS = "/passkeys/<link>"


def build(door: Callable[[], PasskeysDoor]) -> APIGatewayHttpResolver:
    """The resolver. ``door`` is asked for at each request, so that nothing is read at import."""
    # Never its debug mode, which an environment variable can switch on: it prints events, and these hold links.
    app = APIGatewayHttpResolver(debug=False)

    @app.route(PASSKEYS, method=["GET", "HEAD", "POST"])
    def passkeys(link: str) -> Response[str]:
        return answered(app.current_event, link, door().answer)

    return app
