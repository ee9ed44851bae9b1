"""The change in the bundle: a native record, a mapped one, ServiceNow's; names rendered, hostile ones never read."""

from typing import Any

import pytest

from cutover.contracts.policy import Rendering
from cutover.contracts.sources import BucketSource, ChangeMapping, HttpSource, ServiceNowSource, Source
from cutover.domain.assembling import requesters
from tests.unit.assembling_release import Release, place, value

NATIVE: dict[str, Any] = {
    "schema": "cutover/change-record/v1", "number": "CHG-17", "title": "Cancel orders", "state": "approved",
    "risk": "moderate", "requester": "dana@change",
    "scope": {"components": ["Service (prod)"], "environments": ["PRD", "elsewhere"]},
}  # fmt: skip
JIRA: dict[str, Any] = {
    "key": "OPS-4", "version": 7,
    "fields": {
        "summary": "Cancel orders", "status": {"name": "Approved"}, "risk/level": "high",
        "reporter": {"accountId": "557058:dana"}, "components": ["svc", "billing"], "environment": " PRD , stage,, ",
    },
}  # fmt: skip
MAPPED = HttpSource(
    kind="http", url="https://jira.example.com/issue/{record}", version="/version",
    change=ChangeMapping(
        number="/key", title="/fields/summary", state="/fields/status/name", risk="/fields/risk~1level",
        requester="/fields/reporter/accountId", components="/fields/components", environments="/fields/environment",
    ),
)  # fmt: skip
SNOW = ServiceNowSource(kind="servicenow", host="shop.service-now.com", credential="snow", components="u_ci")
ROW: dict[str, Any] = {
    "number": "CHG0030001", "short_description": "Cancel orders", "state": "-1", "risk": "3",
    "requested_by": "6816f79cc0a8016401c5a33be04be441", "u_ci": "svc, Service (prod)", "u_environments": "PRD",
    "sys_mod_count": "4",
}  # fmt: skip
FIELDS = ("number", "title", "state", "risk", "requester")


def changed(record: Any, source: Source | None = None) -> Any:
    return Release({"change": record}, source=source).section("change")


def values(change: Any) -> dict[str, Any]:
    return {name: value(said) for name, said in change.items() if not isinstance(said, list)} | {
        name: [value(each) for each in said] for name, said in change.items() if isinstance(said, list)
    }


def missing(change: Any) -> bool:
    return all(value(change[name]) is None for name in FIELDS) and change["components"] == change["environments"] == []


def test_a_native_record_says_it_itself() -> None:
    change = changed(NATIVE)
    assert values(change) == {
        "number": "CHG-17", "title": "Cancel orders", "state": "approved", "risk": "moderate",
        "requester": "dana@change", "components": ["service"], "environments": ["production", "elsewhere"],
    }  # fmt: skip
    assert place(change["number"]) == ("/number", "value")
    assert place(change["components"][0]) == ("/scope/components/0", "component")
    assert [place(each) for each in change["environments"]] == [
        ("/scope/environments/0", "environment"), ("/scope/environments/1", "environment"),
    ]  # fmt: skip


def test_a_mapping_says_where_another_system_does() -> None:
    change = changed(JIRA, MAPPED)
    assert values(change) == {
        "number": "OPS-4", "title": "Cancel orders", "state": "Approved", "risk": "high",
        "requester": "557058:dana", "components": ["service", "billing"], "environments": ["production", "staging"],
    }  # fmt: skip
    assert place(change["risk"]) == ("/fields/risk~1level", "value")
    assert [place(each) for each in change["components"]] == [
        ("/fields/components/0", "component"), ("/fields/components/1", "component"),
    ]  # fmt: skip
    assert {place(each) for each in change["environments"]} == {("/fields/environment", "environment")}


@pytest.mark.parametrize(("answer", "at"), [({"result": [ROW]}, "/result/0"), ({"result": ROW}, "/result")])
def test_servicenow_answers_a_query_with_a_list_and_a_record_with_itself(answer: Any, at: str) -> None:
    change = changed(answer, SNOW)
    assert values(change) == {
        "number": "CHG0030001", "title": "Cancel orders", "state": "-1", "risk": "3", "requester": ROW["requested_by"],
        "components": ["service", "service"], "environments": ["production"],
    }  # fmt: skip
    assert place(change["requester"]) == (f"{at}/requested_by", "value")
    assert place(change["components"][0]) == (f"{at}/u_ci", "component")


@pytest.mark.parametrize("answer", [{"result": [ROW, ROW]}, {"result": []}, {"result": "x"}, {}, [ROW], ROW, None])
def test_servicenow_answers_with_exactly_one_record_or_none(answer: Any) -> None:
    assert missing(changed(answer, SNOW))


def test_who_asked_is_read_as_the_bundle_reads_it() -> None:
    asked = []
    for record, source in ((NATIVE, None), (JIRA, MAPPED), ({"result": [ROW]}, SNOW), ({}, MAPPED), (b"", None)):
        made = Release({"change": record}, source=source)
        said = value(made.section("change")["requester"])
        assert requesters(made.candidate, made.index, made.sources) == ("dana@ci", said)
        asked.append(said)
    assert asked == ["dana@change", "557058:dana", ROW["requested_by"], None, None]


def test_how_a_record_is_read_follows_from_its_source_and_not_from_itself() -> None:
    assert missing(changed(NATIVE, SNOW))
    assert missing(changed(JIRA, BucketSource(kind="s3", bucket="records")))
    plain = HttpSource(kind="http", url="https://changes.example.com/{record}", version="/number")
    assert values(changed(NATIVE, plain))["number"] == "CHG-17"
    forged = {**JIRA, **NATIVE, "number": "forged"}
    assert values(changed(forged, MAPPED))["number"] == "OPS-4"


def test_names_are_rendered_and_nothing_else_is() -> None:
    spelled = {**NATIVE, "state": "prod", "title": "svc"}
    rendering = Rendering(environments={"production": ("prod",)}, components={"service": ("svc",)})
    made = values(Release({"change": spelled}, rendering=rendering).section("change"))
    assert (made["state"], made["title"]) == ("prod", "svc")
    assert made["components"] == ["Service (prod)"], "a name that the table does not know stays as it was said"


def test_each_missing_field_is_a_gap_of_its_own() -> None:
    made = Release({"change": {"key": "OPS-4"}}, source=MAPPED)
    assert made.gaps("/change") == {
        ("CHANGE_RECORD_INCOMPLETE", f"/change/{name}") for name in ("title", "state", "risk", "requester")
    }
    assert {each.family for each in made.made.findings if each.field.startswith("/change")} == {"change"}


NOT_TEXT = [4, True, None, ["Approved"], {"name": "Approved"}, "", "two\nlines", "x" * 513, "\ud800", "\u0007"]


@pytest.mark.parametrize("hostile", NOT_TEXT, ids=repr)
def test_what_is_no_line_of_text_is_no_value(hostile: Any) -> None:
    said = {**JIRA, "key": hostile}
    assert value(changed(said, MAPPED)["number"]) is None


@pytest.mark.parametrize(
    "scope",
    [7, None, {"0": "svc"}, ["svc", 7], ["svc", None], ["svc", ["svc"]], ["x" * 600], ["s"] * 201, "s," * 201, " , ,"],
    ids=lambda scope: repr(scope)[:20],
)
def test_a_scope_is_read_whole_or_not_at_all(scope: Any) -> None:
    """What is left out narrows the scope, and never widens it."""
    said = {**JIRA, "fields": {**JIRA["fields"], "components": scope, "environment": scope}}
    change = changed(said, MAPPED)
    assert (change["components"], change["environments"]) == ([], [])
    assert value(change["number"]) == "OPS-4"


def test_a_pointer_that_would_be_too_long_to_write_finds_nothing() -> None:
    longest = "/" + "a" * 1023
    assert MAPPED.change is not None
    source = MAPPED.model_copy(update={"change": MAPPED.change.model_copy(update={"components": longest})})
    change = changed({**JIRA, longest[1:]: ["svc"]}, source)
    assert change["components"] == []
    assert changed({**JIRA, longest[1:]: "svc,"}, source)["components"][0]["value"] == "service"


HOSTILE = [b"", b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 100_000, b'{"key":1e999}', b"{}" * 2, b'{"key":"A","key":"B"}']


@pytest.mark.parametrize("source", [None, MAPPED, SNOW], ids=["native", "mapped", "servicenow"])
@pytest.mark.parametrize("content", HOSTILE, ids=[repr(content[:16]) for content in HOSTILE])
def test_a_hostile_record_is_missing_fields_and_never_an_error(content: bytes, source: Source | None) -> None:
    assert missing(changed(content, source))


NOT_NATIVE = [
    {**NATIVE, "verdict": "go"}, {**NATIVE, "schema": "cutover/change-record/v2"},
    {name: said for name, said in NATIVE.items() if name != "schema"}, {**NATIVE, "risk": 3},
]  # fmt: skip


@pytest.mark.parametrize("record", NOT_NATIVE, ids=["a verdict", "another version", "says not what it is", "a number"])
def test_a_native_record_of_another_shape_is_none(record: Any) -> None:
    assert missing(changed(record))


def test_a_native_record_with_a_key_twice_can_be_read_in_two_ways_and_so_in_none() -> None:
    twice = b'{"schema":"cutover/change-record/v1","number":"1","title":"t","state":"approved","state":"rejected",'
    assert missing(changed(twice + b'"risk":"low","requester":"d","scope":{}}'))
