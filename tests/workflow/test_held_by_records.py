"""What other systems say holds a release on the whole road: rows 5 to 7, 9 to 11 and 18, each with its own code."""

import json
from typing import Any

import pytest

from cutover.contracts.policy import Rendering
from tests.building.records import ENTITY
from tests.simulator.journeys import announced, open_holds, register_of, rewrite, told
from tests.simulator.owners import with_facts, with_rules
from tests.simulator.world import World
from tests.workflow.test_held import OTHER, UNANSWERED, Change, assert_held, drop, edit, put, waiver

OWNER = "/components/0/catalog/owner"
Expected = set[tuple[str, str]]


def entity(before: str, after: str) -> Change:
    """The catalog's entity, in YAML, with one thing otherwise."""

    def apply(world: World) -> None:
        said = ENTITY.decode()
        assert before in said
        rewrite(world, "catalog", said.replace(before, after).encode())

    return apply


def team(**changes: Any) -> Change:
    """The facts say something else of the team that owns the component."""

    def apply(world: World) -> None:
        with_facts(world, lambda said: said["teams"]["release-engineering"].update(changes))

    return apply


def rules(**changes: Any) -> Change:
    def apply(world: World) -> None:
        with_rules(world, **changes)

    return apply


def elsewhere(world: World) -> Any:
    """The release goes to an environment that no record has heard of."""
    return world.candidate(environments=("production", "staging"))


ROAD: tuple[tuple[str, Change, Expected], ...] = (
    ("a change that waits", edit("change", put("requested", "state")), {("CHANGE_NOT_APPROVED", "/change/state")}),
    ("a change that is over", edit("change", put("closed", "state")), {("CHANGE_CLOSED", "/change/state")}),
    (
        "a component outside the scope",
        edit("change", put(["Service-2"], "scope", "components")),
        {("SCOPE_CONFLICT", "/change/components"), ("NAME_UNKNOWN", "/change/components/0")},
    ),
    (
        "an environment outside the scope",
        edit("change", put([], "scope", "environments")),
        {("SCOPE_MISSING", "/change/environments")},
    ),
    (
        "an environment that nobody knows",
        elsewhere,
        {
            ("NAME_UNKNOWN", "/release/environments/1"), ("SCOPE_CONFLICT", "/change/environments"),
            ("COHORT_MISSING", "/cohorts"), ("FLAG_OUT_OF_SCOPE", "/flags/0/environments"),
            ("FLAG_OUT_OF_SCOPE", "/flags/1/environments"), ("ENVIRONMENT_OVERLAY_MISSING", "/overlays"),
        },
    ),
    (
        "a cohort of nothing",
        edit("rollout", put(0, "cohorts", 0, "share_percent")),
        {("COHORT_UNSIZED", "/cohorts/0/share_percent")},
    ),
    (
        "cohorts of more than all",
        edit("rollout", put(11, "cohorts", 0, "share_percent")),
        {("COHORT_SHARES_EXCEED", "/cohorts")},
    ),
    (
        "a cohort where the release does not go",
        edit("rollout", put("qa", "cohorts", 0, "environment")),
        {("COHORT_OUT_OF_SCOPE", "/cohorts/0/environment"), ("NAME_UNKNOWN", "/cohorts/0/environment")},
    ),
    (
        "a cohort that nobody knows",
        edit("rollout", put("beta", "cohorts", 0, "name")),
        {("NAME_UNKNOWN", "/cohorts/0/name")},
    ),
    (
        "a cohort in two spellings",
        edit("rollout", put("everyone", "cohorts", 0, "name")),
        {("COHORT_REPEATED", "/cohorts/1/name")},
    ),
    ("a flag of no known type", edit("flags", put("x", "flags", 0, "type")), {("FLAG_TYPE_UNKNOWN", "/flags/0/type")}),
    (
        "a flag that is over",
        edit("flags", put("2026-03-01T00:00:00Z", "flags", 0, "expires_at")),
        {("FLAG_EXPIRED", "/flags/0/expires_at")},
    ),
    (
        "a flag that ends within the window",
        edit("flags", put("2026-03-03T21:00:00Z", "flags", 0, "expires_at")),
        {("FLAG_EXPIRES_BEFORE_WINDOW", "/flags/0/expires_at")},
    ),
    (
        "a difference that nobody declared",
        edit("overlays", put([{"name": "region", "value": "eu-west-1"}], "overlays", 0, "settings")),
        {("ENVIRONMENT_DIFFERENCE_UNDECLARED", "/overlays/0/differences/0")},
    ),
    (
        "a difference beyond its bounds",
        edit("overlays", put([{"name": "replicas", "value": 51}], "overlays", 0, "settings")),
        {("ENVIRONMENT_DIFFERENCE_NOT_ALLOWED", "/overlays/0/differences/0")},
    ),
    (
        "true for a number",
        edit("overlays", put([{"name": "replicas", "value": True}], "overlays", 0, "settings")),
        {("ENVIRONMENT_DIFFERENCE_NOT_ALLOWED", "/overlays/0/differences/0")},
    ),
    ("no overlay", edit("overlays", put([], "overlays")), {("ENVIRONMENT_OVERLAY_MISSING", "/overlays")}),
    ("an entity without an owner", entity("  owner: group:default/orders\n", ""), {("CATALOG_OWNER_MISSING", OWNER)}),
    ("a person as owner", entity("group:default/orders", "user:default/dana"), {("OWNER_IS_A_PERSON", OWNER)}),
    ("words as owner", entity("group:default/orders", "Whoever has time"), {("OWNER_UNRESOLVED", OWNER)}),
    ("an owner that leads to no team", entity("default/orders", "default/cards"), {("OWNER_UNRESOLVED", OWNER)}),
    ("a team without people", entity("default/orders", "default/operations"), {("OWNER_WITHOUT_PEOPLE", OWNER)}),
    ("a team without a channel", team(channel=None), {("OWNER_WITHOUT_CHANNEL", OWNER)}),
    ("a team that nobody calls", team(escalation=None), {("OWNER_WITHOUT_ESCALATION", OWNER)}),
    (
        "the entity of something else",
        entity("name: service", "name: billing"),
        {("CATALOG_ENTITY_OF_ANOTHER", "/components/0/catalog"), ("NAME_UNKNOWN", "/components/0/catalog")},
    ),
    (
        "rules that know no component",
        rules(rendering=Rendering(cohorts={"first": (), "all": ()}, environments={"production": ()})),
        {
            ("NAME_UNKNOWN", "/components/0/name"), ("NAME_UNKNOWN", "/change/components/0"),
            ("NAME_UNKNOWN", "/components/0/catalog"),
        },
    ),
)  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), [case[1:] for case in ROAD], ids=[case[0] for case in ROAD])
def test_a_record_of_another_system_holds_the_release(change: Change, expected: Expected) -> None:
    world = World()
    assert_held(world, announced(world, change(world)), *expected)


@pytest.mark.parametrize(
    "change",
    [
        edit("change", put(["Service"], "scope", "components"), put(["prod"], "scope", "environments")),
        edit("rollout", put("everyone", "cohorts", 1, "name"), put("prod", "cohorts", 1, "environment")),
        edit("flags", put(["prod"], "flags", 0, "environments"), drop("flags", 1)),
        edit("overlays", put("prod", "overlays", 0, "environment")),
        entity("name: service", "name: Service"),
        entity("group:default/orders", "Orders"),
    ],
    ids=["the change", "the rollout", "the flags", "the overlays", "the catalog", "an owner without kind"],
)
def test_other_spellings_hold_nothing(change: Change) -> None:
    """Row 18: what the rules' table renders is the same name."""
    world = World()
    assert announced(world, change(world)).status == "awaiting_approval"


def test_a_difference_names_both_values() -> None:
    world = World()
    edit("overlays", put([{"name": "region", "value": "eu-west-1"}], "overlays", 0, "settings"))(world)
    (hold,) = open_holds(world, announced(world, None))
    assert hold.found == '"region" is "eu-west-1" in "production", and "eu-central-1" for all'


def test_a_waiver_for_another_component_is_seen() -> None:
    """It answers nothing, so its hold is open; and the register says that it answers nothing."""
    world = World()
    record = announced(world, waiver(fingerprint=OTHER)(world))
    assert_held(world, record, UNANSWERED)
    (warning,) = register_of(world, record).warnings
    assert (warning.code, warning.field) == ("WAIVER_ANSWERS_NOTHING", "/waivers/0/fingerprint")
    assert OTHER in warning.found


def test_a_hold_says_which_record_answers_it() -> None:
    """What was found wrong in a record can be answered with its corrected version."""
    world = World()
    edit("overlays", put([], "overlays"))(world)
    record = announced(world, None)
    (message,) = told(world)
    assert message.answer is not None
    assert [each.record for each in message.answer.records] == ["overlays/service"]
    assert json.loads(message.hold.model_dump_json())["owner"] == "release-engineering"
    assert record.status == "held"
