"""The roads of a revision, each as a few goals that people and time pursue with patience: once more when it failed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from cutover.contracts.handoff import RECEIPT_TYPE, WITHDRAWAL_TYPE, Receipt, Withdrawal
from cutover.contracts.resolution import RESOLUTION_TYPE
from cutover.domain import brake as braking
from cutover.domain.record import Brake
from cutover.doors.brake_orders.planning import release_plan
from tests.building.policy import CLOSES_AT, OPENS_AT
from tests.simulation import operators, orders, people, services, sources
from tests.simulation.settling import settle
from tests.simulation.simulation import Simulation
from tests.simulator.journeys import open_holds
from tests.simulator.resolving import resolution, waived

TRIES = 40
Act = Callable[[Simulation], object]
Reached = Callable[[Simulation], bool]


@dataclass(frozen=True)
class Goal:
    """``act`` is done, a minute apart, until it is ``reached``."""

    act: Act
    reached: Reached


@dataclass(frozen=True)
class Road:
    """From a start world by some goals."""

    start: str
    goals: tuple[Goal, ...]

    def walk(self, sim: Simulation) -> None:
        """Raises ``AssertionError`` where a goal is not reached in its time."""
        settle(sim)
        for number, goal in enumerate(self.goals):
            assert _pursued(sim, goal), f"goal {number} was not reached: {standing(sim)}"


def _pursued(sim: Simulation, goal: Goal) -> bool:
    for _ in range(TRIES):
        if goal.reached(sim):
            return True
        goal.act(sim)
        settle(sim)
        if not goal.reached(sim):
            sim.wait(61)
            services.clock(sim)
            settle(sim)
    return goal.reached(sim)


def standing(sim: Simulation) -> dict[tuple[str, int], str]:
    """Where each revision stands."""
    return {name: record.status.value for name, record in sorted(sim.observer.records.items())}


def status(*wanted: str) -> Reached:
    """Whether the revisions stand so, in their order."""
    return lambda sim: tuple(standing(sim).values()) == wanted


def nothing(_sim: Simulation) -> None:
    """Nobody does anything: time does."""


def _first(sim: Simulation) -> None:
    sim.known.setdefault("first", sim.world.candidate())
    sim.call(lambda: sim.world.announce(sim.known["first"]), "ci announces")


def _newer(sim: Simulation) -> None:
    sim.known.setdefault("newer", sim.world.candidate(sequence=2, version="1.4.2"))
    sim.call(lambda: sim.world.announce(sim.known["newer"]), "ci announces a newer one")


def says(person: str, decision: str = "approve") -> Act:
    """A person answers the newest link that they got."""

    def act(sim: Simulation) -> None:
        if person not in _decided(sim):
            people.answer(sim, people.newest(sim, person), decision)

    return act


def _decided(sim: Simulation) -> set[str]:
    last = list(sim.observer.records.values())[-1]
    return {each.person for each in last.decisions}


def _both(sim: Simulation) -> None:
    says("erin")(sim)
    settle(sim)
    says("omar")(sim)


def until(moment: timedelta) -> Act:
    """Time passes until so long after the opening."""

    def act(sim: Simulation) -> None:
        sim.world.clock.move_to(max(sim.world.clock.now(), OPENS_AT + moment))

    return act


def _closing(sim: Simulation) -> None:
    sim.world.clock.move_to(max(sim.world.clock.now(), CLOSES_AT))


def _answers(sim: Simulation) -> None:
    record = next(iter(sim.observer.records.values()))
    answered = {each.fingerprint for each in record.resolutions}
    for hold in [each for each in open_holds(sim.world, record) if each.fingerprint not in answered]:
        said = resolution(sim.world, hold, waived(sim.world, hold), record)
        orders.send(sim, "resolutions", said, RESOLUTION_TYPE, "resolution")
        settle(sim)


def _withdraws(sim: Simulation) -> None:
    said = Withdrawal(
        audience=sim.world.deployment.audience, cutover=next(iter(sim.observer.records))[0], requester="dana",
        reason="Not today.", issued_at=sim.world.clock.now(),
    )  # fmt: skip
    orders.send(sim, "withdrawals", said, WITHDRAWAL_TYPE, "withdrawal")


def _receives(sim: Simulation) -> None:
    message = sim.world.wiring.deployment.messages(sim.world.deployment.target)[0]
    said = Receipt(
        audience=sim.world.deployment.audience, handoff_id="sha256:" + message.deduplication_id, outcome="accepted",
        received_at=sim.world.clock.now(),
    )  # fmt: skip
    orders.send(sim, "receipts", said, RECEIPT_TYPE, "receipt")


def _pulls(action: str) -> Act:
    def act(sim: Simulation) -> None:
        standing = sim.world.wiring.records.brake() or Brake(engaged=False)
        plan = braking.digest_of(release_plan(standing, sim.world.wiring.records)) if action == "release" else None
        orders.order(sim, action, plan)

    return act


def _braked(engaged: bool) -> Reached:
    def reached(sim: Simulation) -> bool:
        standing = sim.world.wiring.records.brake()
        return standing is not None and standing.engaged is engaged

    return reached


def _stopped(sim: Simulation) -> None:
    if not sim.known.get("stopped"):
        operators.stop(sim)
        sim.known["stopped"] = True


def _changed(sim: Simulation) -> None:
    if not sim.known.get("changes"):
        sources.change(sim)


def _without_erin(sim: Simulation) -> None:
    if sim.known.get("facts") is None:
        operators.activate(sim, "without erin")


ASKED, HANDED = status("awaiting_approval"), status("handed_off")
OPENED = until(timedelta(minutes=1))
ROADS: dict[str, Road] = {
    "admission": Road("nothing", (Goal(_first, ASKED),)),
    "approval": Road("asked", (Goal(_both, status("awaiting_window")),)),
    "hand-off": Road("waiting", (Goal(OPENED, HANDED),)),
    "supersession": Road("waiting", (Goal(_newer, status("superseded", "awaiting_approval")),)),
    "resolution": Road("held twice", (Goal(_answers, status("superseded", "awaiting_approval")),)),
    "drift": Road("waiting", (Goal(_changed, status("superseded", "awaiting_approval")),)),
    "late drift": Road("opening", (Goal(_changed, status("superseded", "awaiting_approval")),)),
    "withdrawal": Road("waiting", (Goal(_withdraws, status("withdrawn")),)),
    "adoption": Road("waiting", (Goal(_stopped, lambda sim: bool(sim.known.get("stopped"))), Goal(OPENED, HANDED))),
    "lapse": Road("waiting", (Goal(_without_erin, ASKED), Goal(says("bo"), status("awaiting_window")))),
    "brake": Road(
        "opening",
        (Goal(_pulls("engage"), _braked(True)), Goal(_pulls("release"), _braked(False)), Goal(nothing, HANDED)),
    ),
    "receipt": Road("sent in vain", (Goal(_closing, status("uncertain")), Goal(_receives, HANDED))),
    "deferral": Road(
        "asked",
        (Goal(says("erin", "defer"), status("deferred")), Goal(until(timedelta(hours=-20)), ASKED)),
    ),
    "refusal": Road("half approved", (Goal(says("omar", "refuse"), status("declined")),)),
    "expiry": Road("waiting", (Goal(_closing, status("expired")),)),
}  # fmt: skip
