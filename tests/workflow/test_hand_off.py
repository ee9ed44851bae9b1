"""HandOff does not trust a status: what blocks it at the last moment, and that nothing is sent then."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.handoff import Tombstone
from cutover.domain.record import Brake, RevisionRecord, Slot, Status
from cutover.domain.verification import Anchor, verify_handoff
from tests.building.policy import CLOSES_AT, OPENS_AT
from tests.simulator.journeys import (
    AFTER_OPENING,
    assert_consistent,
    awaiting_approval,
    awaiting_window,
    handed_off,
    repair,
)
from tests.simulator.owners import with_facts, with_facts_of_one_owner
from tests.simulator.world import World

Step = Callable[[World], object]


def facts(change: Callable[[dict[str, Any]], object]) -> Step:
    return lambda world: with_facts(world, change)


def before_them(world: World) -> object:
    """The facts are again as the approvals saw them."""
    return with_facts(world, lambda _: None, version=3)


def brake(*, engaged: bool) -> Step:
    return lambda world: world.wiring.records.set_brake(Brake(engaged=engaged))


def calendar(**changes: Any) -> Step:
    return facts(lambda said: said["calendars"]["production"].update(changes))


def moved(said: dict[str, Any]) -> None:
    said["calendars"]["production"]["windows"][0]["closes_at"] = "2026-03-03T23:00:00Z"


def requested_by_omar(said: dict[str, Any]) -> None:
    """It turns out that the requester of release and change is one of the approvers."""
    identities = said["people"].pop("dana")["identities"]
    said["people"]["omar"]["identities"] = identities


def revoked(purpose: str) -> Step:
    def change(said: dict[str, Any]) -> None:
        for key in said["keys"]:
            if key["purpose"] == purpose:
                key["revoked_at"] = "2026-03-02T09:00:00Z"

    return facts(change)


def undeployed(world: World) -> None:
    destination = world.wiring.destinations[world.deployment.target]
    world.wiring.destinations[world.deployment.target] = destination.model_copy(
        update={"queue_arn": destination.queue_arn.replace("shop-", "new-")}
    )


def deployed(world: World) -> None:
    del world.wiring.__dict__["destinations"]


def stolen_slot(world: World) -> None:
    slot = Slot(
        queue_arn=world.deployment.queue_arn, window=world.deployment.window, cutover="other@production.1", revision=1
    )
    world.wiring.records._set(slot)


FREEZE = {"id": "late", "starts_at": "2026-03-03T19:00:00Z", "ends_at": "2026-03-03T23:00:00Z", "reason": "outage"}
BLOCKS: dict[str, tuple[Step, str, Step | None]] = {
    "brake": (brake(engaged=True), "BRAKE_ENGAGED", brake(engaged=False)),
    "unknown brake": (lambda w: w.wiring.records._models.pop(("Brake",)), "BRAKE_UNKNOWN", brake(engaged=False)),
    "late freeze": (calendar(freezes=[FREEZE]), "WINDOW_FROZEN", before_them),
    "window moved": (facts(moved), "WINDOW_CHANGED", before_them),
    "window removed": (calendar(windows=[]), "WINDOW_UNKNOWN", before_them),
    "queue not deployed": (undeployed, "QUEUE_NOT_DEPLOYED", deployed),
    "slot lost": (stolen_slot, "SLOT_LOST", None),
}  # fmt: skip


@pytest.mark.parametrize(("block", "code", "lift"), BLOCKS.values(), ids=BLOCKS.keys())
def test_what_blocks_a_hand_off(block: Step, code: str, lift: Step | None) -> None:
    """Nothing is sent, the ledger says why; and when the reason goes away within the window, it is sent once."""
    world = World()
    awaiting_window(world)
    block(world)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    record = world.record()
    assert (record.status, record.attempt, record.handoff) == ("awaiting_window", 0, None)
    assert world.wiring.deployment.sends == 0
    entry = world.ledger()[-1]
    assert (entry.event, entry.to, entry.actor.role) == ("hand-off-blocked", None, "hand-off")
    assert entry.result == code
    assert world.execution().visited[-3:] == ["HandOff", "WasHandedOff", "AwaitWindow"]
    if lift is None:
        return
    lift(world)
    world.tick()
    assert world.record().status == "awaiting_window", "blocked attempts are not repeated at once"
    world.clock.move(timedelta(minutes=5))
    world.tick()
    assert world.record().status == "handed_off", world.ledger()[-1]
    assert len(world.messages()) == 1
    assert_consistent(world)


LAPSES: dict[str, Step] = {
    "approver gone": facts(lambda said: said["people"].pop("omar")),
    "approver without the role": facts(lambda said: said["people"]["omar"].update(roles=["release-engineering"])),
    "approver is the requester": facts(requested_by_omar),
    "decide key revoked": revoked("decide"),
}


@pytest.mark.parametrize("change", LAPSES.values(), ids=LAPSES.keys())
def test_an_approval_that_does_not_count_any_more_sends_nothing(change: Step) -> None:
    """Row 17, found at the last moment: it is dropped, and the people of that seat are asked again."""
    world = World()
    awaiting_window(world)
    change(world)
    world.wiring.mailer.sent.clear()
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    record = world.record()
    assert (record.status, record.attempt, record.handoff, record.ask) == ("awaiting_approval", 0, None, False)
    assert "omar" not in {each.person for each in record.decisions}
    assert world.wiring.deployment.sends == 0
    lapsed = next(entry for entry in world.ledger() if entry.transition == 17)
    assert (lapsed.event, lapsed.from_, lapsed.to, lapsed.actor.role) == (
        "approval-lapsed", "awaiting_window", "awaiting_approval", "hand-off",
    )  # fmt: skip
    assert world.execution().visited[-5:] == [
        "HandOff", "WasHandedOff", "RequestApproval", "WasRequested", "AwaitApproval",
    ]  # fmt: skip
    assert world.ledger()[-1].event == "approval-requested-again"
    assert_consistent(world)


def test_whoever_takes_the_empty_seat_lets_it_be_handed_off_in_the_same_window() -> None:
    world = World()
    awaiting_window(world)
    LAPSES["approver without the role"](world)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status == "awaiting_approval"
    world.decide("bo")
    world.run()
    assert world.record().status == "handed_off", world.ledger()[-1]
    assert len(world.messages()) == 1
    assert_consistent(world)


def test_facts_that_one_owner_alone_has_signed_hand_nothing_off() -> None:
    """Row 19. Asked directly: a world with such facts has no key that Seal could use either."""
    world = World()
    record = awaiting_window(world)
    with_facts_of_one_owner(world)
    world.clock.move_to(AFTER_OPENING)
    world.invoke_stage(
        "HandOff", {"record": {"cutover": record.cutover, "revision": 1, "execution": 1, "status": "awaiting_window"}}
    )
    assert world.ledger()[-1].result == "POLICY_NOT_SIGNED_BY_BOTH"
    assert world.wiring.deployment.sends == 0
    before_them(world)
    world.clock.move(timedelta(minutes=5))
    world.tick()
    assert world.record().status == "handed_off"


def test_blocked_until_the_window_closes() -> None:
    world = World()
    awaiting_window(world)
    world.wiring.records.set_brake(Brake(engaged=True))
    world.clock.move_to(AFTER_OPENING)
    while world.clock.now() < CLOSES_AT:
        world.tick()
        world.clock.move(timedelta(minutes=5))
    world.clock.move_to(max(CLOSES_AT, world.clock.now()))
    world.tick()
    assert (world.record().status, world.record().reason) == ("expired", "WINDOW_CLOSED")
    assert world.execution().visited[-1] == "Expired"
    assert world.wiring.deployment.sends == 0


MARGIN = timedelta(seconds=World().rules().open_margin)
SECOND = timedelta(seconds=1)
INSTANTS = {
    "opening": (OPENS_AT, "awaiting_window"),
    "a second before the margin is over": (OPENS_AT + MARGIN - SECOND, "awaiting_window"),
    "the margin is over": (OPENS_AT + MARGIN, "handed_off"),
    "a second before the closing margin": (CLOSES_AT - MARGIN - SECOND, "handed_off"),
    "the closing margin": (CLOSES_AT - MARGIN, "awaiting_window"),
    "a second before closing": (CLOSES_AT - SECOND, "awaiting_window"),
    "closing": (CLOSES_AT, "expired"),
}


@pytest.mark.parametrize(("moment", "status"), INSTANTS.values(), ids=INSTANTS.keys())
def test_boundary_instants_of_the_window(moment: Any, status: str) -> None:
    """Row 33: half-open, with room for skewed clocks at both ends."""
    world = World()
    awaiting_window(world)
    world.clock.move_to(moment)
    world.tick()
    assert world.record().status == status
    assert len(world.messages()) == (status == "handed_off")


# --- who can write the table cannot make a hand-off -------------------------------------------------------------


def forge(world: World, **changes: Any) -> RevisionRecord:
    """Somebody writes the record directly, and wakes the execution."""
    record = world.record()
    forged = record.model_copy(update=changes)
    world.wiring.records._set(forged)
    return forged


def test_a_status_written_into_the_table_hands_nothing_off() -> None:
    """One approval is missing; the status says otherwise."""
    world = World()
    awaiting_approval(world)
    world.decide("erin")
    world.run()
    world.clock.move_to(AFTER_OPENING)
    forge(world, status=Status.AWAITING_WINDOW, wake_at=OPENS_AT, due_at=OPENS_AT)
    world.tick()
    assert world.messages() == []
    assert world.ledger()[-1].result == "QUORUM_INCOMPLETE"


def test_an_approval_written_twice_into_the_table_counts_once() -> None:
    world = World()
    awaiting_approval(world)
    world.decide("erin")
    world.run()
    world.clock.move_to(AFTER_OPENING)
    forge(
        world, status=Status.AWAITING_WINDOW, wake_at=OPENS_AT, due_at=OPENS_AT, decisions=world.record().decisions * 2
    )
    world.tick()
    assert world.messages() == []
    assert world.ledger()[-1].result == "APPROVED_TWICE"


def test_a_lost_slot_and_a_tombstone_speak_louder_than_the_table() -> None:
    world = World()
    record = awaiting_window(world)
    world.wiring.store.put_tombstone(
        Tombstone(cutover=record.cutover, revision=1, status="declined", reason="APPROVER_REFUSED", at=OPENS_AT)
    )
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.messages() == []
    assert world.ledger()[-1].result == "TOMBSTONE"


@pytest.mark.parametrize("document", ["bundle", "lineage", "hold_register", "evidence_set", "candidate", "admission"])
def test_a_stored_document_with_other_bytes_hands_nothing_off(document: str) -> None:
    world = World()
    record = awaiting_window(world)
    digest = getattr(record, document)
    world.wiring.store.objects["sha256/" + digest.removeprefix("sha256:")] += b" "
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.messages() == []
    assert world.record().status == "awaiting_window"
    assert world.ledger()[-1].event == "execution-failed"


def test_a_stored_document_that_is_gone_hands_nothing_off() -> None:
    world = World()
    record = awaiting_window(world)
    assert record.lineage is not None
    del world.wiring.store.objects["sha256/" + record.lineage.removeprefix("sha256:")]
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.messages() == []
    assert world.ledger()[-1].event == "execution-failed"


# --- the message ------------------------------------------------------------------------------------------------------


def test_the_message_proves_itself_to_a_consumer() -> None:
    world = World()
    record = handed_off(world)
    (body,) = world.messages()
    documents = {
        "sha256:" + key.removeprefix("sha256/"): content
        for key, content in world.wiring.store.objects.items()
        if key.startswith("sha256/")
    }
    policy = world.wiring.policy()
    report = verify_handoff(
        body, trust=Anchor.of_policy(world.wiring.policies.root, policy.facts), documents=documents,
        now=world.clock.now(), at=world.clock.now(), queue_arn=world.deployment.queue_arn,
    )  # fmt: skip
    assert report.verified, report
    assert record.handoff is not None
    assert world.wiring.store.get_handoff(record.handoff_id or "") == body
    (message,) = world.wiring.deployment.messages(world.deployment.target)
    assert "sha256:" + message.deduplication_id == record.handoff_id
    assert message.group == record.cutover


def test_the_send_s_answer_is_lost() -> None:
    """The same envelope again after the lease, under the same id; the queue remembers it for five minutes."""
    world = World()
    awaiting_window(world)
    world.wiring.deployment.lose_answers(1)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    leased = world.record()
    assert (leased.status, leased.attempt) == ("handing_off", 1)
    world.run()
    assert world.wiring.deployment.sends == 1, "nobody tries again before the lease is over"
    world.clock.move(timedelta(seconds=65))
    world.run()
    after = world.record()
    assert (after.status, after.attempt) == ("handed_off", 2)
    assert (after.handoff, after.handoff_id) == (leased.handoff, leased.handoff_id)
    assert len(world.messages()) == 1
    assert_consistent(world)


def test_the_queue_forgets_and_the_consumer_remembers() -> None:
    """The brake delays the second attempt beyond SQS' five minutes: two deliveries, one and the same message."""
    world = World()
    awaiting_window(world)
    world.wiring.deployment.lose_answers(1)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    world.wiring.records.set_brake(Brake(engaged=True))
    world.clock.move(timedelta(seconds=65))
    world.run()
    assert world.record().status == "handing_off"
    assert world.ledger()[-1].result == "BRAKE_ENGAGED"
    world.clock.move(timedelta(minutes=6))
    world.wiring.records.set_brake(Brake(engaged=False))
    world.tick()
    assert world.record().status == "handed_off"
    first, second = world.wiring.deployment.messages(world.deployment.target)
    assert (first.body, first.deduplication_id) == (second.body, second.deduplication_id)


def test_what_was_never_acknowledged_becomes_uncertain() -> None:
    """Transition 21: nothing more is sent, the window stays taken, and the execution fails by name, as an alarm."""
    world = World()
    record = awaiting_window(world)
    world.wiring.deployment.lose_answers(999)
    world.clock.move_to(AFTER_OPENING)
    while world.clock.now() < CLOSES_AT + timedelta(minutes=3):
        world.tick()
        world.clock.move(timedelta(minutes=1))
    after = world.record()
    assert (after.status, after.reason) == ("uncertain", "SEND_UNCERTAIN")
    sends = world.wiring.deployment.sends
    repair(world, 5)
    assert (world.execution().status, world.execution().visited[-1]) == ("FAILED", "Uncertain")
    assert world.wiring.deployment.sends == sends
    assert world.wiring.records.slot(world.deployment.queue_arn, record.window) is not None
    assert {message.body for message in world.wiring.deployment.messages("production")} == set(world.messages()[:1])
    assert "execution-failed" not in {entry.event for entry in world.ledger()}
    assert_consistent(world)


def test_a_key_that_is_revoked_as_the_window_opens_hands_nothing_off() -> None:
    """HandOff reads it first, and the clock withdraws what relies on it."""
    world = World()
    record = awaiting_window(world)
    revoked("bind")(world)
    world.clock.move_to(AFTER_OPENING)
    token = world.wiring.tokens.newest(record.cutover, 1)
    assert token is not None
    world.machine.succeed(token.value)
    world.run()
    assert (world.record().status, world.record().reason) == ("awaiting_window", "KEY_REVOKED")
    repair(world, 6)
    assert (world.record().status, world.messages()) == ("withdrawn", [])
