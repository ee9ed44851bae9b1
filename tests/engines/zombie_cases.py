"""Whose process is stopped where, and what goes on in the world until it wakes up."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cutover.domain import schedule
from tests.building.policy import CLOSES_AT
from tests.engines import actors, ways
from tests.engines.actors import CUTOVER
from tests.engines.scenes import Place, Scene
from tests.engines.zombie import Act

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


def another_takes(number: int) -> Meanwhile:
    """The scene's signed event of that number arrives."""
    return lambda place: actors.takes(place.wiring(), place.scene.given["events"][number])


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


def takes(scene: Scene) -> Act:
    return functools.partial(actors.takes, event=scene.given["events"][0])


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
    "an answer to what was superseded": Case(
        functools.partial(ways.held, 2), takes, (supersede,), "superseded", notes=frozenset({"resolution-refused"})
    ),
    "an answer that another took": Case(ways.held, takes, (another_takes(0),), "held"),
    "a withdrawal that another took": Case(ways.withdrawing, takes, (another_takes(0),), "withdrawn"),
    "a release of the brake that was engaged again": Case(
        ways.braked, takes, (another_takes(1),), "awaiting_window", notes=frozenset({"brake-refused"})
    ),
    "a receipt that another took": Case(ways.acknowledging, takes, (another_takes(0),), "handed_off"),
    "an admission that another decided": Case(half_approved, admits, (supersede,), "superseded"),
}  # fmt: skip
