"""The approvals page: an HTTP API with one route."""

import json

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

PATH = "/approvals/{link}"
METHODS = (api.HttpMethod.GET, api.HttpMethod.HEAD, api.HttpMethod.POST)
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


class Page(Construct):
    """The API exists before its function does, since the function is told its address."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings) -> None:
        super().__init__(scope, construct_id)
        self.api = api.HttpApi(
            self,
            "Api",
            api_name=f"{settings.instance}-{settings.name}",
            create_default_stage=False,
        )
        self.log_group = settings.log_group(self, "AccessLog")
        api.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=api.CfnStage.AccessLogSettingsProperty(
                destination_arn=self.log_group.log_group_arn, format=json.dumps(ACCESS_LOG)
            ),
            default_route_settings=api.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=RATE_PER_SECOND, throttling_burst_limit=BURST
            ),
        )

    @property
    def url(self) -> str:
        """Where the page answers, without a slash at the end."""
        return self.api.api_endpoint

    def serve(self, function: lambda_.IFunction) -> None:
        """Routes the page's requests to the function."""
        self.api.add_routes(
            path=PATH,
            methods=list(METHODS),
            integration=integrations.HttpLambdaIntegration("Approvals", function),
        )
