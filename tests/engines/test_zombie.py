"""A function is stopped between its reading and its commit, or between its lease and its send; the world goes on;
and then it wakes up: it changes nothing, and sends nothing. A thousand times, in a second process.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cutover.adapters import dynamodb_items as items
from tests.engines import dynamodb_local
from tests.engines.actors import CUTOVER
from tests.engines.dynamodb_local import Engine
from tests.engines.scenes import Place, Scene, write
from tests.engines.sharing import SharedClock
from tests.engines.soundness import Table
from tests.engines.zombie import Order, Zombie, shared_place
from tests.engines.zombie_cases import CASES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

ROUNDS = int(os.environ.get("CUTOVER_ZOMBIES", "1000"))
"""Over all cases together."""


@pytest.fixture(scope="module")
def zombie(engine: Engine) -> Iterator[Zombie]:
    started = Zombie(engine)
    yield started
    started.close()


class Ground:
    """One table, in which a scene is laid out again and again: only what has changed is written."""

    def __init__(self, client: "DynamoDBClient", table: str, scene: Scene) -> None:
        self._client, self._table, self._scene = client, table, scene
        self._wanted = {key_of(item): item for item in scene.stored}

    def renew(self, found: list[items.Item], folder: Path) -> Place:
        there = {key_of(item): item for item in found}
        requests: list[dict[str, Any]] = [
            {"PutRequest": {"Item": item}} for key, item in self._wanted.items() if there.get(key) != item
        ]
        requests += [
            {"DeleteRequest": {"Key": {name: item[name] for name in ("pk", "sk")}}}
            for key, item in there.items() if key not in self._wanted
        ]  # fmt: skip
        write(self._client, self._table, requests)
        (folder / "objects").mkdir(parents=True)
        SharedClock(folder / "clock", self._scene.now).close()
        return shared_place(self._scene, self._client, self._table, folder)


def key_of(item: items.Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def state_of(table: Table) -> dict[tuple[str, str], items.Item]:
    """All that is decided: everything but the ledger, which only tells, and what keeps it from telling twice."""
    return {key_of(item): item for item in table.items if item["kind"]["S"] not in {"LEDGER", "HEAD", "NONCE"}}


def notes_since(before: Table, after: Table) -> set[str]:
    """The events of the ledger entries that came since; none of them is a row of the protocol."""
    known = {key_of(item) for item in before.items}
    added = [item for item in after.items if key_of(item) not in known and item["kind"]["S"] == "LEDGER"]
    assert not [item for item in added if "transition" in item]
    return {item["event"]["S"] for item in added}


@pytest.mark.parametrize("name", CASES)
def test_a_zombie_changes_nothing_and_sends_nothing(
    name: str, zombie: Zombie, client: "DynamoDBClient", tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    case = CASES[name]
    rounds, scene = -(-ROUNDS * case.share // sum(each.share for each in CASES.values())), case.scene()
    with dynamodb_local.table(client) as table:
        ground, found = Ground(client, table, scene), list[items.Item]()
        for number in range(rounds):
            folder = tmp_path / str(number)
            place = ground.renew(found, folder)
            order = Order(None if number else scene, table, folder, case.act(scene), case.before, case.after)
            with zombie.stopped(order) as go_on:
                for meanwhile in case.meanwhile:
                    meanwhile(place)
                before = Table(client, table)
                report = go_on()
            after = Table(client, table)
            assert report.stopped, "it was never where it should have been stopped"
            assert report.sent == 0
            assert state_of(after) == state_of(before)
            assert notes_since(before, after) <= case.notes
            found = after.items
        last = Table(client, table)
        last.assert_sound()
        assert last.record(CUTOVER).status == case.ends
    record_property("zombies stopped and woken", rounds)
