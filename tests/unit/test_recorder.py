"""The recorder: one row, one entry, one transaction; on a lost race the decision is made again."""

import re
from typing import Any

import pytest

from cutover.domain import canonical, ledger
from cutover.domain.record import Admission, RevisionRecord, Signal, Slot, Status
from cutover.errors import Conflict, DocumentMissing, Refused
from cutover.ports import Commit
from cutover.recorder import DECISIONS, Recorder, Step
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
        return Step(12, "erin", {"decision_seq": current.decision_seq + 1})

    after = recorder(world).advance(record.cutover, 1, decide)
    assert len(seen) == DECISIONS
    assert (after.decision_seq, after.version) == (1, record.version + 1)
    assert world.ledger()[-1].transition == 12


@pytest.mark.parametrize(
    ("times", "parts"), [(DECISIONS, ("record",)), (1, ("slot",)), (1, ("nonce",)), (1, ("payload",))]
)
def test_some_races_are_the_callers(times: int, parts: tuple[str, ...]) -> None:
    world = World()
    record = awaiting_approval(world)
    lost = lose(world, times, *parts)
    with pytest.raises(Conflict) as conflict:
        recorder(world).advance(record.cutover, 1, lambda _: Step(12, "erin"))
    assert conflict.value.parts == set(parts)
    assert len(lost) == times


def test_nothing_to_write_writes_nothing() -> None:
    world = World()
    record = awaiting_approval(world)
    entries = len(world.ledger())
    assert recorder(world).advance(record.cutover, 1, lambda _: None) == world.record()
    assert len(world.ledger()) == entries


@pytest.mark.parametrize(("role", "transition"), [("clock", 12), ("approvals", 16), ("approvals", 4), ("bind", 15)])
def test_what_the_table_does_not_permit_is_not_written(role: str, transition: int) -> None:
    world = World()
    record = awaiting_approval(world)
    entries = len(world.ledger())
    with pytest.raises(Refused) as refused:
        recorder(world, role).advance(record.cutover, 1, lambda _: Step(transition, "mallory"))
    assert refused.value.code == "ILLEGAL_TRANSITION"
    assert len(world.ledger()) == entries


def test_a_revision_that_is_not_current_cannot_change() -> None:
    world = World()
    record = awaiting_approval(world)
    lane = world.wiring.records.lane(record.product, record.target)
    assert lane is not None
    world.wiring.records._set(lane.model_copy(update={"revision": 2}))
    with pytest.raises(Refused) as refused:
        recorder(world).advance(record.cutover, 1, lambda _: Step(12, "erin"))
    assert refused.value.code == "NOT_CURRENT"


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
    recorder(world).advance(record.cutover, 1, lambda _: Step(15, "bo", {"reason": "APPROVER_REFUSED"}))
    (commit,) = commits
    assert commit.record is not None
    assert (commit.record.status, commit.record.signal) == (Status.DECLINED, Signal.WAKE)
    assert commit.lane is not None
    assert not commit.lane.live
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
    assert builders == {"recorder.py"}


def test_an_admission_opens_its_revision_lane_and_payload_at_once() -> None:
    world = World()
    record = announced(world)
    admission = world.admission(record.admission)
    assert (admission.cutover, admission.revision, admission.signal) == (record.cutover, 1, None)
    assert admission.payload is not None
    assert world.wiring.records.payload_owner(admission.payload) == (record.cutover, 1)
    lane = world.wiring.records.lane(record.product, record.target)
    assert lane is not None
    assert (lane.number, lane.live, lane.cutover) == (1, True, record.cutover)
