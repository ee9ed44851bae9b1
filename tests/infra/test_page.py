"""The page's addresses: who may call them, how often, and what the log must not hold."""

import json
import re

import pytest

from infra.components.page import ROUTES
from tests.infra.reading import Assembled

# Whatever could carry the link, which is a credential.
REVEALING = re.compile(
    r"path|resourcePath|querystring|requestOverride|header|authorizer|error\.message|identity", re.IGNORECASE
)
DECIDING = ("POST /approvals/{link}",)
LISTING = ("GET /waiting/{link}", "HEAD /waiting/{link}")
OF_SLACK = ("POST /slack/events", "POST /slack/interactions")


def routes(stage: Assembled) -> dict[str, str]:
    """Each route with the function behind it."""
    return {
        each.properties["RouteKey"]: integrated(stage, stage.render(each.properties["Target"]))
        for each in stage.of("AWS::ApiGatewayV2::Route")
    }


def integrated(stage: Assembled, target: str) -> str:
    integration = stage.resources[target.removeprefix("integrations/").strip("{}")].properties
    assert integration["PayloadFormatVersion"] == "2.0"
    function: str = stage.render(integration["IntegrationUri"])
    return function.strip("{}").removesuffix("/Function")


def test_the_access_log_cannot_hold_a_link(stage: Assembled) -> None:
    settings = stage.resources["Page/Stage"].properties["AccessLogSettings"]
    fields = json.loads(settings["Format"])
    assert fields["route"] == "$context.routeKey"
    assert not [value for value in fields.values() if REVEALING.search(value)]
    assert stage.render(settings["DestinationArn"]) == "{Page/AccessLog}"


def test_each_address_has_its_methods_and_one_function(stage: Assembled) -> None:
    looked_at = ("/approvals/{link}", "/approvals/{link}/window.ics", "/waiting/{link}")
    look = {f"{method} {path}": "Approvals" for method in ("GET", "HEAD") for path in looked_at}
    look |= {f"{method} /passkeys/{{link}}": "Passkeys" for method in ("GET", "HEAD", "POST")}
    assert routes(stage) == look | dict.fromkeys(DECIDING, "Approvals") | dict.fromkeys(OF_SLACK, "SlackEvents")


def test_it_is_throttled(stage: Assembled) -> None:
    page = stage.resources["Page/Stage"].properties
    assert page["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 40, "ThrottlingRateLimit": 20}
    assert page["StageName"] == "$default"


@pytest.mark.parametrize("key", DECIDING)
def test_deciding_is_throttled_more(stage: Assembled, key: str) -> None:
    assert stage.resources["Page/Stage"].properties["RouteSettings"][key] == {
        "ThrottlingBurstLimit": 10,
        "ThrottlingRateLimit": 5,
    }


@pytest.mark.parametrize("key", [*OF_SLACK, *LISTING])
def test_what_anybody_may_call_or_costs_much_has_a_limit_of_its_own(stage: Assembled, key: str) -> None:
    assert stage.resources["Page/Stage"].properties["RouteSettings"][key] == {
        "ThrottlingBurstLimit": 20,
        "ThrottlingRateLimit": 10,
    }


def test_limits_are_set_on_routes_that_are_there_by_then(stage: Assembled) -> None:
    page = stage.resources["Page/Stage"]
    assert page.properties["RouteSettings"].keys() <= routes(stage).keys()
    waited = {stage.paths[each] for each in page.body["DependsOn"]}
    assert waited >= {each.path for each in stage.of("AWS::ApiGatewayV2::Route")}


def test_no_other_origin_is_welcome(stage: Assembled) -> None:
    (page,) = stage.of("AWS::ApiGatewayV2::Api")
    assert page.properties["ProtocolType"] == "HTTP"
    assert "CorsConfiguration" not in page.properties


def test_only_this_api_calls_the_functions_and_only_for_their_addresses(stage: Assembled) -> None:
    callers = [
        stage.render(each.properties)
        for each in stage.of("AWS::Lambda::Permission")
        if each.properties["Principal"] == "apigateway.amazonaws.com"
    ]
    answering = set(routes(stage).values())
    assert {each["FunctionName"] for each in callers} == {f"{{{name}/Function}}" for name in answering}
    for each in callers:
        name = each["FunctionName"].strip("{}").removesuffix("/Function")
        places = {f"{{Page/Api}}/*/*{route.path}" for route in ROUTES[name]}
        assert each["SourceArn"].rpartition(":")[2] in places
