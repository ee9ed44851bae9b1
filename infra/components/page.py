"""What people and Slack reach over HTTP: one API, a function for each kind of address."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import (
    aws_apigatewayv2 as api,
)
from aws_cdk import (
    aws_apigatewayv2_integrations as integrations,
)
from aws_cdk import (
    aws_lambda as lambda_,
)
from constructs import Construct

from infra.components.settings import StageSettings

# A link is a credential. The log therefore names the route and never the path.
ACCESS_LOG = {
    "request_id": "$context.requestId",
    "time": "$context.requestTime",
    "route": "$context.routeKey",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "latency_ms": "$context.responseLatency",
    "integration_error": "$context.integrationErrorMessage",
}
RATE_PER_SECOND, BURST = 20, 40
"""Of each route by itself. Whoever fills one leaves the others open."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """An address with its methods. `rate` (requests a second) and `burst` where they are not everybody's."""

    path: str
    methods: tuple[str, ...]
    rate: int = RATE_PER_SECOND
    burst: int = BURST

    @property
    def keys(self) -> list[str]:
        """As API Gateway names them: `GET /approvals/{link}`."""
        return [f"{method} {self.path}" for method in self.methods]


LOOK, DECIDE = ("GET", "HEAD"), ("POST",)
ROUTES: Mapping[str, tuple[Route, ...]] = {
    "Approvals": (
        Route(path="/approvals/{link}", methods=LOOK),
        # A person decides once; five a second are a whole round of approvers at the same moment.
        Route(path="/approvals/{link}", methods=DECIDE, rate=5, burst=10),
        Route(path="/approvals/{link}/window.ics", methods=LOOK),
        # Each of these reads the records of all that a person may decide.
        Route(path="/waiting/{link}", methods=LOOK, rate=10, burst=20),
    ),
    "Passkeys": (
        Route(path="/passkeys/{link}", methods=LOOK, rate=5, burst=10),
        Route(path="/passkeys/{link}", methods=DECIDE, rate=2, burst=5),
    ),
    # Nobody but Slack calls these, and whoever else does is refused at the cost of a MAC.
    "SlackEvents": (
        Route(path="/slack/events", methods=("POST",), rate=10, burst=20),
        Route(path="/slack/interactions", methods=("POST",), rate=10, burst=20),
    ),
}
"""By the function that answers."""


class Page(Construct):
    """The API exists before its functions do, since they are told its address; its stage waits for the routes."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings) -> None:
        super().__init__(scope, construct_id)
        self.api = api.HttpApi(
            self,
            "Api",
            api_name=f"{settings.instance}-{settings.name}",
            create_default_stage=False,
        )
        self.log_group = settings.log_group(self, "AccessLog")
        self._stage = api.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=api.CfnStage.AccessLogSettingsProperty(
                destination_arn=self.log_group.log_group_arn, format=json.dumps(ACCESS_LOG)
            ),
            default_route_settings=_throttled(RATE_PER_SECOND, BURST),
        )

    @property
    def url(self) -> str:
        """Where the page answers, without a slash at the end."""
        return self.api.api_endpoint

    def serve(self, functions: Mapping[str, lambda_.IFunction]) -> None:
        """Routes each address to its function."""
        narrower: dict[str, object] = {}
        for name, function in functions.items():
            integration = integrations.HttpLambdaIntegration(name, function)
            for route in ROUTES[name]:
                methods = [api.HttpMethod[method] for method in route.methods]
                for each in self.api.add_routes(path=route.path, methods=methods, integration=integration):
                    self._stage.node.add_dependency(each)  # whose limits can be set only once it is there
                if (route.rate, route.burst) != (RATE_PER_SECOND, BURST):
                    limits = {"ThrottlingRateLimit": route.rate, "ThrottlingBurstLimit": route.burst}
                    narrower |= dict.fromkeys(route.keys, limits)
        self._stage.route_settings = narrower


def _throttled(rate: int, burst: int) -> api.CfnStage.RouteSettingsProperty:
    return api.CfnStage.RouteSettingsProperty(throttling_rate_limit=rate, throttling_burst_limit=burst)
