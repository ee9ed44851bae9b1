"""The description of the doors over HTTP says what is deployed and what the doors answer: no more, and no less."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cutover.domain import window_entry
from cutover.doors.approvals import forms, pages, viewing
from cutover.doors.passkeys import door as passkeys_door
from cutover.doors.passkeys import pages as passkeys_pages
from cutover.doors.slack_events import app as slack_app
from cutover.doors.slack_events import door as slack_door
from cutover.doors.slack_events import proving
from cutover.pages import posting, rendering
from tests.infra.reading import Assembled

Json = dict[str, Any]
METHODS = {"get", "head", "post", "put", "patch", "delete", "options", "trace"}
GATEWAY = {429}
"""What API Gateway answers by itself, and no door does."""


@pytest.fixture(scope="module")
def document(repository: Path) -> Json:
    loaded: Json = yaml.safe_load((repository / "docs" / "openapi.yaml").read_text("utf-8"))
    return loaded


def operations(document: Json) -> dict[str, Json]:
    """`POST /approvals/{link}` to its operation."""
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def resolved(document: Json, value: Json) -> Json:
    """The object that a reference within the document leads to."""
    while "$ref" in value:
        found: Any = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def statuses(operation: Json) -> set[int]:
    return {int(status) for status in operation["responses"]}


def test_each_route_is_described_and_nothing_else(development: Assembled, document: Json) -> None:
    routes = {each.properties["RouteKey"] for each in development.of("AWS::ApiGatewayV2::Route")}
    assert operations(document).keys() == routes


def test_each_operation_has_a_name_and_each_parameter_of_its_path(document: Json) -> None:
    names = [operation["operationId"] for operation in operations(document).values()]
    assert len(set(names)) == len(names)
    for path, item in document["paths"].items():
        told = {known["name"] for known in (resolved(document, each) for each in item.get("parameters", ()))
                if known["in"] == "path"}  # fmt: skip
        assert told == set(re.findall(r"\{(\w+)\}", path)), path


def test_nothing_that_is_referred_to_is_missing_and_nothing_is_left_over(document: Json) -> None:
    used: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                used.add(value["$ref"])
                resolved(document, value)
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(document)
    there = {f"#/components/{kind}/{name}" for kind, each in document["components"].items() for name in each}
    assert used == there


def test_looking_and_peeking_are_answered_alike(document: Json) -> None:
    found = operations(document)
    for key, operation in found.items():
        if key.startswith("GET "):
            assert found[f"HEAD {key.removeprefix('GET ')}"]["responses"] == operation["responses"]


def test_every_page_carries_the_headers_that_guard_it(document: Json) -> None:
    """But where the gateway may answer, too: it knows no headers of ours."""
    expected = rendering.headers()
    headers = document["components"]["headers"]
    for key, operation in operations(document).items():
        for status, response in operation["responses"].items():
            known = resolved(document, response)
            if "text/html" not in known["content"] or not known.get("headers", {}).keys() - {"Retry-After"}:
                continue
            told = {name: resolved(document, each) for name, each in known["headers"].items()}
            assert told.keys() - {"Location", "Retry-After"} == expected.keys(), (key, status)
    for name, value in expected.items():
        schema = headers[name]["schema"]
        assert headers[name]["required"] is True
        assert value == schema["const"] if "const" in schema else re.search(schema.get("pattern", ""), value)


class TestApprovals:
    """What `doors/approvals` answers, and with which status."""

    @pytest.fixture
    def shown(self, document: Json) -> Json:
        return operations(document)["GET /approvals/{link}"]

    @pytest.fixture
    def decided(self, document: Json) -> Json:
        return operations(document)["POST /approvals/{link}"]

    def test_each_status_of_the_door_is_described(self, shown: Json, decided: Json) -> None:
        after_a_post = {*pages._STATUS.values(), pages._CONFLICT, pages._BAD_ENTRY, 303, 500, 503}
        assert statuses(decided) - GATEWAY == after_a_post | {200}
        of_a_form = {status for code, status in pages._STATUS.items() if code.startswith(("FORM_", "REASON_"))} - {
            status for code, status in pages._STATUS.items() if not code.startswith(("FORM_", "REASON_"))
        }
        assert statuses(shown) - GATEWAY == after_a_post - of_a_form - {pages._BAD_ENTRY, 303} | {200}

    def test_each_code_stands_under_its_status(self, document: Json, shown: Json, decided: Json) -> None:
        for code, status in pages._STATUS.items():
            assert code in resolved(document, decided["responses"][str(status)])["description"], code
        for code in pages._LOOKS_FINE:
            assert code in resolved(document, shown["responses"]["200"])["description"], code

    def test_the_form_is_the_doors(self, document: Json, decided: Json) -> None:
        (form,) = (each["schema"] for each in decided["requestBody"]["content"].values())
        schema = resolved(document, form)
        assert decided["requestBody"]["content"].keys() == {posting.MEDIA_TYPE}
        assert schema["properties"].keys() == forms._ONCE | {"exception"}
        assert schema["properties"]["reason"]["maxLength"] == forms.MAX_REASON_BYTES
        assert f"{posting.MAX_BODY_BYTES:,} bytes and {posting.MAX_FIELDS} fields" in schema["description"]


class TestLooking:
    """What else the function of approvals shows: to look is never a form."""

    @pytest.mark.parametrize("path", ["/approvals/{link}/window.ics", "/waiting/{link}"])
    def test_it_is_answered_as_the_page_is(self, document: Json, path: str) -> None:
        known = operations(document)
        assert statuses(known[f"GET {path}"]) == statuses(known["GET /approvals/{link}"])

    def test_the_entry_is_the_doors(self, document: Json) -> None:
        entry = resolved(document, operations(document)["GET /approvals/{link}/window.ics"]["responses"]["200"])
        assert [window_entry.MEDIA_TYPE.partition(";")[0]] == list(entry["content"])
        assert viewing.CALENDAR in document["components"]["headers"]["Content-Disposition"]["schema"]["const"]


class TestPasskeys:
    """What `doors/passkeys` answers."""

    @pytest.fixture
    def shown(self, document: Json) -> Json:
        return operations(document)["GET /passkeys/{link}"]

    @pytest.fixture
    def registered(self, document: Json) -> Json:
        return operations(document)["POST /passkeys/{link}"]

    def test_each_status_of_the_door_is_described(self, shown: Json, registered: Json) -> None:
        of_a_post = ("FORM_", "INVITATION_")
        looked = {status for code, status in passkeys_pages._STATUS.items() if not code.startswith(of_a_post)}
        always = {passkeys_pages._FORBIDDEN, 500, 503}
        assert statuses(shown) - GATEWAY == looked | always | {200}
        posted = {*passkeys_pages._STATUS.values(), passkeys_pages._BAD_ENTRY, 303} | always
        assert statuses(registered) - GATEWAY == posted

    def test_each_code_stands_under_its_status(self, document: Json, registered: Json) -> None:
        for code, status in passkeys_pages._STATUS.items():
            assert code in resolved(document, registered["responses"][str(status)])["description"], code

    def test_the_form_is_the_doors(self, document: Json, registered: Json) -> None:
        schema = resolved(document, registered["requestBody"]["content"][posting.MEDIA_TYPE]["schema"])
        assert schema["properties"].keys() == passkeys_door.FIELDS


class TestSlack:
    """What `doors/slack_events` answers."""

    @pytest.fixture(params=proving._MEDIA_TYPES)
    def taken(self, document: Json, request: pytest.FixtureRequest) -> Json:
        return operations(document)[f"POST {request.param}"] | {"path": request.param}

    def test_each_status_and_code_of_the_door_is_described(self, document: Json, taken: Json) -> None:
        assert statuses(taken) - GATEWAY == {*slack_door._STATUS.values(), slack_door._UNAVAILABLE, 200}
        for code, status in slack_door._STATUS.items():
            assert code in resolved(document, taken["responses"][str(status)])["description"], code

    def test_it_takes_the_content_type_of_the_address(self, taken: Json) -> None:
        assert list(taken["requestBody"]["content"]) == [proving._MEDIA_TYPES[taken["path"]]]

    def test_its_refusals_have_the_headers_that_the_door_gives(self, document: Json, taken: Json) -> None:
        given = {name.lower() for name in slack_app._HEADERS | slack_app._NO_MORE}
        for status in ("400", "401", "403", "415"):
            assert {name.lower() for name in resolved(document, taken["responses"][status])["headers"]} == given

    def test_limits(self, document: Json) -> None:
        assert f"{proving.MAX_BODY:,} bytes" in document["components"]["schemas"]["SlackEvent"]["description"]
