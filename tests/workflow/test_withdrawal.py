"""Withdrawal, at every point of a release's way: it blocks a hand-off that has not begun; later it is told, no more."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cutover.domain.record import LIVE, RevisionRecord, Status
from cutover.domain.tallies import tallies
from cutover.doors.signed_events import SignedEvents
from cutover.doors.withdrawals.withdrawing import KIND, Withdrawing
from cutover.errors import AmbiguousCompletion, DependencyUnavailable
from cutover.recorder import Step
from tests.fakes.faults import When
from tests.simulator import events
from tests.simulator.events import REASON, Sent, deliver, signed, told, withdraw, withdrawal
from tests.simulator.failing import failing
from tests.simulator.journeys import (
    AFTER_OPENING,
    announced,
    assert_consistent,
    awaiting_approval,
    awaiting_window,
    caught_before,
    handed_off,
    repair,
    when,
)
from tests.simulator.world import World

CUTOVER = "service@production.1"


def withdrawn_by_somebody(world: World) -> None:
    withdraw(world, CUTOVER)


def held(world: World) -> RevisionRecord:
    return announced(world, world.candidate().model_copy(update={"waivers": ()}))


def deferred(world: World) -> RevisionRecord:
    record = awaiting_approval(world)
    until = world.clock.now() + timedelta(hours=4)
    step = Step("deferred", "erin", {"deferred_until": until}, result="DEFERRED")
    return world.wiring.recorder("approvals").advance(record.cutover, record.revision, lambda _: step)


LIVING: dict[Status, Callable[[World], Status]] = {
    Status.COLLECTING: caught_before("Collect", withdrawn_by_somebody),
    Status.VERIFYING: caught_before("Verify", withdrawn_by_somebody),
    Status.HELD: when(held, withdrawn_by_somebody),
    Status.BOUND: caught_before("RequestApproval", withdrawn_by_somebody),
    Status.AWAITING_APPROVAL: when(awaiting_approval, withdrawn_by_somebody),
    Status.DEFERRED: when(deferred, withdrawn_by_somebody),
    Status.APPROVED: caught_before("AwaitWindow", withdrawn_by_somebody),
    Status.AWAITING_WINDOW: when(awaiting_window, withdrawn_by_somebody),
}


def handing_off(world: World) -> RevisionRecord:
    """The message may be on its way: the answer of the send was lost."""
    awaiting_window(world)
    world.wiring.deployment.lose_answers(1)
    world.clock.move_to(AFTER_OPENING)
    world.invoke("doors.clock", {})
    for _ in range(200):
        if world.record().status is Status.HANDING_OFF:
            return world.record()
        world.step()
    raise AssertionError(world.record().status)


def uncertain(world: World) -> RevisionRecord:
    handing_off(world)
    clock = world.wiring.recorder("clock")
    step = Step("uncertain", "clock", {"reason": "SEND_UNCERTAIN"}, result="SEND_UNCERTAIN")
    return clock.advance(CUTOVER, 1, lambda _: step)


def assert_withdrawn(world: World, *, entries: int = 1) -> None:
    record = world.record()
    assert (record.status, record.reason) == ("withdrawn", "WITHDRAWN")
    assert world.wiring.store.has_tombstone(CUTOVER, 1)
    assert world.wiring.records.slot(world.deployment.queue_arn, record.window) is None
    lane = world.wiring.records.lane(record.product, record.target)
    assert lane is not None
    assert lane.ended is Status.WITHDRAWN
    assert [entry.transition for entry in world.ledger()].count(24) == entries
    assert world.messages() == []
    assert_consistent(world)


def entry_of(world: World, event: Sent) -> tuple[str, str, str | None]:
    """The one entry that an event led to: its chain, what it says, and the detail."""
    (entry,) = told(world, event, CUTOVER)
    assert entry.actor.role == "withdrawals"
    return entry.chain, entry.result, entry.detail


def test_every_living_status_is_there() -> None:
    assert LIVING.keys() == LIVE


@pytest.mark.parametrize("status", LIVING, ids=str)
def test_what_lives_is_withdrawn(status: Status) -> None:
    world = World()
    assert LIVING[status](world) is status
    world.run()
    repair(world, 3)
    assert_withdrawn(world)
    execution = world.execution()
    assert (execution.status, execution.visited[-1]) == ("SUCCEEDED", "Withdrawn")
    (entry,) = [entry for entry in world.ledger() if entry.transition == 24]
    assert entry.actor.requester == "withdrawal of shop", "whose key it is, not who the document says it is"
    assert entry.detail == f"dana: {REASON}"
    assert (entry.from_, entry.to) == (status.value, "withdrawn")


@pytest.mark.parametrize("status", LIVING, ids=str)
@pytest.mark.parametrize("forgetful", [False, True], ids=["guarded", "without Powertools"])
def test_the_same_event_twice_has_one_effect(status: Status, forgetful: bool) -> None:
    world = World()
    LIVING[status](world)
    world.run()
    event = signed(world, withdrawal(world, CUTOVER, reason="Again."))
    deliver(world, event)
    world.run()
    before = world.ledger()
    if forgetful:
        world.wiring.idempotency.clear()
    for _ in range(3):
        assert deliver(world, event) == {"batchItemFailures": []}
    deliver(world, signed(world, withdrawal(world, CUTOVER, reason="Again."), event_id="o-2"))
    assert world.ledger() == before
    assert entry_of(world, event)[:2] == (CUTOVER, "ENDED_BEFORE"), "the first one had ended it"
    assert_withdrawn(world)


def test_after_a_withdrawal_a_candidate_opens_the_next_cutover() -> None:
    world = World()
    awaiting_approval(world)
    withdraw(world, CUTOVER)
    world.run()
    digest = world.announce(world.candidate(sequence=9), event_id="e-2")
    world.run()
    assert world.admission(digest).cutover == "service@production.2"
    event = withdraw(world, "service@production.2")
    world.run()
    assert world.record("service@production.2").status == "withdrawn"
    again = withdraw(world, CUTOVER, 1, reason="Once more.")
    assert entry_of(world, again)[1] == "ENDED_BEFORE"
    assert [entry.result for entry in told(world, event, "service@production.2")] == ["WITHDRAWN"]


def test_the_page_says_that_it_is_over() -> None:
    world = World()
    awaiting_approval(world)
    link = world.links()["erin"]
    withdraw(world, CUTOVER)
    world.run()
    assert "<form" not in world.http("GET", link)["body"]


# --- from handing off on --------------------------------------------------------------------------------


def test_during_a_hand_off_nothing_more_is_sent() -> None:
    world = World()
    handing_off(world)
    sends = world.wiring.deployment.sends
    event = withdraw(world, CUTOVER)
    assert entry_of(world, event) == (CUTOVER, "WITHDRAWN_DURING_HAND_OFF", f"dana: {REASON}")
    assert world.wiring.store.has_tombstone(CUTOVER, 1)
    assert world.record().status is Status.HANDING_OFF
    world.run()
    repair(world, 180)
    assert world.wiring.deployment.sends == sends
    assert world.record().status is Status.UNCERTAIN
    assert_consistent(world)


def test_a_withdrawal_during_a_hand_off_is_told_to_everybody() -> None:
    """Its message may be on its way: who receives it, who watches, and who counts have to hear."""
    world = World()
    handing_off(world)
    withdraw(world, CUTOVER)
    world.run()
    (entry,) = (each for each in world.ledger(CUTOVER) if each.event == "withdrawal-during-hand-off")
    assert f"notices/{CUTOVER}/{entry.sequence:012d}.json" in world.wiring.store.objects
    assert world.wiring.announcements.announcements[-1].detail_type == "Release Withdrawn Too Late"
    assert [each.name for each in tallies(entry)] == ["WithdrawnTooLate"]


@pytest.mark.parametrize("journey", [handed_off, uncertain])
def test_after_the_hand_off_it_is_told_and_nothing_else(journey: Callable[[World], RevisionRecord]) -> None:
    world = World()
    before = journey(world)
    event = withdraw(world, CUTOVER)
    assert entry_of(world, event) == (CUTOVER, "WITHDRAWN_TOO_LATE", f"dana: {REASON}")
    assert world.ledger()[-1].event == "withdrawn-too-late"
    assert world.record() == before
    assert not world.wiring.store.has_tombstone(CUTOVER, 1)
    world.run()
    assert any(key.startswith(f"notices/{CUTOVER}/") for key in world.wiring.store.objects)


def test_too_late_is_said_too_when_the_lane_has_gone_on() -> None:
    world = World()
    handed_off(world)
    world.announce(world.candidate(sequence=9), event_id="e-2")
    world.run()
    for revision in (None, 1):
        event = withdraw(world, CUTOVER, revision)
        assert entry_of(world, event)[:2] == (CUTOVER, "WITHDRAWN_TOO_LATE")
    assert world.record("service@production.2").status in LIVE


def test_what_ended_otherwise_stays_as_it_ended() -> None:
    world = World()
    awaiting_approval(world)
    world.decide("omar", "refuse")
    world.run()
    before = world.record()
    event = withdraw(world, CUTOVER)
    assert entry_of(world, event)[:2] == (CUTOVER, "ENDED_BEFORE")
    assert world.record() == before


# --- which revision -------------------------------------------------------------------------------------


def superseded(world: World) -> None:
    """Revision 2 is the current one."""
    awaiting_approval(world)
    world.announce(world.candidate(sequence=9), event_id="e-2")
    world.run()
    assert world.record(CUTOVER, 2).status is Status.AWAITING_APPROVAL


def test_without_a_revision_the_current_one_is_meant() -> None:
    world = World()
    superseded(world)
    withdraw(world, CUTOVER)
    world.run()
    assert [world.record(CUTOVER, each).status for each in (1, 2)] == ["superseded", "withdrawn"]


def test_a_named_revision_is_the_current_one_or_none() -> None:
    world = World()
    superseded(world)
    for revision, code in ((1, "NOT_CURRENT"), (3, "UNKNOWN_REVISION")):
        event = withdraw(world, CUTOVER, revision)
        assert entry_of(world, event)[:2] == ("orders", code)
    assert world.record(CUTOVER, 2).status is Status.AWAITING_APPROVAL
    withdraw(world, CUTOVER, 2)
    assert world.record(CUTOVER, 2).status is Status.WITHDRAWN


@pytest.mark.parametrize("cutover", ["service@production.2", "service@nowhere.1", "another@production.1"])
def test_a_cutover_that_is_none_is_noted(cutover: str) -> None:
    world = World()
    awaiting_approval(world)
    event = withdraw(world, cutover)
    assert entry_of(world, event)[:2] == ("orders", "UNKNOWN_CUTOVER")
    assert world.record().status is Status.AWAITING_APPROVAL


def test_an_order_that_was_refused_stays_refused() -> None:
    """What was sent for a revision that did not exist has no effect once it does."""
    world = World()
    awaiting_approval(world)
    early = signed(world, withdrawal(world, CUTOVER, 2))
    deliver(world, early)
    world.announce(world.candidate(sequence=9), event_id="e-2")
    world.run()
    world.wiring.idempotency.clear()
    deliver(world, early)
    assert world.record(CUTOVER, 2).status is Status.AWAITING_APPROVAL
    assert entry_of(world, early)[1] == "UNKNOWN_REVISION"


# --- races and failures ---------------------------------------------------------------------------------


def test_a_newer_candidate_that_comes_between_is_withdrawn_in_its_place() -> None:
    """Without a revision: whichever is current when it is written."""
    world = World()
    awaiting_approval(world)
    real = world.wiring.records.lane

    def meanwhile(product: str, target: str, *, rehearsal: bool) -> object:
        found = real(product, target, rehearsal=rehearsal)
        world.wiring.records.lane = real  # type: ignore[method-assign]
        world.announce(world.candidate(sequence=9), event_id="e-2")
        world.run()
        return found

    wiring = world.wiring
    recorder = wiring.recorder("withdrawals")
    door = SignedEvents(
        kind=KIND, audience=wiring.settings.audience, store=wiring.store, journal=recorder, policy=wiring.policy,
        clock=wiring.clock,
    )  # fmt: skip
    obey = Withdrawing(recorder=recorder, store=wiring.store, clock=wiring.clock).obey
    event = signed(world, withdrawal(world, CUTOVER))
    wiring.records.lane = meanwhile  # type: ignore[method-assign,assignment]
    assert door.take(event.body, message_id="m-1", obey=obey)["result"] == "WITHDRAWN"
    world.run()
    assert [world.record(CUTOVER, each).status for each in (1, 2)] == ["superseded", "withdrawn"]
    assert entry_of(world, event)[1] == "WITHDRAWN"


def test_a_hand_off_that_is_acknowledged_between_was_too_late() -> None:
    world = World()
    handing_off(world)
    real = world.wiring.records.commit

    def meanwhile(commit: Any) -> None:
        world.wiring.records.commit = real  # type: ignore[method-assign]
        step = Step("handed-off", "dana", {"lease_until": None}, result="SENT")
        world.wiring.recorder("hand-off").advance(CUTOVER, 1, lambda _: step)
        real(commit)

    event = signed(world, withdrawal(world, CUTOVER))
    world.wiring.records.commit = meanwhile  # type: ignore[method-assign]
    deliver(world, event)
    assert entry_of(world, event)[1] == "WITHDRAWN_TOO_LATE"
    assert world.record().status is Status.HANDED_OFF


@pytest.mark.parametrize("call", ["store.put_tombstone", "store.put", "records.commit", "records.revision"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("error", [DependencyUnavailable, AmbiguousCompletion])
def test_a_failing_service_loses_nothing(call: str, moment: When, error: type[Exception]) -> None:
    """The message stays in the queue; when it comes again, there is one effect."""
    world = World()
    awaiting_window(world)
    event = signed(world, withdrawal(world, CUTOVER))
    with failing(world, call, moment, error):
        assert deliver(world, event) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert deliver(world, event) == {"batchItemFailures": []}
    world.run()
    assert_withdrawn(world)
    assert entry_of(world, event)[1] == "WITHDRAWN"


def test_a_batch_goes_on_after_a_bad_message() -> None:
    world = World()
    awaiting_approval(world)
    bodies = ["{", events.signed(world, withdrawal(world, CUTOVER)).body]
    records = [
        {"messageId": f"m-{n}", "body": body, "eventSource": "aws:sqs", "attributes": {}}
        for n, body in enumerate(bodies, 1)
    ]
    assert world.invoke("doors.withdrawals", {"Records": records}) == {"batchItemFailures": []}
    assert world.record().status is Status.WITHDRAWN
    assert [entry.result for entry in world.ledger("orders")] == ["NOT_JSON"]
