"""A function is stopped between its reading and its commit, or between its lease and its send; the world goes on;
and then it wakes up: it changes nothing, and sends nothing. A thousand times, in a second process.
"""

import functools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cutover.adapters import dynamodb_items as items
from cutover.domain import schedule
from tests.building.policy import CLOSES_AT
from tests.engines import actors, dynamodb_local, ways
from tests.engines.actors import CUTOVER
from tests.engines.dynamodb_local import Engine
from tests.engines.scenes import Place, Scene, write
from tests.engines.sharing import SharedClock
from tests.engines.soundness import Table
from tests.engines.zombie import Act, Order, Zombie, shared_place

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

ROUNDS = int(os.environ.get("CUTOVER_ZOMBIES", "1000"))
"""Over all cases together."""
Meanwhile = Callable[[Place], object]


# --- what goes on meanwhile ----------------------------------------------------------------------------------------


def supersede(place: Place) -> None:
    (newer,) = place.scene.given["admissions"]
    assert actors.admit(place.wiring(), newer).status == "collecting"


def refuse(place: Place) -> None:
    assert actors.decide(place.wiring(), "bo", "operations", "refuse").status == "declined"


def expire(place: Place) -> None:
    place.clock.move_to(record(place).expires_at)
    assert actors.tick(place.wiring())["expired"] == 1


def adopt(place: Place) -> None:
    stalled = schedule.stalled_at(record(place))
    assert stalled is not None
    place.clock.move_to(max(stalled, place.clock.now()))
    assert actors.tick(place.wiring())["adopted"] == 1


def hand_off(place: Place) -> None:
    """Another attempt does all of it."""
    assert actors.hand_off(place.wiring()).status == "handed_off"


def let_the_lease_run_out(place: Place) -> None:
    lease = record(place).lease_until
    assert lease is not None
    place.clock.move_to(lease)


def give_up(place: Place) -> None:
    place.clock.move_to(CLOSES_AT + timedelta(hours=1))
    assert actors.tick(place.wiring())["uncertain"] == 1


def go_on_as_the_second(act: Callable[..., Any]) -> Meanwhile:
    """The execution that took over does what the first one was about to do."""
    return lambda place: act(place.wiring(), place.scene.given[CUTOVER], execution=2)


def record(place: Place) -> Any:
    return place.records.revision(CUTOVER, 1)


# --- who is stopped ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """``before``/``after``: which of its commits it is stopped at. ``notes``: what it may still say in the ledger.

    ``share``: of all rounds. A hand-off proves the whole package each time, which takes three times as long.
    """

    scene: Callable[[], Scene]
    act: Callable[[Scene], Act]
    meanwhile: tuple[Meanwhile, ...]
    ends: str
    before: int = 1
    after: int = 0
    notes: frozenset[str] = field(default_factory=frozenset)

    @property
    def share(self) -> int:
        return 1 if self.act is hands_off else 3


def approves(_scene: Scene) -> Act:
    return functools.partial(actors.decide, person="omar", role="operations")


def hands_off(_scene: Scene) -> Act:
    return actors.hand_off


def ticks(_scene: Scene) -> Act:
    return actors.tick


def waits(_scene: Scene) -> Act:
    return actors.await_window


def admits(scene: Scene) -> Act:
    return functools.partial(actors.admit, digest=scene.given["admissions"][0])


def assembles(scene: Scene) -> Act:
    return functools.partial(actors.assemble, given=scene.given[CUTOVER])


def binds(scene: Scene) -> Act:
    return functools.partial(actors.bind, given=scene.given[CUTOVER])


half_approved, in_the_window = functools.partial(ways.half_approved, 2), functools.partial(ways.in_the_window, 2)
to_assemble = functools.partial(ways.about_to, "Assemble", newer=(2,))
to_bind = functools.partial(ways.about_to, "Bind", newer=(2,))
SAID_NO = frozenset({"decision-refused"})
CASES = {
    "an approval of what was superseded": Case(half_approved, approves, (supersede,), "superseded", notes=SAID_NO),
    "an approval of what was refused": Case(half_approved, approves, (refuse,), "declined", notes=SAID_NO),
    "an approval of what expired": Case(half_approved, approves, (expire,), "expired", notes=SAID_NO),
    "a hand-off of what was superseded": Case(in_the_window, hands_off, (supersede,), "superseded"),
    "a hand-off of what was refused": Case(ways.in_the_window, hands_off, (refuse,), "declined"),
    "a hand-off of what expired": Case(ways.in_the_window, hands_off, (expire,), "expired"),
    "a hand-off of what was adopted": Case(ways.in_the_window, hands_off, (adopt,), "awaiting_window"),
    "a hand-off of what another handed off": Case(ways.in_the_window, hands_off, (hand_off,), "handed_off"),
    "a lease that another took over": Case(
        ways.in_the_window, hands_off, (let_the_lease_run_out, hand_off), "handed_off", before=0, after=1
    ),
    "a lease that is uncertain by now": Case(ways.in_the_window, hands_off, (give_up,), "uncertain", before=0, after=1),
    "a send that another sent again": Case(
        ways.in_the_window, hands_off, (let_the_lease_run_out, hand_off), "handed_off", before=2
    ),
    "a send that is uncertain by now": Case(ways.in_the_window, hands_off, (give_up,), "uncertain", before=2),
    "a bundle of what was adopted": Case(to_assemble, assembles, (adopt,), "collecting"),
    "a bundle of what was superseded": Case(to_assemble, assembles, (supersede,), "superseded"),
    "a bundle that another made": Case(
        to_assemble, assembles, (adopt, go_on_as_the_second(actors.assemble)), "verifying"
    ),
    "a binding of what was superseded": Case(to_bind, binds, (supersede,), "superseded"),
    "a binding that another made": Case(to_bind, binds, (adopt, go_on_as_the_second(actors.bind)), "bound"),
    "a binding of what expired": Case(to_bind, binds, (expire,), "expired"),
    "a wait of what was adopted": Case(ways.approved, waits, (adopt,), "approved"),
    "an expiry that another wrote": Case(ways.over, ticks, (expire,), "expired"),
    "an admission that another decided": Case(half_approved, admits, (supersede,), "superseded"),
}  # fmt: skip


# --- a thousand times ------------------------------------------------------------------------------------------------


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
    """All that is decided: everything but the ledger, which only tells."""
    return {key_of(item): item for item in table.items if item["kind"]["S"] not in {"LEDGER", "HEAD"}}


def notes_since(before: Table, after: Table) -> set[str]:
    """The events of the ledger entries that came since; none of them is a row of the protocol."""
    known = {key_of(item) for item in before.items}
    added = [item for item in after.items if key_of(item) not in known]
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
