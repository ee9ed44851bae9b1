"""Which items of the main table each function may write: exactly those that it does write, and never the policy."""

from collections.abc import Callable
from typing import Any

import pytest

from cutover.adapters import dynamodb_items as items
from cutover.adapters.dynamodb_commit import actions
from cutover.ports import Commit
from tests.building.policy import CLOSES_AT
from tests.fakes.records import InMemoryRecords
from tests.infra.reading import Assembled
from tests.simulator.journeys import announced, awaiting_approval, awaiting_window, handed_off
from tests.simulator.world import World

MAIN = "{Tables/Main}"
WRITES = {
    "Put": "dynamodb:PutItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Update": "dynamodb:UpdateItem",
}
KEYS = "dynamodb:LeadingKeys ForAllValues:StringLike "
Written = set[tuple[str, str, str]]
"""Function, action, and the kind that a partition key begins with."""


def refused(world: World) -> None:
    world.announce(key="waiver")
    world.run()


def declined(world: World) -> None:
    awaiting_approval(world)
    world.decide("omar", "refuse")
    world.run()


def declined_by_a_rule(world: World) -> None:
    strict = world.rules().model_copy(update={"severities": {"artifacts.nothing-newer": "deny"}})
    world.publish(rules=strict, version=2)
    world.wiring.bucket.put("shop-registry", world.records["artifact"].record, b"built again")
    assert announced(world).status == "declined"


def expired(world: World) -> None:
    awaiting_window(world)
    world.clock.move_to(CLOSES_AT)
    world.tick()


def failed(name: str) -> Callable[[World], None]:
    def journey(world: World) -> None:
        def fail(stage: str, _payload: object) -> None:
            if stage == name:
                raise ZeroDivisionError

        world.before_invoke = fail
        world.announce()
        world.run()
        for _ in range(3):
            world.clock.move_to(world.clock.now() + (CLOSES_AT - world.clock.now()) / 2)
            world.tick()

    return journey


JOURNEYS: dict[str, Callable[[World], object]] = {
    "handed off": handed_off,
    "refused": refused,
    "declined": declined,
    "declined by a rule": declined_by_a_rule,
    "expired": expired,
    "a failing Admit": failed("Admit"),
    "a failing Bind": failed("Bind"),
}


@pytest.fixture(scope="module")
def written() -> Written:
    """Every write of every journey, as the adapter would send it."""
    found: Written = set()
    plain = InMemoryRecords.commit

    def commit(self: InMemoryRecords, commit: Commit) -> None:
        function = "".join(part.capitalize() for part in commit.entries[0].actor.role.split("-"))
        for action in actions("main", commit, "writer"):
            request: dict[str, Any] = {**action.request}
            ((operation, told),) = request.items()
            key: items.Item = told.get("Item") or told["Key"]
            found.add((function, WRITES[operation], key["pk"]["S"].partition("#")[0]))
        plain(self, commit)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(InMemoryRecords, "commit", commit)
        for journey in JOURNEYS.values():
            journey(World())
    return found


def allowed(stage: Assembled) -> Written:
    found: Written = set()
    for name, granted in stage.permissions.items():
        for each in granted:
            if each.resource == MAIN and each.action in WRITES.values():
                assert each.when.startswith(KEYS), f"{name} may write any item: {each.line()}"
                found |= {
                    (name, each.action, key.partition("#*")[0]) for key in each.when.removeprefix(KEYS).split(", ")
                }
    return found


def test_functions_may_write_what_they_write_and_nothing_else(stage: Assembled, written: Written) -> None:
    """Signals are the only updates: the relay clears them, and the clock sets them again."""
    updates = {(name, "dynamodb:UpdateItem", kind) for name in ("Relay", "Clock") for kind in ("ADMISSION", "CUTOVER")}
    assert sorted(allowed(stage)) == sorted(written | updates)


def test_no_function_may_write_the_policy_or_release_the_brake(stage: Assembled) -> None:
    """Whoever could would choose the facts that everything is judged by, an older version of them included."""
    operators = {item["pk"]["S"] for item in (items.POLICY_KEY, items.BRAKE_KEY)}
    assert operators == {"POLICY", "BRAKE"}
    assert not {kind for _, _, kind in allowed(stage)} & operators
