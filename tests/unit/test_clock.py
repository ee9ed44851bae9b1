"""The clock: ends what is over, repeats what was not heard, looks again where it must, and nothing else."""

from datetime import timedelta

import pytest

from cutover.domain.record import Signal, Status
from cutover.domain.schedule import REPAIR_AFTER
from cutover.doors.clock.ticking import BATCH, LOOK_AGAIN, OUTCOMES, WATCH_AGAIN
from cutover.errors import DependencyUnavailable
from tests.building.policy import CLOSES_AT, OPENS_AT, RECEIVED_AT
from tests.fakes.faults import Faults, Killed, faulty
from tests.simulator.journeys import AFTER_OPENING, assert_consistent, awaiting_approval, awaiting_window, handed_off
from tests.simulator.world import World

SECOND = timedelta(seconds=1)


def tick(world: World, failures: list[tuple[str, str]] | None = None) -> dict[str, int]:
    """The clock alone: nothing that it causes happens yet. What came of it; what it reports goes to ``failures``."""
    told = [] if failures is None else failures
    counted = world.wiring.ticking(lambda name, error: told.append((name, type(error).__name__))).run()
    assert set(counted) == set(OUTCOMES)
    return {outcome: count for outcome, count in counted.items() if count}


def test_nothing_is_due_and_nothing_happens() -> None:
    world = World()
    awaiting_approval(world)
    entries = len(world.ledger())
    world.wiring.records.changes.clear()
    assert tick(world) == {}
    assert world.wiring.records.changes == []
    assert len(world.ledger()) == entries


def test_a_start_that_was_not_heard_is_repeated_again_and_again() -> None:
    world = World()
    digest = world.announce()
    for _ in range(3):
        world.wiring.records.changes.clear()
        world.clock.move(REPAIR_AFTER)
        assert tick(world) == {"repeated": 1}
        assert [type(change).__name__ for change in world.wiring.records.changes] == ["Admission"]
    admission = world.admission(digest)
    assert (admission.signal, admission.version) == (Signal.START, 1), "whoever decides on the reading still may"


def test_the_opening_window_is_a_signal_not_a_status() -> None:
    world = World()
    record = awaiting_window(world)
    world.clock.move_to(OPENS_AT + timedelta(seconds=5))
    assert tick(world) == {"repeated": 1}
    after = world.record()
    assert (after.status, after.signal, after.version) == (Status.AWAITING_WINDOW, Signal.WAKE, record.version)


def test_the_end_comes_at_its_instant_and_once() -> None:
    world = World()
    awaiting_approval(world)
    world.clock.move_to(CLOSES_AT - SECOND)
    assert "expired" not in tick(world)
    world.clock.move_to(CLOSES_AT)
    assert tick(world) == {"expired": 1}
    assert "expired" not in tick(world)
    assert [entry.transition for entry in world.ledger()].count(23) == 1
    assert_consistent(world)


def test_the_tombstone_stands_before_the_record_changes() -> None:
    world = World()
    record = awaiting_window(world)
    world.clock.move_to(CLOSES_AT)
    real = world.wiring.records.commit

    def fail(_commit: object) -> None:
        raise DependencyUnavailable("the table")

    world.wiring.records.commit = fail  # type: ignore[method-assign,assignment]
    assert tick(world) == {"failed": 1}
    assert world.wiring.store.has_tombstone(record.cutover, 1)
    world.wiring.records.commit = real  # type: ignore[method-assign]
    assert tick(world) == {}, "what failed goes to the end of the line"
    world.clock.move(LOOK_AGAIN)
    assert tick(world) == {"expired": 1}


def test_however_much_fails_the_rest_has_its_turn() -> None:
    """More than one tick can look at, and every one of them fails: the one behind them is expired all the same."""
    world = World()
    record = awaiting_window(world)
    world.clock.move_to(CLOSES_AT)
    for number in range(2, BATCH + 3):
        earlier = record.model_copy(update={"revision": number, "due_at": RECEIVED_AT})
        world.wiring.records._set(earlier)
    failures: list[tuple[str, str]] = []
    assert tick(world, failures)["failed"] == BATCH
    assert {name for _, name in failures} == {"Refused"}, "they are not the current ones"
    assert tick(world)["expired"] == 1
    assert world.record().status == "expired"


def test_a_look_that_ends_the_process_is_not_the_first_one_again() -> None:
    world = World()
    awaiting_window(world)
    world.clock.move(timedelta(minutes=16))
    faults = Faults(kill_at=0)
    world.wiring.sources["s3"] = faulty(world.wiring.bucket, "sources", faults)
    world.wiring.__dict__.pop("drifting", None)
    with pytest.raises(Killed):
        tick(world)
    assert world.record().due_at == world.clock.now() + WATCH_AGAIN
    world.wiring.sources["s3"] = world.wiring.bucket
    world.clock.move(WATCH_AGAIN)
    assert tick(world) == {"looked": 1}


def test_what_is_being_handed_off_never_expires_it_becomes_uncertain() -> None:
    """Past the send nobody can say that nothing was sent; so its window stays taken, and its lane is free."""
    world = World()
    awaiting_window(world)
    world.wiring.deployment.lose_answers(99)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status == "handing_off"
    world.clock.move_to(CLOSES_AT)
    assert tick(world) == {"uncertain": 1}
    record = world.record()
    assert (record.status, record.reason) == ("uncertain", "SEND_UNCERTAIN")
    lane = world.wiring.records.lane("service", "production")
    assert lane is not None
    assert lane.ended is Status.UNCERTAIN
    assert record.queue_arn is not None
    assert world.wiring.records.slot(record.queue_arn, record.window) is not None
    assert not world.wiring.store.has_tombstone(record.cutover, record.revision)


def test_one_that_cannot_be_looked_after_is_reported_and_does_not_stop_the_rest() -> None:
    world = World()
    record = awaiting_approval(world)
    world.wiring.records._set(record.model_copy(update={"cutover": "lost@production.1", "due_at": RECEIVED_AT}))
    world.wiring.records._set(
        record.model_copy(update={"cutover": "gone@production.1", "due_at": RECEIVED_AT, "expires_at": RECEIVED_AT})
    )
    world.clock.move_to(CLOSES_AT)
    failures: list[tuple[str, str]] = []
    assert tick(world, failures)["expired"] == 1
    assert failures == [("lost@production.1#1", "Refused"), ("gone@production.1#1", "Refused")]


def test_what_has_ended_is_never_due() -> None:
    world = World()
    handed_off(world)
    world.clock.move(timedelta(days=400))
    assert tick(world) == {}


def test_one_run_looks_at_so_many_and_no_more() -> None:
    """The next minute has another turn; the oldest come first."""
    world = World()
    record = awaiting_approval(world)
    for number in range(2, BATCH + 12):
        other = record.model_copy(
            update={"cutover": f"service@production.{number}", "due_at": RECEIVED_AT + timedelta(seconds=number)}
        )
        world.wiring.records._set(other)
    world.clock.move_to(RECEIVED_AT + timedelta(hours=1))
    assert tick(world)["looked"] == BATCH
    assert tick(world)["looked"] == 11, "ten of them, and the one that they are copies of"
    assert record.probe_every is not None
    assert world.record("service@production.2").due_at == world.clock.now() + timedelta(seconds=record.probe_every)


def test_a_revoked_key_ends_what_is_only_bound() -> None:
    """RequestApproval fails on it again and again; nobody is asked, and nobody waits."""
    world = World()
    facts = world.deployment.facts()
    revoked = tuple(
        key.model_copy(update={"revoked_at": RECEIVED_AT}) if key.purpose == "bind" else key for key in facts.keys
    )

    def revoke(name: str, _payload: object) -> None:
        if name == "RequestApproval":
            world.publish(facts=facts.model_copy(update={"version": 2, "keys": revoked}), version=2)
            world.before_invoke = lambda _name, _payload: None

    world.before_invoke = revoke
    world.announce()
    world.run()
    assert world.record().status == "bound"
    world.clock.move(timedelta(minutes=2))
    assert tick(world) == {"withdrawn": 1}
    assert world.record().reason == "KEY_REVOKED"


def test_a_hand_off_whose_documents_cannot_be_read_ends_all_the_same() -> None:
    world = World()
    record = awaiting_window(world)
    world.wiring.deployment.lose_answers(99)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status == "handing_off"
    assert record.bundle is not None
    del world.wiring.store.objects["sha256/" + record.bundle.removeprefix("sha256:")]
    world.clock.move(timedelta(minutes=2))
    assert tick(world) == {"uncertain": 1}
    assert "PACKAGE_UNREADABLE" in (world.ledger()[-1].detail or "")


def test_its_own_time_ends_a_hand_off_before_anything_is_read() -> None:
    world = World()
    awaiting_window(world)
    world.wiring.deployment.lose_answers(99)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    world.clock.move_to(CLOSES_AT)
    world.wiring.store.objects.clear()
    assert tick(world) == {"uncertain": 1}
