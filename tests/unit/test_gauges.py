"""How things stand: the oldest hold and approval, what waits, the brake, and hand-offs that nobody knows of."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from cutover.domain.gauges import COUNTED, Gauge, gauges
from cutover.domain.record import SETTLED, Brake, RevisionRecord, Status
from cutover.doors.clock.standing import MOST, standing
from cutover.errors import DependencyUnavailable, Refused
from tests.adapters.samples import record
from tests.fakes.clock import START
from tests.fakes.faults import Faults, faulty
from tests.simulator.events import engage
from tests.simulator.journeys import announced, awaiting_approval, awaiting_window, revise
from tests.simulator.owners import with_facts
from tests.simulator.world import World

NOW = START + timedelta(hours=5)
OFF, ON = Brake(engaged=False), Brake(engaged=True)


def said(*records: RevisionRecord, brake: Brake | None = OFF) -> dict[str, int]:
    return by_name(gauges(records, brake, NOW))


def by_name(found: tuple[Gauge, ...]) -> dict[str, int]:
    named = {" ".join((each.name, *each.dimensions.values())): each.value for each in found}
    assert len(named) == len(found)
    return named


def at(status: Status, **fields: Any) -> RevisionRecord:
    return record(**{"status": status, "moved_at": NOW} | fields)


def test_where_nothing_waits_every_gauge_is_zero() -> None:
    found = said()
    assert set(found.values()) == {0}
    assert {f"Waiting {status.value}" for status in COUNTED - {Status.UNCERTAIN}} < set(found)
    assert {"OldestHoldSeconds", "OldestApprovalSeconds", "UncertainOpen", "BrakeEngaged", "BrakeUnknown"} < set(found)


def test_the_oldest_is_told_whatever_was_written_since() -> None:
    found = said(
        at(Status.HELD, waits_since=START),
        at(Status.HELD, revision=2, waits_since=START + timedelta(hours=1)),
        at(Status.DEFERRED, revision=3, waits_since=START + timedelta(hours=2)),
        at(Status.AWAITING_APPROVAL, revision=4, waits_since=START + timedelta(hours=3)),
    )
    assert (found["OldestHoldSeconds"], found["OldestApprovalSeconds"]) == (5 * 3600, 3 * 3600)
    assert (found["Waiting held"], found["Waiting deferred"], found["Waiting awaiting_approval"]) == (2, 1, 1)


def test_a_record_from_before_counts_from_its_last_change() -> None:
    assert said(at(Status.HELD, moved_at=START))["OldestHoldSeconds"] == 5 * 3600
    assert said(at(Status.HELD, waits_since=NOW + timedelta(seconds=9)))["OldestHoldSeconds"] == 0


def test_a_rehearsal_waits_for_nobody() -> None:
    rehearsed = record(cutover="service@production.rehearsal.1", status=Status.VERIFYING)
    assert said(rehearsed) == said()


@pytest.mark.parametrize(("brake", "engaged", "unknown"), [(OFF, 0, 0), (ON, 1, 0), (None, 1, 1)])
def test_an_unknown_brake_stops_as_an_engaged_one_does(brake: Brake | None, engaged: int, unknown: int) -> None:
    found = said(brake=brake)
    assert (found["BrakeEngaged"], found["BrakeUnknown"]) == (engaged, unknown)


def test_what_is_settled_is_not_read() -> None:
    assert not COUNTED & SETTLED
    assert said(at(Status.UNCERTAIN))["UncertainOpen"] == 1


def minute(world: World) -> dict[str, int]:
    return by_name(standing(world.wiring.records, world.clock, lambda _name, _error: None))


def test_a_hold_ages_though_its_record_is_written() -> None:
    world = World()
    revise(world, "flags", lambda each: each["flags"][0].pop("owner"))
    held = announced(world)
    world.clock.move(timedelta(minutes=30))
    world.tick()
    assert held.waits_since is not None
    assert minute(world)["OldestHoldSeconds"] == 30 * 60


def test_an_approval_ages_over_a_deferral_and_begins_anew_when_one_lapsed() -> None:
    world = World()
    awaiting_approval(world)
    world.clock.move(timedelta(minutes=10))
    world.decide("erin")
    world.run()
    assert minute(world)["OldestApprovalSeconds"] == 600
    world = World()
    awaiting_window(world)
    world.clock.move(timedelta(minutes=10))
    assert minute(world)["OldestApprovalSeconds"] == 0
    with_facts(world, lambda each: each["people"]["erin"].update(roles=[]))
    world.clock.move(timedelta(minutes=10))
    world.tick()
    assert world.record().status is Status.AWAITING_APPROVAL
    assert minute(world)["OldestApprovalSeconds"] == 0
    world.clock.move(timedelta(minutes=3))
    assert minute(world)["OldestApprovalSeconds"] == 180


def test_the_clock_says_it_every_minute(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    awaiting_approval(world)
    engage(world)
    capsys.readouterr()
    world.tick()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
    metrics = {metric["Name"]: each for each in lines for metric in each["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert metrics["BrakeEngaged"]["BrakeEngaged"] == [1.0]
    assert metrics["OldestApprovalSeconds"]["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Unit"] == "Seconds"
    assert {each["status"] for each in lines if "Waiting" in each} == {
        status.value for status in COUNTED - {Status.UNCERTAIN}
    }


@pytest.mark.parametrize("call", ["records.brake", "records.waiting"])
def test_what_cannot_be_read_is_reported_and_never_reassuring(call: str) -> None:
    world, faults, reported = World(), Faults(), list[str]()
    awaiting_approval(world)
    faults.before(call)
    found = by_name(
        standing(
            faulty(world.wiring.records, "records", faults), world.clock,
            lambda name, error: reported.append(f"{name} {type(error).__name__}"),
        )
    )  # fmt: skip
    assert faults.spent
    assert reported == [f"{call.removeprefix('records.')} {DependencyUnavailable.__name__}"]
    if call == "records.brake":
        assert (found["BrakeEngaged"], found["BrakeUnknown"], found["Waiting awaiting_approval"]) == (1, 1, 1)
    else:
        assert set(found) == {"BrakeEngaged", "BrakeUnknown"}


def test_where_more_waits_than_is_counted_that_is_reported() -> None:
    world, reported = World(), list[str]()
    waiting = awaiting_approval(world)

    class Crowded:
        """Many revisions, of which only the first are read."""

        def __getattr__(self, name: str) -> Any:
            return getattr(world.wiring.records, name)

        def waiting(self, _statuses: Any, *, limit: int) -> Iterator[RevisionRecord]:
            return iter([waiting] * min(limit, self.many))

        many = MOST

    def noted(name: str, error: Exception) -> None:
        assert isinstance(error, Refused)
        reported.append(f"{name} {error.code}")

    records: Any = Crowded()
    for records.many, told in ((MOST, []), (MOST + 1, ["waiting TOO_MANY_WAIT"])):
        reported.clear()
        found = by_name(standing(records, world.clock, noted))
        assert (reported, found["Waiting awaiting_approval"]) == (told, MOST)
