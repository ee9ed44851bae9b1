"""The approvals page: who may call it, how often, and what its log must not hold."""

import json
import re

from tests.infra.reading import Assembled

# Whatever could carry the link, which is a credential.
REVEALING = re.compile(
    r"path|resourcePath|querystring|requestOverride|header|authorizer|error\.message|identity", re.IGNORECASE
)


def test_the_access_log_cannot_hold_a_link(stage: Assembled) -> None:
    settings = stage.resources["Page/Stage"].properties["AccessLogSettings"]
    fields = json.loads(settings["Format"])
    assert fields["route"] == "$context.routeKey"
    assert not [value for value in fields.values() if REVEALING.search(value)]
    assert stage.render(settings["DestinationArn"]) == "{Page/AccessLog}"


def test_it_has_three_routes_to_one_function(stage: Assembled) -> None:
    routes = {each.properties["RouteKey"] for each in stage.of("AWS::ApiGatewayV2::Route")}
    assert routes == {f"{method} /approvals/{{link}}" for method in ("GET", "HEAD", "POST")}
    (integration,) = stage.of("AWS::ApiGatewayV2::Integration")
    assert stage.render(integration.properties["IntegrationUri"]) == "{Approvals/Function}"
    assert integration.properties["PayloadFormatVersion"] == "2.0"


def test_it_is_throttled(stage: Assembled) -> None:
    page = stage.resources["Page/Stage"].properties
    assert page["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 40, "ThrottlingRateLimit": 20}
    assert page["StageName"] == "$default"


def test_no_other_origin_is_welcome(stage: Assembled) -> None:
    (page,) = stage.of("AWS::ApiGatewayV2::Api")
    assert page.properties["ProtocolType"] == "HTTP"
    assert "CorsConfiguration" not in page.properties


def test_only_this_api_calls_the_function(stage: Assembled) -> None:
    callers = [
        stage.render(each.properties)
        for each in stage.of("AWS::Lambda::Permission")
        if each.properties["Principal"] == "apigateway.amazonaws.com"
    ]
    assert {each["FunctionName"] for each in callers} == {"{Approvals/Function}"}
    for each in callers:
        assert each["SourceArn"].endswith(":{Page/Api}/*/*/approvals/{link}")
