"""Overlays in the bundle: only what differs, with both values; what can be read in two ways is read in none."""

from typing import Any

import pytest

from tests.unit.assembling_release import Release, place, value

MISSING = {("OVERLAYS_MISSING", "/overlays")}


def setting(name: str, said: Any) -> dict[str, Any]:
    return {"name": name, "value": said}


def record(base: list[Any], *overlays: tuple[str, list[Any]]) -> dict[str, Any]:
    return {
        "schema": "cutover/environment-overlays/v1",
        "base": base,
        "overlays": [{"environment": environment, "settings": settings} for environment, settings in overlays],
    }


BASE = [setting("region", "eu-west-1"), setting("replicas", 2), setting("debug", False)]


def differences(said: Any) -> list[dict[str, Any]]:
    (overlay,) = Release({"overlays": said}).section("overlays")
    return list(overlay["differences"])


def test_only_what_differs_is_in_the_bundle_with_both_values() -> None:
    said = record(BASE, ("PRD", [setting("region", "eu-west-1"), setting("replicas", 6), setting("tracing", True)]))
    (overlay,) = Release({"overlays": said}).section("overlays")
    assert (value(overlay["environment"]), place(overlay["environment"])) == (
        "production", ("/overlays/0/environment", "environment"),
    )  # fmt: skip
    replicas, tracing = overlay["differences"]
    assert [value(replicas[name]) for name in ("name", "base", "value")] == ["replicas", 2, 6]
    assert [place(replicas[name])[0] for name in ("name", "base", "value")] == [
        "/overlays/0/settings/1/name", "/base/1/value", "/overlays/0/settings/1/value",
    ]  # fmt: skip
    assert (value(tracing["name"]), tracing["base"], value(tracing["value"])) == ("tracing", None, True)


@pytest.mark.parametrize(
    ("shared", "own"), [(1, True), (True, 1), (0, False), (1, "1"), ("true", True), ("a", "A"), (" a", "a"), ("", "é")]
)
def test_values_are_compared_as_json_knows_them(shared: Any, own: Any) -> None:
    if shared == "":
        shared = "e\u0301"  # the same letter to the eye, and another text
    found = differences(record([setting("x", shared)], ("prod", [setting("x", own)])))
    assert [(value(each["base"]), value(each["value"])) for each in found] == [(shared, own)]
    assert [(type(value(each["base"])), type(value(each["value"]))) for each in found] == [(type(shared), type(own))]


@pytest.mark.parametrize("same", [1, True, "a", -(2**53) + 1])
def test_the_same_value_is_no_difference(same: Any) -> None:
    assert differences(record([setting("x", same)], ("prod", [setting("x", same)]))) == []


def test_an_environment_that_sets_nothing_otherwise_is_still_named() -> None:
    said = record(BASE, ("prod", []), ("stage", list(BASE)))
    found = Release({"overlays": said}).section("overlays")
    assert [(value(each["environment"]), each["differences"]) for each in found] == [
        ("production", []),
        ("staging", []),
    ]


TWICE = [
    record([*BASE, setting("debug", True)], ("prod", [])),
    record([*BASE, BASE[0]], ("prod", [])),
    record(BASE, ("prod", [setting("a", 1), setting("a", 2)])),
    record(BASE, ("prod", []), ("prod", [])),
    record(BASE, ("prod", [setting("replicas", 6)]), ("PRD", [])),
]
ILL: list[Any] = [
    record(BASE, ("prod", [setting("x", 1.5)])),
    record(BASE, ("prod", [setting("x", None)])),
    record(BASE, ("prod", [setting("x", ["a"])])),
    record(BASE, ("prod", [setting("x", 2**53)])),
    record([setting("x", -(2**53))], ("prod", [])),
    record([setting("x", 10**400)], ("prod", [])),
    record(BASE, ("prod", [setting("x", "\ud800")])),
    record(BASE, ("prod", [setting("", 1)])),
    record(BASE, ("", [])),
    record(BASE, *((f"e{number}", []) for number in range(51))),
    {**record(BASE), "schema": "cutover/environment-overlays/v2"},
    {**record(BASE), "verdict": "go"},
    {"base": [], "overlays": []}, {}, [], None,
    b'{"schema":"cutover/environment-overlays/v1","base":[],"overlays":[],"overlays":[]}', b"[" * 100_000, b"", b"\xff",
]  # fmt: skip


@pytest.mark.parametrize("said", [*TWICE, *ILL], ids=lambda said: repr(said)[:40])
def test_what_can_be_read_in_two_ways_or_in_none_is_missing(said: Any) -> None:
    assert Release({"overlays": said}).gaps("/overlays") == MISSING


def test_a_candidate_that_names_no_overlays_is_held_and_the_hold_is_about_it_alone() -> None:
    """A waiver answers a fingerprint: of two candidates, one waiver must not answer both."""
    made = [Release({}, announced={"overlays": None, "sequence": number}) for number in (1, 2)]
    found = [[each for each in release.made.findings if each.code == "OVERLAYS_MISSING"] for release in made]
    (first,), (second,) = found
    assert (first.field, first.family, first.subject) == (
        "/overlays",
        "overlays",
        made[0].evidence_set.candidate.sha256,
    )
    assert first.subject != second.subject


def test_a_record_without_overlays_says_that_no_environment_differs() -> None:
    made = Release({"overlays": record(BASE)})
    assert (made.section("overlays"), made.gaps("/overlays")) == ([], set())


def test_more_differences_than_a_bundle_has_room_for_are_one_gap() -> None:
    """Half a megabyte of settings would make a bundle of 17, which nothing could read again."""
    base = [setting(f"s{number}", 0) for number in range(500)]
    other = [setting(f"s{number}", 1) for number in range(500)]
    few = Release({"overlays": record(base, *((f"e{number}", other) for number in range(2)))})
    assert sum(len(overlay["differences"]) for overlay in few.section("overlays")) == 1_000
    many = Release({"overlays": record(base, *((f"e{number}", other) for number in range(50)))})
    assert many.gaps("/overlays") == MISSING
