"""The recorder: one row, one entry, one transaction; on a lost race the decision is made again."""

import re
from datetime import timedelta
from typing import Any

import pytest

from cutover.domain import canonical, ledger, schedule
from cutover.domain.entries import Told
from cutover.domain.record import Admission, Brake, RevisionRecord, Signal, Slot, Status
from cutover.errors import Conflict, DocumentMissing, Fenced, Refused
from cutover.journal import DECISIONS
from cutover.ports import Commit
from cutover.recorder import Recorder, Step
from tests.architecture.test_imports import FILES
from tests.building.policy import RECEIVED_AT
from tests.simulator.journeys import announced, awaiting_approval, awaiting_window
from tests.simulator.world import World


def recorder(world: World, role: str = "approvals") -> Recorder:
    return world.wiring.recorder(role)


def lose(world: World, times: int, *parts: str) -> list[Commit]:
    """The next commits lose their race."""
    real, lost = world.wiring.records.commit, list[Commit]()

    def write(commit: Commit) -> None:
        if len(lost) < times:
            lost.append(commit)
            raise Conflict(*parts)
        real(commit)

    world.wiring.records.commit = write  # type: ignore[method-assign]
    return lost


def test_a_lost_race_is_decided_again_on_a_fresh_reading() -> None:
    world = World()
    record = awaiting_approval(world)
    lose(world, DECISIONS - 1, "record", "ledger")
    seen: list[RevisionRecord] = []

    def decide(current: RevisionRecord) -> Step:
        seen.append(current)
        return Step("approval-given", "erin", {"decision_seq": current.decision_seq + 1})

    after = recorder(world).advance(record.cutover, 1, decide)
    assert len(seen) == DECISIONS
    assert (after.decision_seq, after.version) == (1, record.version + 1)
    assert world.ledger()[-1].transition == 12


@pytest.mark.parametrize(
    ("times", "parts"),
    [
        (DECISIONS, ("record",)),
        (1, ("slot",)),
        (1, ("nonce",)),
        (1, ("payload",)),
        (1, ("opened",)),
        (1, ("admission", "record")),
    ],
)
def test_some_races_are_the_callers(times: int, parts: tuple[str, ...]) -> None:
    world = World()
    record = awaiting_approval(world)
    lost = lose(world, times, *parts)
    with pytest.raises(Conflict) as conflict:
        recorder(world).advance(record.cutover, 1, lambda _: Step("approval-given", "erin"))
    assert conflict.value.parts == set(parts)
    assert len(lost) == times


def test_nothing_to_write_writes_nothing() -> None:
    world = World()
    record = awaiting_approval(world)
    entries = len(world.ledger())
    assert recorder(world).advance(record.cutover, 1, lambda _: None) == world.record()
    assert len(world.ledger()) == entries


@pytest.mark.parametrize(
    ("role", "event"),
    [
        ("clock", "approval-given"),
        ("approvals", "awaiting-window"),
        ("approvals", "superseded"),
        ("bind", "declined"),
        ("approvals", "nothing of the kind"),
    ],
)
def test_what_the_table_does_not_permit_is_not_written(role: str, event: str) -> None:
    world = World()
    record = awaiting_approval(world)
    entries = len(world.ledger())
    with pytest.raises(Refused) as refused:
        recorder(world, role).advance(record.cutover, 1, lambda _: Step(event, "mallory"))
    assert refused.value.code == "ILLEGAL_TRANSITION"
    assert len(world.ledger()) == entries


@pytest.mark.parametrize("event", ["held", "bound", "declined", "rehearsed"])
def test_what_a_rehearsal_does_not_do_is_not_written(event: str) -> None:
    """Bind may do all of it to a release that is being verified, but for what only a rehearsal does."""
    world, rehearsal = World(), event != "rehearsed"
    written: list[str] = []

    def before(name: str, payload: Any) -> None:
        if name == "Bind":
            reference = payload["record"]
            cutover, entries = reference["cutover"], len(world.ledger(reference["cutover"]))
            with pytest.raises(Refused) as refused:
                recorder(world, "bind").advance(cutover, 1, lambda _: Step(event, "mallory"))
            assert len(world.ledger(cutover)) == entries
            written.append(refused.value.code)

    world.before_invoke = before
    announced(world, world.candidate(rehearsal=rehearsal))
    assert written == ["NOT_FOR_A_REHEARSAL" if rehearsal else "ILLEGAL_TRANSITION"]


def test_a_revision_that_is_not_current_cannot_change() -> None:
    world = World()
    record = awaiting_approval(world)
    lane = world.wiring.records.lane(record.product, record.target)
    assert lane is not None
    world.wiring.records._set(lane.model_copy(update={"revision": 2}))
    with pytest.raises(Refused) as refused:
        recorder(world).advance(record.cutover, 1, lambda _: Step("approval-given", "erin"))
    assert refused.value.code == "NOT_CURRENT"


def test_a_revision_that_was_superseded_since_it_was_read_is_a_lost_race() -> None:
    """The lane has gone on because the record has: the decision is made again, on what is there now."""
    world = World()
    record = awaiting_approval(world)
    lane = world.wiring.records.lane(record.product, record.target)
    assert lane is not None
    seen: list[Status] = []

    def decide(current: RevisionRecord) -> Step | None:
        seen.append(current.status)
        if current.status is Status.SUPERSEDED:
            return None
        world.wiring.records._set(lane.model_copy(update={"revision": 2}))
        world.wiring.records._set(current.model_copy(update={"status": Status.SUPERSEDED, "version": 99}))
        return Step("approval-given", "erin")

    assert recorder(world).advance(record.cutover, 1, decide).status is Status.SUPERSEDED
    assert seen == [Status.AWAITING_APPROVAL, Status.SUPERSEDED]


def test_an_execution_that_was_replaced_writes_nothing_any_more() -> None:
    world = World()
    record = awaiting_approval(world)
    old = world.wiring.recorder("await-token", execution=1)
    assert old.read(record.cutover, 1) == record
    adopted = recorder(world, "clock").advance(record.cutover, 1, lambda _: Step("adopted", "clock", {"execution": 2}))
    entries = len(world.ledger())
    with pytest.raises(Fenced):
        old.read(record.cutover, 1)
    with pytest.raises(Fenced):
        old.advance(record.cutover, 1, lambda _: Step("approval-given", "erin"))
    assert len(world.ledger()) == entries
    assert world.wiring.recorder("await-token", execution=2).read(record.cutover, 1) == adopted
    assert recorder(world).read(record.cutover, 1) == adopted, "doors and clock act for no execution"


def test_a_fence_that_comes_between_reading_and_writing_holds() -> None:
    """The old execution has read already; its write is conditional on that reading, and the next reading fences it."""
    world = World()
    record = awaiting_window(world)
    old = world.wiring.recorder("hand-off", execution=1)

    def decide(_: RevisionRecord) -> Step:
        if world.record().execution == 1:
            recorder(world, "clock").advance(
                record.cutover, 1, lambda _: Step("adopted", "clock", {"execution": 2})
            )  # fmt: skip
        return Step("handing-off", "dana")

    with pytest.raises(Fenced):
        old.advance(record.cutover, 1, decide)
    assert (world.record().status, world.record().execution) == (Status.AWAITING_WINDOW, 2)


@pytest.mark.parametrize("pending", [Signal.START, Signal.ADOPT])
def test_who_is_still_to_be_started_is_not_forgotten_for_a_wake(pending: Signal) -> None:
    world = World()
    record = awaiting_approval(world)
    world.wiring.records._set(record.model_copy(update={"signal": pending}))
    after = recorder(world).advance(record.cutover, 1, lambda _: Step("approved", "erin"))
    assert (after.status, after.signal) == (Status.APPROVED, pending)
    ended = recorder(world).advance(record.cutover, 1, lambda _: Step("declined", "bo"))
    assert ended.signal is Signal.WAKE, "nobody is started for what has ended"


def test_a_wake_that_was_not_heard_is_not_repeated_for_another_status() -> None:
    world = World()
    record = awaiting_approval(world)
    world.wiring.records._set(record.model_copy(update={"signal": Signal.WAKE}))
    after = recorder(world).advance(record.cutover, 1, lambda _: Step("approval-given", "erin"))
    assert after.signal is None


def test_every_write_says_when_it_moved_and_when_it_is_due() -> None:
    world = World()
    record = awaiting_approval(world)
    later = world.clock.move(timedelta(minutes=7))
    after = recorder(world).advance(record.cutover, 1, lambda _: Step("approval-given", "erin"))
    assert (after.moved_at, after.due_at) == (later, schedule.due_at(after, later))
    assert record.moved_at < later


def test_no_record_is_missing_not_new() -> None:
    with pytest.raises(DocumentMissing):
        recorder(World()).advance("service@production.7", 1, lambda _: None)


def test_an_end_frees_lane_and_slot_in_the_same_transaction() -> None:
    world = World()
    record = awaiting_window(world)
    commits: list[Commit] = []
    real = world.wiring.records.commit

    def write(commit: Commit) -> None:
        commits.append(commit)
        real(commit)

    world.wiring.records.commit = write  # type: ignore[method-assign]
    recorder(world).advance(record.cutover, 1, lambda _: Step("declined", "bo", {"reason": "APPROVER_REFUSED"}))
    (commit,) = commits
    assert commit.record is not None
    assert (commit.record.status, commit.record.signal) == (Status.DECLINED, Signal.WAKE)
    assert commit.lane is not None
    assert commit.lane.ended is Status.DECLINED
    assert commit.release == Slot(
        queue_arn=world.deployment.queue_arn, window=record.window, cutover=record.cutover, revision=1
    )
    assert commit.current is not None


def test_a_note_changes_no_status() -> None:
    world = World()
    record = awaiting_window(world)
    after = recorder(world, "hand-off").note(record, "looked", result="LOOKED", detail="at it")
    entry = world.ledger()[-1]
    assert after == record
    assert (entry.event, entry.transition, entry.from_, entry.to) == ("looked", None, None, None)


def test_a_note_may_say_when_to_look_again_and_spend_a_nonce() -> None:
    world = World()
    record = awaiting_window(world)
    once, nonce = recorder(world, "receipts"), canonical.digest(b"a receipt")
    after = once.note(record, "received", result="DONE", requester="consumer", inputs={"receipt": nonce}, nonce=nonce)
    assert after == record
    entry = world.ledger()[-1]
    assert (entry.actor.requester, entry.inputs, entry.to) == ("consumer", {"receipt": nonce}, None)
    with pytest.raises(Conflict) as conflict:
        once.note(record, "received", result="DONE", nonce=nonce)
    assert conflict.value.parts == {"nonce"}
    changed = recorder(world, "hand-off").note(record, "looked", result="LOOKED", wake_at=record.closes_at)
    assert (changed.wake_at, changed.version, changed.status) == (record.closes_at, record.version + 1, record.status)
    assert world.record() == changed


def test_a_note_on_a_stale_reading_changes_nothing() -> None:
    world = World()
    record = awaiting_window(world)
    stale = record.model_copy(update={"version": record.version - 1})
    with pytest.raises(Conflict) as conflict:
        recorder(world, "hand-off").note(stale, "looked", result="LOOKED", wake_at=record.closes_at)
    assert conflict.value.parts == {"record"}
    assert world.record() == record


def order(event: str) -> Told:
    return Told.of_order(event, requester="olga", correlation_id="e-1", result="DONE", inputs={})


def test_an_order_has_its_entry_once() -> None:
    world = World()
    writer, nonce = recorder(world, "brake-orders"), canonical.digest(b"an order")
    assert writer.note_order(ledger.ORDERS_CHAIN, order("not-trusted"), nonce=nonce)
    assert not writer.note_order(ledger.ORDERS_CHAIN, order("not-trusted"), nonce=nonce)
    (entry,) = world.ledger(ledger.ORDERS_CHAIN)
    assert (entry.event, entry.actor.role, entry.revision, entry.to) == ("not-trusted", "brake-orders", None, None)


def test_the_brake_and_its_entry_are_one_commit() -> None:
    world = World()
    writer, before = recorder(world, "brake-orders"), world.wiring.records.brake()
    assert before is not None
    on = Brake(engaged=True, version=before.version + 1, order=canonical.digest(b"order"), since=RECEIVED_AT)
    writer.set_brake(on, before=before, told=order("engaged"), nonce=canonical.digest(b"1"))
    assert world.wiring.records.brake() == on
    with pytest.raises(Conflict) as conflict:
        writer.set_brake(on, before=before, told=order("engaged"), nonce=canonical.digest(b"2"))
    assert conflict.value.parts == {"brake"}
    assert [entry.event for entry in world.ledger(ledger.BRAKE_CHAIN)] == ["engaged"]


def test_a_waiting_admission_is_told_once_and_looked_at_later() -> None:
    world = World()
    record = awaiting_window(world)
    digest = world.announce(world.candidate(sequence=2))
    admit = recorder(world, "admit")
    first = admit.wait(world.admission(digest), "HAND_OFF_UNDER_WAY", for_revision=record)
    assert (first.status, first.reason, first.signal) == (Status.ADMITTING, "HAND_OFF_UNDER_WAY", None)
    assert first.due_at == world.clock.now() + schedule.PATIENCE
    world.clock.move(timedelta(minutes=1))
    assert admit.wait(first, "HAND_OFF_UNDER_WAY", for_revision=record) == first
    stored = world.admission(digest)
    assert (stored.version, stored.due_at) == (first.version, world.clock.now() + schedule.PATIENCE)
    told = [entry for entry in world.ledger(ledger.admissions_chain(digest)) if entry.event == "waits"]
    assert [(entry.transition, entry.from_, entry.to) for entry in told] == [(5, "admitting", "admitting")]


def test_announcing_twice_is_a_conflict_of_the_admission() -> None:
    world = World()
    known: Any = {"status": Status.ADMITTING, "received_at": RECEIVED_AT, "correlation_id": "e-1"}
    admission = Admission(digest=canonical.digest(b"{}"), **known)
    intake = recorder(world, "intake")
    intake.announce(admission)
    with pytest.raises(Conflict) as conflict:
        intake.announce(admission)
    assert "admission" in conflict.value.parts
    stored = world.admission(admission.digest)
    assert (stored.signal, stored.due_at) == (Signal.START, RECEIVED_AT.replace(minute=2))


def fresh() -> Admission:
    digest = canonical.digest(b"{}")
    return Admission(digest=digest, status=Status.ADMITTING, received_at=RECEIVED_AT, correlation_id="e-1")


@pytest.mark.parametrize("parts", [("ledger",), ()])
def test_a_lost_head_of_a_shard_is_no_reason_to_fail(parts: tuple[str, ...]) -> None:
    """Sixteen chains take all admissions: their heads are lost often, and nothing depends on them."""
    world = World()
    lost = lose(world, DECISIONS - 1, *parts)
    recorder(world, "intake").announce(fresh())
    assert len(lost) == DECISIONS - 1
    (entry,) = world.ledger(ledger.admissions_chain(fresh().digest))
    assert (entry.event, entry.sequence) == ("announced", 1)


def test_a_head_that_is_lost_again_and_again_is_a_conflict() -> None:
    world = World()
    lost = lose(world, DECISIONS, "ledger")
    with pytest.raises(Conflict):
        recorder(world, "intake").announce(fresh())
    assert len(lost) == DECISIONS


def test_another_announcement_of_the_same_is_not_tried_again() -> None:
    world = World()
    lost = lose(world, 1, "ledger", "admission")
    with pytest.raises(Conflict):
        recorder(world, "intake").announce(fresh())
    assert len(lost) == 1


def test_notes_and_refusals_find_the_new_head_too() -> None:
    world = World()
    digest = world.announce()
    lose(world, 1, "ledger")
    recorder(world, "record-failure").note_admission(world.admission(digest), "looked", result="LOOKED")
    lose(world, 1, "ledger")
    refused = recorder(world, "admit").refuse(world.admission(digest), "NOT_NEWER", ())
    assert world.admission(digest) == refused
    chain = [entry.event for entry in world.ledger(ledger.admissions_chain(digest))]
    assert chain == ["announced", "looked", "refused"]


def test_nobody_else_builds_a_commit() -> None:
    """The one way to change a record: read from the code."""
    builders = {path.name for path in FILES if re.search(r"(?<!class )\bCommit\(", path.read_text())}
    assert builders == {"recorder.py", "admissions.py", "journal.py"}


def test_an_admission_opens_its_revision_lane_and_payload_at_once() -> None:
    world = World()
    record = announced(world)
    admission = world.admission(record.admission)
    assert (admission.cutover, admission.revision, admission.signal) == (record.cutover, 1, None)
    assert admission.payload is not None
    assert world.wiring.records.payload_owner(admission.payload) == (record.cutover, 1)
    lane = world.wiring.records.lane(record.product, record.target)
    assert lane is not None
    assert (lane.number, lane.ended, lane.cutover) == (1, None, record.cutover)
