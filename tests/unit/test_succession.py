"""One revision ends and the next begins: what is stored before it, in which order, and what one transaction writes."""

from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.candidate import Candidate
from cutover.contracts.supersession import Difference, Refreshed, Supersession
from cutover.domain import canonical, schedule
from cutover.domain.record import Lane, RecordedResolution, RevisionRecord, Signal, Slot, Status
from cutover.errors import Conflict, DependencyUnavailable, Refused
from cutover.ports import Commit, Store
from cutover.recorder import Step
from cutover.succession import Succession
from tests.building.policy import CLOSES_AT, OPENS_AT
from tests.fakes.faults import Faults, faulty
from tests.simulator.journeys import awaiting_approval, awaiting_window
from tests.simulator.owners import with_facts
from tests.simulator.world import World

REFRESHED = (Refreshed(source="records", record="changes/CHG-17", version="v2"),)
DIFFERING = (Difference(pointer="/change/state", before="approved", after="cancelled"),)


def succession(world: World, store: Store | None = None) -> Succession:
    wiring = world.wiring
    return Succession(
        audience=wiring.settings.audience, store=store or wiring.store, clock=wiring.clock,
        policy=wiring.policies.active,
    )  # fmt: skip


def drifted(world: World, record: RevisionRecord, store: Store | None = None) -> Step:
    return succession(world, store).by_drift(
        record, refreshed=REFRESHED, differing=DIFFERING, requester="clock"
    )  # fmt: skip


def document_of(world: World, step: Step) -> Supersession:
    content = world.wiring.store.get(step.inputs["supersession"], limit=2**20)
    document = Supersession.model_validate_json(content)
    assert content == canonical.encode_model(document)
    return document


def written(world: World, record: RevisionRecord, step: Step, role: str = "clock") -> Commit:
    """Take the step; the one commit that it is."""
    commits: list[Commit] = []
    real = world.wiring.records.commit

    def write(commit: Commit) -> None:
        commits.append(commit)
        real(commit)

    world.wiring.records.commit = write  # type: ignore[method-assign]
    world.wiring.recorder(role).advance(record.cutover, record.revision, lambda _: step)
    (commit,) = commits
    return commit


def lane_of(world: World, record: RevisionRecord) -> Lane:
    lane = world.wiring.records.lane(record.product, record.target)
    assert lane is not None
    return lane


def test_the_document_says_why_and_what_differs() -> None:
    world = World()
    record = awaiting_approval(world)
    world.clock.move(timedelta(minutes=3))
    step = drifted(world, record)
    assert document_of(world, step) == Supersession(
        audience=world.wiring.settings.audience, cutover=record.cutover, revision=1, successor=2, cause="drift",
        requester="clock", at=world.clock.now(), candidate=record.candidate, successor_candidate=record.candidate,
        differences=DIFFERING, refreshed=REFRESHED,
    )  # fmt: skip
    assert (step.event, step.result, step.detail) == ("drifted", "DRIFTED", "revision 2 follows")


def test_first_the_document_then_the_tombstone_and_no_transaction_yet() -> None:
    world = World()
    record, faults = awaiting_approval(world), Faults()
    entries = len(world.ledger())
    drifted(world, record, faulty(world.wiring.store, "store", faults))
    assert [call for call in faults.calls if call.startswith("store.put")] == ["store.put", "store.put_tombstone"]
    assert world.wiring.store.has_tombstone(record.cutover, 1)
    assert world.record() == record
    assert len(world.ledger()) == entries


@pytest.mark.parametrize("call", ["store.put", "store.put_tombstone"])
def test_nothing_is_superseded_while_the_store_cannot_say_so(call: str) -> None:
    world = World()
    record, faults = awaiting_approval(world), Faults()
    faults.before(call)
    with pytest.raises(DependencyUnavailable):
        drifted(world, record, faulty(world.wiring.store, "store", faults))
    assert world.record() == record
    assert not world.wiring.store.has_tombstone(record.cutover, 1)


def test_one_transaction_ends_the_one_and_opens_the_other() -> None:
    world = World()
    record = awaiting_window(world)
    lane = lane_of(world, record)
    step = drifted(world, record)
    commit = written(world, record, step)
    assert commit.record is not None
    assert (commit.record_before, commit.record.status, commit.record.signal, commit.record.reason) == (
        record, Status.SUPERSEDED, Signal.WAKE, "DRIFTED",
    )  # fmt: skip
    opened = commit.opened
    assert opened is not None
    assert (opened.revision, opened.status, opened.version, opened.execution) == (2, Status.COLLECTING, 1, 1)
    assert (opened.signal, opened.supersession) == (Signal.START, step.inputs["supersession"])
    assert opened.due_at == schedule.due_at(opened, world.clock.now())
    assert (commit.lane_before, commit.current) == (lane, lane)
    assert commit.lane == lane.model_copy(
        update={"revision": 2, "version": lane.version + 1, "approved": record.manifest}
    )
    assert commit.release == Slot(
        queue_arn=world.deployment.queue_arn, window=record.window, cutover=record.cutover, revision=1
    )
    assert (commit.claim, commit.payload, commit.admission, commit.nonce) == (None, None, None, None)


def test_both_revisions_have_their_entry_and_it_names_the_document() -> None:
    world = World()
    record = awaiting_window(world)
    step = drifted(world, record)
    written(world, record, step)
    ended, opened = world.ledger()[-2:]
    assert (ended.transition, ended.event, ended.revision, ended.from_, ended.to) == (
        22, "drifted", 1, "awaiting_window", "superseded",
    )  # fmt: skip
    assert (opened.transition, opened.event, opened.revision, opened.from_, opened.to) == (
        22, "opened", 2, None, "collecting",
    )  # fmt: skip
    inputs = {"supersession": step.inputs["supersession"], "candidate": record.candidate}
    assert ended.inputs == opened.inputs == inputs
    assert ended.actor == opened.actor


def test_the_next_revision_is_collected_at_the_newer_versions() -> None:
    world = World()
    record = awaiting_approval(world)
    before = Refreshed(source="records", record="rollouts/service", version="v5")
    world.wiring.records._set(record.model_copy(update={"refreshed": (before,)}))
    step = drifted(world, world.record())
    assert step.opening is not None
    assert step.opening.record.refreshed == (before, *REFRESHED)


def test_it_is_judged_by_today_s_policy_and_calendar() -> None:
    world = World()
    record = awaiting_approval(world)
    later = {"opens_at": "2026-03-03T21:00:00Z", "closes_at": "2026-03-03T23:00:00Z"}
    with_facts(world, lambda said: said["calendars"]["production"]["windows"][0].update(later))
    step = drifted(world, record)
    assert step.opening is not None
    opened = step.opening.record
    assert opened.facts == world.wiring.policies.active().facts_reference != record.facts
    assert (opened.opens_at, opened.closes_at) == (OPENS_AT + timedelta(hours=1), CLOSES_AT + timedelta(hours=1))


def test_a_window_that_the_calendar_lost_is_no_obstacle_here() -> None:
    """Bind says that there is none, to people who can do something about it."""
    world = World()
    record = awaiting_approval(world)
    with_facts(world, lambda said: said["calendars"]["production"].update(windows=[]))
    step = drifted(world, record)
    assert step.opening is not None
    assert (step.opening.record.opens_at, step.opening.record.closes_at) == (record.opens_at, record.closes_at)


def resolution(mark: str, **more: Any) -> RecordedResolution:
    said: dict[str, Any] = {"fingerprint": canonical.digest(mark.encode()), "kind": "mended", "resolver": "omar"}
    return RecordedResolution(
        **said, payload=canonical.digest(b"p" + mark.encode()), envelope=canonical.digest(b"e" + mark.encode()),
        resolved_at=OPENS_AT, **more,
    )  # fmt: skip


def test_resolutions_bring_waivers_and_newer_records_and_stay_with_what_they_answered() -> None:
    world = World()
    record = awaiting_approval(world).model_copy(update={"waivers": (canonical.digest(b"w0"),)})
    given = (
        resolution("a", waiver=canonical.digest(b"w1")), resolution("b", refreshed=REFRESHED[0]), resolution("c"),
        resolution("d", waiver=canonical.digest(b"w0")),
    )  # fmt: skip
    step = succession(world).by_resolution(record, resolutions=given, requester="omar", differing=())
    assert step.opening is not None
    opened, document = step.opening.record, document_of(world, step)
    assert opened.waivers == (canonical.digest(b"w0"), canonical.digest(b"w1")), "each once"
    assert (opened.refreshed, opened.resolutions) == (REFRESHED, ())
    assert step.updates["resolutions"] == given
    assert (step.event, document.cause, document.requester) == ("resolved", "resolved", "omar")
    assert document.resolutions == tuple(each.payload for each in given)


def test_a_newer_candidate_is_compared_with_the_one_before_field_by_field() -> None:
    """With what both mean, not how they are spelled: a default that one of them writes out is no difference."""
    world = World()
    record = awaiting_approval(world)
    before = Candidate.model_validate_json(world.wiring.store.get(record.candidate, limit=2**20))
    terse = canonical.encode(before.model_dump(mode="json", by_alias=True, exclude_defaults=True) | SCHEMA)
    world.wiring.records._set(record.model_copy(update={"candidate": world.wiring.store.put(terse)}))
    record = world.record()
    newer = before.model_copy(update={"sequence": 2, "version": "1.5.0"})
    admission = world.admission(world.announce(newer))
    payload = canonical.digest_model(newer)
    successor = record.model_copy(update={"revision": 2, "candidate": payload, "waivers": (), "version": 1})
    step = succession(world).by_candidate(
        record, successor, candidate=newer, admission=admission, payload=payload
    )  # fmt: skip
    document = document_of(world, step)
    assert [(each.pointer, each.before, each.after) for each in document.differences] == [
        ("/sequence", "1", "2"), ("/version", "1.4.0", "1.5.0"),
    ]  # fmt: skip
    assert (document.candidate, document.successor_candidate) == (record.candidate, payload)
    assert (step.event, step.requester, step.result) == ("superseded", newer.requester, "NEWER_CANDIDATE")
    assert step.opening is not None
    assert step.opening.lane == {"issued_at": newer.issued_at, "sequence": 2}
    assert (step.opening.admission, step.opening.payload) == (admission, payload)


SCHEMA = {"schema": "cutover/candidate/v1"}


def test_a_row_that_opens_nothing_cannot_open_and_one_that_opens_must() -> None:
    world = World()
    record = awaiting_approval(world)
    opening = drifted(world, record).opening
    clock = world.wiring.recorder("clock")
    for step in (Step("drifted", "clock"), Step("expired", "clock", opening=opening)):
        with pytest.raises(Refused) as refused:
            clock.advance(record.cutover, 1, lambda _, step=step: step)  # type: ignore[misc]
        assert refused.value.code == "ILLEGAL_TRANSITION"
    assert world.record() == record


def test_a_revision_that_is_there_already_is_not_opened_over() -> None:
    """Somebody wrote it past the lane. The recorder does not decide again: it would find the same."""
    world = World()
    record = awaiting_approval(world)
    step = drifted(world, record)
    assert step.opening is not None
    world.wiring.records._set(step.opening.record.model_copy(update={"requester": "mallory"}))
    with pytest.raises(Conflict) as conflict:
        world.wiring.recorder("clock").advance(record.cutover, 1, lambda _: step)
    assert conflict.value.parts == {"opened"}
    assert (world.record(), world.record(revision=2).requester) == (record, "mallory")
