"""Row 4: a newer candidate ends the revision before it, wherever that stands, and opens the next one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from cutover.contracts.candidate import Candidate
from cutover.contracts.supersession import Supersession
from cutover.domain import ledger
from cutover.domain.ledger import status_by_ledger
from cutover.domain.record import LIVE, Admission, Lane, RevisionRecord, Status
from cutover.domain.schedule import PATIENCE
from cutover.errors import DependencyUnavailable
from cutover.ports import Commit
from cutover.recorder import Step
from cutover.stages.admit.admitting import Admitter
from tests.building.policy import CLOSES_AT, ISSUED_AT, OPENS_AT
from tests.simulator.journeys import (
    AFTER_OPENING,
    announced,
    awaiting_approval,
    awaiting_window,
    caught_before,
    handed_off,
    repair,
    when,
)
from tests.simulator.owners import with_facts
from tests.simulator.world import World, fill

CUTOVER = "service@production.1"
MINUTE = timedelta(minutes=1)


def newer(world: World, sequence: int = 2, **changes: Any) -> Candidate:
    return world.candidate(sequence=sequence, version=f"1.{sequence + 3}.0", **changes)


def supersede(world: World) -> None:
    world.announce(newer(world))
    world.run()


def held(world: World) -> RevisionRecord:
    return announced(world, world.candidate().model_copy(update={"waivers": ()}))


def deferred(world: World) -> RevisionRecord:
    awaiting_approval(world)
    world.decide("erin", "defer", until="2026-03-03T12:00")
    world.run()
    return world.record()


LIVING: dict[Status, Callable[[World], Status]] = {
    Status.COLLECTING: caught_before("Collect", supersede),
    Status.VERIFYING: caught_before("Verify", supersede),
    Status.HELD: when(held, supersede),
    Status.BOUND: caught_before("RequestApproval", supersede),
    Status.AWAITING_APPROVAL: when(awaiting_approval, supersede),
    Status.DEFERRED: when(deferred, supersede),
    Status.APPROVED: caught_before("AwaitWindow", supersede),
    Status.AWAITING_WINDOW: when(awaiting_window, supersede),
}


def lane_of(world: World) -> Lane:
    lane = world.wiring.records.lane("service", "production")
    assert lane is not None
    return lane


def document_of(world: World, record: RevisionRecord) -> Supersession:
    assert record.supersession is not None
    return Supersession.model_validate_json(world.wiring.store.get(record.supersession, limit=2**20))


def revisions(world: World) -> list[RevisionRecord]:
    return world.wiring.records._all(RevisionRecord)


def assert_sound(world: World) -> None:
    """At most one is live, the ledger alone gives each status, and an end but a hand-off has its tombstone."""
    live = [each for each in revisions(world) if each.status in LIVE | {Status.HANDING_OFF}]
    assert len(live) <= 1
    for each in revisions(world):
        assert status_by_ledger(world.ledger(each.cutover), each.revision) == each.status
        ended = each.status in {Status.SUPERSEDED, Status.DECLINED, Status.EXPIRED, Status.WITHDRAWN}
        assert world.wiring.store.has_tombstone(each.cutover, each.revision) is ended


def assert_superseded(world: World, record: RevisionRecord, successor: RevisionRecord) -> None:
    assert (record.status, record.reason) == ("superseded", "NEWER_CANDIDATE")
    lane = lane_of(world)
    assert (lane.cutover, lane.revision, lane.ended, lane.number) == (CUTOVER, successor.revision, None, 1)
    slot = world.wiring.records.slot(world.deployment.queue_arn, successor.window)
    assert slot is None or slot.revision == successor.revision
    document = document_of(world, successor)
    assert (document.cause, document.revision, document.successor) == (
        "newer-candidate", record.revision, successor.revision,
    )  # fmt: skip
    assert (document.candidate, document.successor_candidate) == (record.candidate, successor.candidate)
    entries = [entry for entry in world.ledger() if entry.transition == 4]
    ended, opened = entries[-2:]
    assert (ended.event, ended.revision, ended.to) == ("superseded", record.revision, "superseded")
    assert (opened.event, opened.revision, opened.from_, opened.to) == (
        "opened", successor.revision, "admitting", "collecting",
    )  # fmt: skip
    assert opened.sequence == ended.sequence + 1
    assert ended.inputs["supersession"] == opened.inputs["supersession"] == successor.supersession
    assert (ended.actor.role, ended.actor.requester) == ("admit", "dana@ci")
    assert_sound(world)


def finish(world: World, revision: int = 2) -> None:
    """The successor goes the whole way, by people who are asked about it."""
    for person in ("erin", "omar"):
        world.decide(person)
        world.run()
    world.clock.move_to(max(AFTER_OPENING, world.clock.now()))
    world.tick()
    assert world.record(revision=revision).status == "handed_off"
    assert len(world.messages()) == 1
    assert_sound(world)


def test_every_living_status_is_there() -> None:
    assert LIVING.keys() == LIVE


# --- from each live status ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", LIVING, ids=str)
def test_a_newer_candidate_supersedes(status: Status) -> None:
    world = World()
    assert LIVING[status](world) is status
    world.run()
    repair(world, 3)
    record, successor = world.record(), world.record(revision=2)
    assert successor.status == "awaiting_approval"
    assert_superseded(world, record, successor)
    first, second = world.machine.executions.values()
    assert (first.status, first.visited[-1]) == ("SUCCEEDED", "Superseded")
    assert (second.status, second.state) == ("WAITING", "AwaitApproval")
    assert second.visited[:2] == ["Begin", "Admit"], "the admission's own execution goes on with what it opened"
    (from_,) = [entry.from_ for entry in world.ledger() if entry.event == "superseded"]
    assert from_ == status.value
    finish(world)


@pytest.mark.parametrize("status", LIVING, ids=str)
def test_nobody_waits_for_it_any_more(status: Status) -> None:
    """The end is repeated for as long as its execution could still come to a wait, and not for ever."""
    world = World()
    LIVING[status](world)
    world.run()
    repair(world, PATIENCE // MINUTE + 2)
    assert world.wiring.tokens.newest(CUTOVER, 1) is None
    assert world.record().signal is None
    assert [each.status for each in world.machine.executions.values()] == ["SUCCEEDED", "WAITING"]


def test_approvals_do_not_pass_to_other_bytes() -> None:
    world = World()
    before = awaiting_window(world)
    assert len(before.decisions) == 2
    supersede(world)
    after = world.record(revision=2)
    assert (after.decisions, after.decision_seq, after.manifest) != (before.decisions, 2, before.manifest)
    assert after.decisions == ()
    world.decide("erin")
    world.run()
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record(revision=2).status == "awaiting_approval", "two had approved the other one"
    assert world.messages() == []


def test_the_document_says_what_differs_field_by_field() -> None:
    world = World()
    awaiting_approval(world)
    supersede(world)
    differences = document_of(world, world.record(revision=2)).differences
    assert [(each.pointer, each.before, each.after) for each in differences if "waivers" not in each.pointer] == [
        ("/sequence", "1", "2"), ("/version", "1.4.0", "1.5.0"),
    ]  # fmt: skip


def test_the_notice_is_signed_and_has_the_document_inside() -> None:
    world = World()
    awaiting_approval(world)
    supersede(world)
    notices = [key for key in world.wiring.store.objects if key.startswith(f"notices/{CUTOVER}/")]
    (entry,) = [entry for entry in world.ledger() if entry.event == "superseded"]
    assert notices == [f"notices/{CUTOVER}/{entry.sequence:012d}.json"]


def admit(world: World, digest: str) -> None:
    """Admit's own logic, once, in the middle of another function."""
    wiring, policy = world.wiring, world.wiring.policy()
    Admitter(
        policy=policy, audience=wiring.settings.audience, targets=wiring.settings.targets, store=wiring.store,
        recorder=wiring.recorder("admit"), succession=wiring.succession(policy), clock=wiring.clock,
    ).run(digest, 1)  # fmt: skip


# --- links ----------------------------------------------------------------------------------------------


def test_the_page_of_the_older_one_says_so_and_takes_no_decision() -> None:
    world = World()
    awaiting_approval(world)
    link = world.links()["erin"]
    filled = urlencode(fill(world.http("GET", link)["body"], "approve"))
    supersede(world)
    page = world.http("GET", link)["body"]
    assert "A newer candidate was announced." in page
    assert "Revision 2 is the current one." in page
    assert "<form" not in page
    before, entries = (world.record(), world.record(revision=2)), len(world.ledger())
    assert world.http("POST", link, filled)["statusCode"] == 409
    assert (world.record(), world.record(revision=2)) == before
    assert [entry.transition for entry in world.ledger()[entries:]] in ([], [None]), "recorded, and nothing changed"
    assert world.links()["erin"] != link, "whoever may decide the next one was sent a link of their own"


def test_an_approval_that_is_given_at_that_moment_does_not_count_for_the_next_one() -> None:
    """The page was read, the form is sent; the candidate is admitted before the decision is written."""
    world = World()
    awaiting_approval(world)
    digest = world.announce(newer(world))
    real, raced = world.wiring.records.commit, list[bool]()

    def write(commit: Commit) -> None:
        if not raced and commit.entries[0].event == "approval-given":
            raced.append(True)
            admit(world, digest)
        real(commit)

    world.wiring.records.commit = write  # type: ignore[method-assign]
    assert world.decide("erin")["statusCode"] == 409
    assert raced
    assert world.record().decisions == ()
    assert world.record(revision=2).decisions == ()
    assert_superseded(world, world.record(), world.record(revision=2))


# --- the tombstone stands first ----------------------------------------------------------------------------


def unavailable_for(world: World, event: str) -> list[Commit]:
    """The table refuses every commit of that event, until the list's owner clears ``world.wiring.records.commit``."""
    tried: list[Commit] = []
    real = world.wiring.records.commit

    def write(commit: Commit) -> None:
        if commit.entries[0].event == event:
            tried.append(commit)
            raise DependencyUnavailable("the table")
        real(commit)

    world.wiring.records.commit = write  # type: ignore[method-assign]
    return tried


def test_cut_off_between_tombstone_and_transaction_nothing_is_handed_off_and_it_is_done_later() -> None:
    world = World()
    awaiting_window(world)
    real = world.wiring.records.commit
    tried = unavailable_for(world, "superseded")
    digest = world.announce(newer(world))
    world.run()
    assert tried
    assert world.wiring.store.has_tombstone(CUTOVER, 1)
    assert (world.record().status, world.admission(digest).status) == ("awaiting_window", "admitting")
    assert world.wiring.records.revision(CUTOVER, 2) is None
    assert lane_of(world).revision == 1
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.messages() == []
    assert "TOMBSTONE" in {entry.result for entry in world.ledger()}
    world.wiring.records.commit = real  # type: ignore[method-assign]
    repair(world, 3)
    assert_superseded(world, world.record(), world.record(revision=2))
    finish(world)


def test_the_document_that_nothing_came_of_does_no_harm() -> None:
    """Each try stores its own, with its own time; the ledger names the one that took effect."""
    world = World()
    awaiting_approval(world)
    real = world.wiring.records.commit
    tried = unavailable_for(world, "superseded")
    world.announce(newer(world))
    world.run()
    world.wiring.records.commit = real  # type: ignore[method-assign]
    repair(world, 3)
    successor = world.record(revision=2)
    assert_superseded(world, world.record(), successor)
    assert successor.supersession not in {each.entries[0].inputs["supersession"] for each in tried}
    (entry,) = [entry for entry in world.ledger() if entry.event == "superseded"]
    assert document_of(world, successor).at == entry.at


# --- order ------------------------------------------------------------------------------------------------


OLDER: dict[str, dict[str, Any]] = {
    "issued before": {"issued_at": ISSUED_AT - timedelta(seconds=1), "sequence": 9},
    "a lower number": {"sequence": 0},
    "the same number": {"sequence": 1, "rationale": "the same moment and number, other words"},
}


@pytest.mark.parametrize("older", OLDER.values(), ids=OLDER.keys())
@pytest.mark.parametrize("journey", [held, awaiting_approval, awaiting_window])
def test_an_older_or_equal_candidate_never_supersedes(
    journey: Callable[[World], RevisionRecord], older: dict[str, Any]
) -> None:
    world = World()
    before, lane = journey(world), lane_of(world)
    chain = world.ledger()
    digest = world.announce(world.candidate(**older))
    world.run()
    admission = world.admission(digest)
    assert (admission.status, admission.reason) == ("refused", "NOT_NEWER")
    assert (world.record(), lane_of(world), world.ledger()) == (before, lane, chain)
    assert not world.wiring.store.has_tombstone(CUTOVER, 1)


def test_the_order_is_that_of_the_newest_ever_admitted() -> None:
    """What came between and was superseded itself does not come back."""
    world = World()
    awaiting_approval(world)
    world.announce(newer(world, 3))
    world.run()
    digest = world.announce(newer(world, 2))
    world.run()
    assert (world.admission(digest).status, world.admission(digest).reason) == ("refused", "NOT_NEWER")
    assert [each.status for each in revisions(world)] == ["superseded", "awaiting_approval"]


def test_the_same_candidate_again_supersedes_nothing() -> None:
    world = World()
    candidate = world.candidate()
    world.announce(candidate)
    world.run()
    world.wiring.idempotency.clear()
    world.announce(candidate, event_id="again")
    world.run()
    assert [each.status for each in revisions(world)] == ["awaiting_approval"]


def test_one_after_the_other_each_supersedes_the_one_before() -> None:
    world = World()
    awaiting_approval(world)
    for sequence in (2, 3, 4):
        world.announce(newer(world, sequence))
        world.run()
    repair(world)
    assert [each.status for each in revisions(world)] == ["superseded"] * 3 + ["awaiting_approval"]
    assert [each.visited[-1] for each in world.machine.executions.values()][:3] == ["Superseded"] * 3
    assert_superseded(world, world.record(revision=3), world.record(revision=4))
    finish(world, revision=4)


# --- lost races ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(2, 3), (3, 2)], ids=["the older first", "the newer first"])
def test_of_two_newer_ones_at_once_the_newest_wins(order: tuple[int, int]) -> None:
    """Both have read that the first revision is current. Whoever writes second decides again on what is there."""
    world = World()
    awaiting_approval(world)
    digests = {sequence: world.announce(newer(world, sequence)) for sequence in order}
    real, raced = world.wiring.records.commit, list[bool]()

    def write(commit: Commit) -> None:
        if not raced and commit.entries[0].event == "superseded":
            raced.append(True)
            admit(world, digests[order[1]])
        real(commit)

    world.wiring.records.commit = write  # type: ignore[method-assign]
    world.run()
    repair(world, 3)
    assert raced
    admitted: list[Admission] = [world.admission(digests[sequence]) for sequence in (2, 3)]
    assert admitted[1].status == "collecting"
    current = world.record(revision=admitted[1].revision or 0)
    assert (current.status, lane_of(world).revision) == ("awaiting_approval", current.revision)
    if order == (2, 3):
        assert (admitted[0].status, admitted[0].reason) == ("refused", "NOT_NEWER")
        assert current.revision == 2
    else:
        assert (admitted[0].status, admitted[0].revision, current.revision) == ("collecting", 2, 3)
    assert_sound(world)
    assert len([each for each in world.machine.executions.values() if each.status == "WAITING"]) == 1


def handing_off_meanwhile(world: World) -> None:
    """HandOff's lease is written between Admit's reading and its transaction."""
    real, raced = world.wiring.records.commit, list[bool]()

    def write(commit: Commit) -> None:
        if not raced and commit.entries[0].event == "superseded":
            raced.append(True)
            lease = {"attempt": 1, "lease_until": world.clock.now() + MINUTE}
            world.wiring.recorder("hand-off").advance(
                CUTOVER, 1, lambda _: Step("handing-off", "dana@ci", lease, result="HANDING_OFF")
            )  # fmt: skip
        real(commit)

    world.wiring.records.commit = write  # type: ignore[method-assign]


def test_a_hand_off_that_begins_at_that_moment_is_not_superseded() -> None:
    """The tombstone stands already, so nothing is sent: as nobody can say so for sure, it ends as uncertain."""
    world = World()
    awaiting_window(world)
    handing_off_meanwhile(world)
    digest = world.announce(newer(world))
    world.run()
    assert (world.record().status, world.admission(digest).status) == ("handing_off", "admitting")
    assert lane_of(world).revision == 1
    repair(world, 5)
    assert (world.record().status, world.record().reason) == ("uncertain", "SEND_UNCERTAIN")
    admission = world.admission(digest)
    assert (admission.status, admission.cutover, admission.revision) == ("collecting", "service@production.2", 1)
    assert world.messages() == []


# --- a hand-off under way ----------------------------------------------------------------------------------


def next_week(world: World) -> None:
    """The calendar has a window in the week after, too."""

    def change(said: dict[str, Any]) -> None:
        window = said["calendars"]["production"]["windows"][0]
        later = {"id": "next-tuesday", "opens_at": "2026-03-04T20:00:00Z", "closes_at": "2026-03-04T22:00:00Z"}
        said["calendars"]["production"]["windows"].append({**window, **later})

    with_facts(world, change)


def test_a_candidate_waits_for_a_hand_off_to_end_and_opens_the_next_cutover() -> None:
    world = World()
    awaiting_window(world)
    next_week(world)
    world.wiring.deployment.lose_answers(1)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status == "handing_off"
    digest = world.announce(newer(world, window="next-tuesday"))
    world.run()
    assert (world.execution().status, world.execution().visited[-1]) == ("SLEEPING", "AwaitLane")
    assert not world.wiring.store.has_tombstone(CUTOVER, 1)
    waiting = world.admission(digest)
    assert (waiting.status, waiting.reason) == ("admitting", "HAND_OFF_UNDER_WAY")
    repair(world, 3)
    assert world.record().status == "handed_off"
    admission = world.admission(digest)
    assert (admission.status, admission.cutover, admission.revision) == ("collecting", "service@production.2", 1)
    assert world.record("service@production.2").status == "awaiting_approval"
    assert world.record("service@production.2").supersession is None
    told = [entry for entry in world.ledger(ledger.admissions_chain(digest)) if entry.transition == 5]
    assert [(entry.event, entry.result) for entry in told] == [("waits", "HAND_OFF_UNDER_WAY")], "told once"
    assert len(world.messages()) == 1
    assert_sound(world)


def test_whoever_waits_is_not_taken_for_lost() -> None:
    world = World()
    awaiting_window(world)
    next_week(world)
    world.wiring.deployment.refuse(99)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    digest = world.announce(newer(world, window="next-tuesday"))
    world.run()
    for _ in range(30):
        repair(world, 1)
    assert world.record().status == "handing_off"
    assert world.admission(digest).attempt == 1
    assert len(world.machine.executions) == 2


# --- after an end ------------------------------------------------------------------------------------------


def declined(world: World) -> RevisionRecord:
    awaiting_approval(world)
    world.decide("omar", "refuse")
    world.run()
    return world.record()


def expired(world: World) -> RevisionRecord:
    awaiting_window(world)
    world.clock.move_to(CLOSES_AT)
    world.tick()
    return world.record()


def withdrawn(world: World) -> RevisionRecord:
    awaiting_approval(world)
    step = Step("withdrawn", "dana", {"reason": "WITHDRAWN"}, result="WITHDRAWN")
    world.wiring.recorder("withdrawals").advance(CUTOVER, 1, lambda _: step)
    world.run()
    return world.record()


def uncertain(world: World) -> RevisionRecord:
    awaiting_window(world)
    world.wiring.deployment.lose_answers(99)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    world.clock.move_to(CLOSES_AT)
    world.tick()
    return world.record()


def test_after_a_refusal_the_cutover_goes_on_with_its_second_revision() -> None:
    world = World()
    assert declined(world).status == "declined"
    digest = world.announce(newer(world))
    world.run()
    admission = world.admission(digest)
    assert (admission.cutover, admission.revision) == (CUTOVER, 2)
    assert world.record(revision=2).supersession is None, "nothing was superseded: the one before had ended"
    assert (lane_of(world).number, lane_of(world).revision, lane_of(world).ended) == (1, 2, None)
    assert [entry.transition for entry in world.ledger()].count(4) == 0
    finish(world)


@pytest.mark.parametrize("journey", [expired, withdrawn, handed_off, uncertain])
def test_after_any_other_end_the_next_candidate_has_the_next_number(
    journey: Callable[[World], RevisionRecord],
) -> None:
    world = World()
    ended = journey(world)
    assert ended.status == journey.__name__
    next_week(world)
    digest = world.announce(newer(world, window="next-tuesday"))
    world.run()
    admission = world.admission(digest)
    assert (admission.status, admission.cutover, admission.revision) == ("collecting", "service@production.2", 1)
    assert (lane_of(world).number, lane_of(world).revision, lane_of(world).ended) == (2, 1, None)
    assert world.record() == ended
    assert world.record("service@production.2").expires_at > OPENS_AT


def test_waivers_of_the_declined_one_are_looked_at_again_and_its_approvals_are_not() -> None:
    world = World()
    declined(world)
    waivers = ("sha256:" + "5" * 64,)
    world.wiring.records._set(world.record().model_copy(update={"waivers": waivers}))
    world.before_invoke = lambda name, _: _stop() if name == "Collect" else None
    world.announce(newer(world))
    world.run()
    after = world.record(revision=2)
    assert (after.waivers, after.decisions) == (waivers, ())


def _stop() -> None:
    raise DependencyUnavailable("collecting is not looked at here")
