"""Flags in the bundle, from three kinds of record: where each says what, and what its type must state."""

import copy
from typing import Any

import pytest

from cutover.domain.flag_types import REQUIRED, needed
from tests.unit.assembling_release import Release, place, value

FIELDS = ("owner", "purpose", "default", "environments", "expires_at", "rollback_condition", "monitoring_hook")
CODES = {
    "owner": "FLAG_OWNER_MISSING", "purpose": "FLAG_PURPOSE_MISSING", "default": "FLAG_DEFAULT_MISSING",
    "environments": "FLAG_ENVIRONMENTS_MISSING", "expires_at": "FLAG_EXPIRY_MISSING",
    "rollback_condition": "FLAG_ROLLBACK_CONDITION_MISSING", "monitoring_hook": "FLAG_MONITORING_HOOK_MISSING",
}  # fmt: skip
SAID: dict[str, Any] = {
    "type": "release", "owner": "orders", "purpose": "Cancel orders", "expires_at": "2026-06-01T00:00:00Z",
    "rollback_condition": "More than 1 % fail.", "monitoring_hook": "dashboards/orders",
}  # fmt: skip
KEY = "orders/cancel~v2"
AT = "orders~1cancel~0v2"


def native(**changes: Any) -> dict[str, Any]:
    flag = {"key": KEY, **SAID, "default": "off", "environments": ["PRD", "stage"], **changes}
    return {"schema": "cutover/flag-set/v1", "flags": [flag]}


def appconfig(**changes: Any) -> dict[str, Any]:
    attributes = {"enabled": False, **SAID, "environments": ["PRD", "stage"], **changes}
    shapes = {name: {"constraints": {"type": "string"}} for name in SAID}
    return {
        "version": "1",
        "flags": {KEY: {"name": "Cancel", "description": "Told twice", "attributes": shapes}},
        "values": {KEY: {name: said for name, said in attributes.items() if said is not ...}},
    }


def flagd(**changes: Any) -> dict[str, Any]:
    said = {**SAID, "environments": "PRD, stage", "defaultVariant": "off", **changes}
    variant = said.pop("defaultVariant")
    metadata = {name: each for name, each in said.items() if each is not ...}
    flag = {"state": "ENABLED", "variants": {"on": True, "off": False}, "targeting": {}, "metadata": metadata}
    return {
        "$schema": "https://flagd.dev/schema/v0/flags.json",
        "flags": {KEY: flag if variant is ... else {**flag, "defaultVariant": variant}},
    }


KINDS = {"native": native, "appconfig": appconfig, "flagd": flagd}


def flags(record: Any) -> Any:
    return Release({"flags": record}).section("flags")


def without(kind: str, name: str, **changes: Any) -> Any:
    """A record whose one flag says everything but this."""
    spelled = {"default": {"appconfig": "enabled", "flagd": "defaultVariant"}.get(kind, "default")}.get(name, name)
    if kind == "native":
        record = native(**changes)
        del record["flags"][0][spelled]
        return record
    record = KINDS[kind](**{**changes, spelled: ...})
    if kind == "appconfig" and name == "purpose":
        del record["flags"][KEY]["description"]
    return record


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_record_says_the_same(kind: str) -> None:
    (flag,) = flags(KINDS[kind]())
    assert value(flag["key"]) == KEY
    assert {name: value(flag[name]) for name in SAID} == SAID
    assert [value(each) for each in flag["environments"]] == ["production", "staging"]
    assert value(flag["default"]) is False if kind == "appconfig" else value(flag["default"]) == "off"


def test_where_appconfig_says_it() -> None:
    (flag,) = flags(appconfig())
    assert place(flag["key"]) == (f"/flags/{AT}", "key")
    assert place(flag["owner"]) == (f"/values/{AT}/owner", "value")
    assert place(flag["default"]) == (f"/values/{AT}/enabled", "value")
    assert [place(each) for each in flag["environments"]] == [
        (f"/values/{AT}/environments/0", "environment"), (f"/values/{AT}/environments/1", "environment"),
    ]  # fmt: skip


def test_where_flagd_says_it() -> None:
    (flag,) = flags(flagd())
    assert place(flag["key"]) == (f"/flags/{AT}", "key")
    assert place(flag["type"]) == (f"/flags/{AT}/metadata/type", "value")
    assert place(flag["default"]) == (f"/flags/{AT}/defaultVariant", "value")
    assert {place(each) for each in flag["environments"]} == {(f"/flags/{AT}/metadata/environments", "environment")}


def test_where_a_native_record_says_it() -> None:
    (flag,) = flags(native())
    assert place(flag["key"]) == ("/flags/0/key", "value")
    assert place(flag["environments"][1]) == ("/flags/0/environments/1", "environment")


def test_what_appconfig_calls_the_description_is_a_purpose_where_no_other_is_stated() -> None:
    (flag,) = flags(appconfig(purpose=...))
    assert (value(flag["purpose"]), place(flag["purpose"])) == ("Told twice", (f"/flags/{AT}/description", "value"))


def variants(*last: dict[str, Any]) -> dict[str, Any]:
    record = appconfig()
    record["values"][KEY] = {
        "_variants": [
            {"name": "testers", "enabled": True, "attributeValues": {"owner": "qa"}, "rule": '(eq $id "7")'}, *last,
        ]
    }  # fmt: skip
    return record


def test_of_a_flag_with_variants_the_last_one_is_the_default() -> None:
    (flag,) = flags(variants({"name": "all", "enabled": False, "attributeValues": {**SAID, "environments": "PRD"}}))
    assert place(flag["default"]) == (f"/values/{AT}/_variants/1/enabled", "value")
    assert place(flag["owner"]) == (f"/values/{AT}/_variants/1/attributeValues/owner", "value")
    assert value(flag["default"]) is False


def test_a_flag_whose_every_variant_has_a_rule_has_no_default() -> None:
    made = Release({"flags": variants()})
    assert ("FLAG_DEFAULT_MISSING", "/flags/0/default") in made.gaps("/flags")
    assert value(made.section("flags")[0]["owner"]) is None


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("type_", [*REQUIRED, "never heard of"])
def test_a_missing_field_is_a_named_gap_where_the_type_needs_it(kind: str, name: str, type_: str) -> None:
    made = Release({"flags": without(kind, name, type=type_)})
    (flag,) = made.section("flags")
    if name in needed(type_):
        assert made.gaps("/flags") == {(CODES[name], f"/flags/0/{name}")}
        assert "hold" in flag[name]
    else:
        assert (made.gaps("/flags"), flag[name]) == (set(), None)
    assert value(flag["type"]) == type_


@pytest.mark.parametrize("kind", KINDS)
def test_a_flag_of_no_type_needs_everything(kind: str) -> None:
    made = Release({"flags": without(kind, "type", expires_at=None)})
    wanted = {("FLAG_TYPE_MISSING", "/flags/0/type"), ("FLAG_EXPIRY_MISSING", "/flags/0/expires_at")}
    assert made.gaps("/flags") == wanted


@pytest.mark.parametrize("type_", ["release", "permission"])
@pytest.mark.parametrize("stated", ["soon", "2026-06-01", "2026-13-01T00:00:00Z", "2026-06-01T00:00:00+02:00", 7, ""])
def test_an_expiry_that_is_no_instant_is_none_even_where_none_is_needed(stated: Any, type_: str) -> None:
    made = Release({"flags": appconfig(expires_at=stated, type=type_)})
    assert made.gaps("/flags") == {("FLAG_EXPIRY_MISSING", "/flags/0/expires_at")}


@pytest.mark.parametrize("kind", ["appconfig", "flagd"])
@pytest.mark.parametrize("stated", [[], "", " , ", 7, {"a": 1}, ["PRD", 1], ["x"] * 201], ids=lambda s: repr(s)[:12])
def test_environments_that_are_no_names_are_none(kind: str, stated: Any) -> None:
    made = Release({"flags": KINDS[kind](environments=stated)})
    assert made.gaps("/flags") == {("FLAG_ENVIRONMENTS_MISSING", "/flags/0/environments")}


@pytest.mark.parametrize("stated", [None, 1, 0, "on", ["off"]])
def test_an_appconfig_flag_is_on_or_off_and_a_number_or_a_word_is_neither(stated: Any) -> None:
    gap = {("FLAG_DEFAULT_MISSING", "/flags/0/default")}
    assert Release({"flags": appconfig(enabled=stated)}).gaps("/flags") == gap


@pytest.mark.parametrize("stated", [True, 0, ["off"], ""])
def test_a_flagd_default_is_the_name_of_a_variant(stated: Any) -> None:
    gap = {("FLAG_DEFAULT_MISSING", "/flags/0/default")}
    assert Release({"flags": flagd(defaultVariant=stated)}).gaps("/flags") == gap


def test_a_flagd_flag_may_leave_its_default_to_the_code_and_is_held() -> None:
    assert Release({"flags": flagd(defaultVariant=None)}).gaps("/flags") == {
        ("FLAG_DEFAULT_MISSING", "/flags/0/default")
    }


def test_the_order_of_keys_in_a_record_changes_nothing() -> None:
    record = flagd()
    record["flags"] = {"b": record["flags"][KEY], "a": copy.deepcopy(record["flags"][KEY])}
    back = {**record, "flags": dict(reversed(record["flags"].items()))}
    keys = [[value(flag["key"]) for flag in flags(each)] for each in (record, back)]
    assert keys == [["a", "b"], ["a", "b"]]


def renamed(key: str) -> list[Any]:
    config, file = appconfig(), flagd()
    config["flags"] = {key: config["flags"][KEY]}
    config["values"] = {key: config["values"][KEY]}
    file["flags"] = {key: file["flags"][KEY]}
    return [config, file]


@pytest.mark.parametrize("key", ["/", "~", "~1", "0", "a b", "/" * 256, "enabled", "..", "flags"])
def test_any_key_that_is_a_line_of_text_is_found_again(key: str) -> None:
    for record in renamed(key):
        (flag,) = flags(record)
        assert (value(flag["key"]), value(flag["owner"])) == (key, "orders")


@pytest.mark.parametrize("key", ["", "a\nb", "\u0000", "\ud800", "x" * 257, "é" * 129], ids=repr)
def test_a_key_that_nobody_could_write_spoils_the_record(key: str) -> None:
    for record in renamed(key):
        assert Release({"flags": record}).gaps("/flags") == {("FLAG_RECORD_MISSING", "/flags")}


NONE_OF_THEM: list[Any] = [
    {}, [], None, "flags", {"flags": []}, {"flags": None}, {"version": "1", "flags": {}, "values": []},
    {"version": "2", "flags": {}, "values": {}}, {"version": "2", "flags": {}}, {"flags": {}, "values": {}},
    {"version": 1, "flags": {}, "values": {}},
    {"version": "1", "flags": {}, "values": {"unknown": {"enabled": True}}}, {"schema": "cutover/flag-set/v2"},
    {"schema": None, "flags": {"a": {}}}, {"flags": {f"f{number}": {} for number in range(201)}},
    {**native(), "values": {}}, b'{"flags":{"a":{},"a":{}}}', b"[" * 100_000, b"\xff", b"",
]  # fmt: skip


@pytest.mark.parametrize("record", NONE_OF_THEM, ids=lambda record: repr(record)[:30])
def test_a_record_of_no_known_kind_is_missing_and_never_an_empty_list(record: Any) -> None:
    assert Release({"flags": record}).gaps("/flags") == {("FLAG_RECORD_MISSING", "/flags")}


def test_a_native_record_may_name_a_key_twice_which_a_check_holds() -> None:
    record = native()
    record["flags"] *= 2
    assert [value(flag["key"]) for flag in flags(record)] == [KEY, KEY]


@pytest.mark.parametrize("flag", [None, 7, [], "on", {"metadata": []}, {"metadata": None}])
def test_a_flag_that_is_no_object_says_nothing(flag: Any) -> None:
    made = Release({"flags": {"flags": {"a": flag}}})
    assert made.gaps("/flags") == {("FLAG_TYPE_MISSING", "/flags/0/type")} | {
        (code, f"/flags/0/{name}") for name, code in CODES.items()
    }


def test_an_appconfig_record_without_values_says_nothing_of_its_flags() -> None:
    """It is still AppConfig's, where ``/flags/K/metadata`` means nothing."""
    record = {"version": "1", "flags": {"a": {"name": "A", "metadata": {"owner": "orders"}, "description": "For A"}}}
    made = Release({"flags": record})
    assert value(made.section("flags")[0]["purpose"]) == "For A"
    assert made.gaps("/flags") == {("FLAG_TYPE_MISSING", "/flags/0/type")} | {
        (code, f"/flags/0/{name}") for name, code in CODES.items() if name != "purpose"
    }


def test_no_flags_at_all_is_what_some_releases_have() -> None:
    empty: list[dict[str, Any]] = [
        {"schema": "cutover/flag-set/v1", "flags": []},
        {"flags": {}},
        {"version": "1", "flags": {}, "values": {}},
    ]
    for record in empty:
        made = Release({"flags": record})
        assert (made.section("flags"), made.gaps("/flags")) == ([], set())


def test_more_than_a_bundle_has_room_for_is_one_gap() -> None:
    """No finding is left of the flags that were built in vain."""
    each = {"defaultVariant": "on", "metadata": {"environments": ",".join(["e"] * 200)}}
    made = Release({"flags": {"flags": {f"f{number}": each for number in range(200)}}})
    assert made.gaps("/flags") == {("FLAG_RECORD_MISSING", "/flags")}
    fewer = Release({"flags": {"flags": {f"f{number}": each for number in range(10)}}})
    assert len(fewer.section("flags")) == 10
