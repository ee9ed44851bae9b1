"""Rehearsals: collected, verified and reported by the real functions; nobody is asked, and nothing can be sent."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.candidate import Candidate
from cutover.contracts.handoff import Withdrawal
from cutover.contracts.policy import Purpose
from cutover.domain import naming
from cutover.domain.checks import FAMILIES
from cutover.domain.record import RevisionRecord, Status
from cutover.ports import Signer
from tests.building.policy import EXPIRES_AT
from tests.faults.killing import MortalWorld
from tests.faults.test_kill_points import kill_everywhere, to_bind
from tests.simulator.events import deliver, signed
from tests.simulator.interpreter import Execution
from tests.simulator.journeys import (
    AFTER_OPENING,
    announced,
    assert_consistent,
    awaiting_approval,
    awaiting_window,
    open_holds,
    told,
)
from tests.simulator.owners import with_key_of, with_rules
from tests.simulator.resolving import hold_of, mended, resolve, result, waived
from tests.simulator.world import World

REHEARSAL = "service@production.rehearsal.1"
RELEASE = "service@production.1"


def rehearsed(world: World, **changes: Any) -> RevisionRecord:
    """A candidate is rehearsed; the record that it opened, at its end."""
    return announced(world, world.candidate(rehearsal=True, **changes))


def watched(world: World) -> list[Purpose]:
    """Every purpose for which something is signed from now on."""
    real, found = world.wiring.signer, list[Purpose]()

    def signer(purpose: Purpose) -> Signer:
        found.append(purpose)
        return real(purpose)

    world.wiring.signer = signer  # type: ignore[method-assign]
    return found


def codes(world: World, record: RevisionRecord) -> list[str]:
    return sorted(hold.code for hold in open_holds(world, record))


def assert_only_reported(world: World, record: RevisionRecord) -> None:
    """It has ended, with a register that the ledger names; nobody was asked or told, and nothing was claimed."""
    assert naming.is_rehearsal(record.cutover)
    assert (record.status, record.signal, record.due_at) == ("rehearsed", None, None)
    assert (record.manifest, record.queue_arn, record.decisions, record.handoff) == (None, None, (), None)
    assert world.messages() == []
    assert world.wiring.deployment.sends == 0
    assert [each for each in told(world) if each.cutover == record.cutover] == []
    assert [mail for mail in world.wiring.mailer.sent if record.cutover in mail.text] == []
    assert world.wiring.store.has_tombstone(record.cutover, record.revision)
    last = [entry for entry in world.ledger(record.cutover) if entry.transition is not None][-1]
    assert (last.event, last.transition, last.result) == ("rehearsed", 26, "REHEARSED")
    assert (last.from_, last.to, last.actor.role) == ("verifying", "rehearsed", "bind")
    assert last.inputs.keys() == {"bind-inputs", "hold-register"}
    assert last.inputs["hold-register"] == record.hold_register
    assert [key for key in world.wiring.store.objects if key.startswith(f"notices/{record.cutover}")] == []


# --- what it reports -----------------------------------------------------------------------------------


def test_with_holds() -> None:
    world = World()
    purposes = watched(world)
    record = rehearsed(world, waivers=())
    assert_only_reported(world, record)
    assert record.cutover == REHEARSAL
    assert codes(world, record) == ["ROLLBACK_DRILL_MISSING"]
    assert record.reason == "ROLLBACK_DRILL_MISSING"
    assert [entry.transition for entry in world.ledger(REHEARSAL)] == [3, 6, 26]
    assert world.ledger(REHEARSAL)[-1].detail == "1 holds are open"
    assert (world.execution().status, world.execution().visited[-2:]) == ("SUCCEEDED", ["Ended", "Rehearsed"])
    assert told(world) == []
    assert world.wiring.mailer.sent == []
    assert set(purposes) == {"ledger"}
    assert_consistent(world, REHEARSAL)


def test_clean() -> None:
    world = World()
    purposes = watched(world)
    record = rehearsed(world)
    assert_only_reported(world, record)
    assert (codes(world, record), record.reason) == ([], None)
    assert world.ledger(REHEARSAL)[-1].detail == "nothing would have held it"
    assert world.wiring.mailer.sent == []
    assert set(purposes) == {"ledger"}


def test_it_finds_what_the_release_finds() -> None:
    """The same records, the same rules: the same register but for whose it is."""
    world, real = World(), World()
    found, wanted = rehearsed(world, waivers=()), announced(real, real.candidate(waivers=()))
    assert wanted.status == "held"
    assert [(each.code, each.fingerprint) for each in open_holds(world, found)] == [
        (each.code, each.fingerprint) for each in open_holds(real, wanted)
    ]


def test_a_rule_that_denies_is_reported_like_any_other() -> None:
    world = World()
    with_rules(world, severities={"artifacts.nothing-newer": "deny"})
    world.wiring.bucket.put("shop-registry", world.records["artifact"].record, b"built again")
    record = rehearsed(world)
    assert_only_reported(world, record)
    assert codes(world, record) == ["SUPERSESSION_UNRESOLVED"]


@pytest.mark.parametrize("family", [min(FAMILIES), max(FAMILIES)])
def test_a_family_that_crashes_is_reported(family: str) -> None:
    world = World()

    def crash(name: str, payload: Any) -> None:
        if name == "Verify" and payload["family"] == family:
            raise RuntimeError("a bug")

    world.before_invoke = crash
    record = rehearsed(world)
    assert_only_reported(world, record)
    assert codes(world, record) == ["CHECK_FAILED"]


# --- beside a release ----------------------------------------------------------------------------------


def assert_untouched(world: World, before: RevisionRecord, lane: Any, slot: Any) -> None:
    assert world.record(before.cutover, before.revision) == before
    assert world.wiring.records.lane("service", "production") == lane
    assert world.wiring.records.slot(world.deployment.queue_arn, before.window) == slot


@pytest.mark.parametrize("journey", [awaiting_approval, awaiting_window])
def test_a_live_release_stays_as_it_is(journey: Callable[[World], RevisionRecord]) -> None:
    """Not superseded, asked about once, in its slot; and then it is handed off."""
    world = World()
    before = journey(world)
    lane = world.wiring.records.lane("service", "production")
    slot = world.wiring.records.slot(world.deployment.queue_arn, before.window)
    mails, entries = len(world.wiring.mailer.sent), len(world.ledger())
    record = rehearsed(world, sequence=7)
    assert_only_reported(world, record)
    assert codes(world, record) == [], "its own product's release is in the slot: that is no conflict"
    assert_untouched(world, before, lane, slot)
    assert (len(world.wiring.mailer.sent), len(world.ledger())) == (mails, entries)
    if before.status is Status.AWAITING_APPROVAL:
        for person in ("erin", "omar"):
            world.decide(person)
            world.run()
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status == "handed_off"
    assert world.record(REHEARSAL) == record


def test_a_held_release_is_not_answered_by_it() -> None:
    world = World()
    before = announced(world, world.candidate(waivers=()))
    assert before.status == "held"
    record = rehearsed(world, sequence=7)
    assert (record.status, world.record(RELEASE)) == ("rehearsed", before)


def test_another_product_s_slot_is_a_conflict() -> None:
    world = World()
    rules, products = world.rules(), ("service", "other")
    with_rules(
        world, builds=dict.fromkeys(products, rules.builds["service"]),
        allowances=dict.fromkeys(products, rules.allowances["service"]),
    )  # fmt: skip
    other = announced(world, world.candidate(product="other"))
    assert other.status == "awaiting_approval", open_holds(world, other)
    record = rehearsed(world)
    assert_only_reported(world, record)
    assert codes(world, record) == ["WINDOW_CONFLICT"]


def test_a_release_follows_no_rehearsal() -> None:
    """It begins with number 1 and revision 1, whatever was rehearsed, and need not be newer."""
    world = World()
    rehearsed(world, sequence=9)
    record = awaiting_approval(world)
    assert (record.cutover, record.revision) == (RELEASE, 1)
    assert record.supersession is None


# --- one after another ---------------------------------------------------------------------------------


def test_the_next_one_has_the_next_number() -> None:
    world = World()
    rehearsed(world)
    record = rehearsed(world, sequence=2)
    assert record.cutover == "service@production.rehearsal.2"
    assert_only_reported(world, record)
    assert_only_reported(world, world.record(REHEARSAL))


@pytest.mark.parametrize(("sequence", "key", "reason"), [
    (0, "candidate", "NOT_NEWER"),
    (1, "candidate/None", "ALREADY_ADMITTED"),
])  # fmt: skip
def test_one_that_is_not_newer_is_refused(sequence: int, key: str, reason: str) -> None:
    """Older; or the same payload again, in an envelope by another key."""
    world = World()
    with_key_of(world, None, "candidate")
    candidate = world.candidate(rehearsal=True)
    announced(world, candidate)
    digest = world.announce(candidate.model_copy(update={"sequence": sequence}), event_id="e-2", key=key)
    world.run()
    assert (world.admission(digest).status, world.admission(digest).reason) == ("refused", reason)
    assert world.wiring.records.revision(REHEARSAL, 2) is None
    assert world.wiring.records.revision("service@production.rehearsal.2", 1) is None


@pytest.mark.parametrize("stage", ["Collect", "Verify", "Bind"])
def test_a_newer_rehearsal_supersedes_one_that_is_under_way(stage: str) -> None:
    world = World()
    release = awaiting_approval(world)
    seen: list[Status] = []

    def before(name: str, payload: Any) -> None:
        if name == stage and not seen:
            seen.append(world.record(REHEARSAL).status)
            world.announce(world.candidate(rehearsal=True, sequence=3), event_id="e-3")
            world.run()

    world.before_invoke = before
    world.announce(world.candidate(rehearsal=True, sequence=2), event_id="e-2")
    world.run()
    first, second = world.record(REHEARSAL), world.record(REHEARSAL, 2)
    assert seen == ["collecting" if stage == "Collect" else "verifying"]
    assert (first.status, first.reason, second.status) == ("superseded", "NEWER_CANDIDATE", "rehearsed")
    assert_only_reported(world, second)
    assert world.record(RELEASE) == release
    lane = world.wiring.records.lane("service", "production", rehearsal=True)
    assert lane is not None
    assert (lane.cutover, lane.revision, lane.ended) == (REHEARSAL, 2, "rehearsed")


# --- crashes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["collecting", "verifying"])
def test_one_whose_execution_was_stopped_is_taken_over(status: str) -> None:
    world = World()
    stopped: list[Execution] = []

    def stop_there(_name: str, _payload: object) -> None:
        found = world.wiring.records.revision(REHEARSAL, 1)
        if not stopped and found is not None and found.status == status:
            stopped.append(world.execution())
            raise KeyboardInterrupt

    world.before_invoke = stop_there
    world.announce(world.candidate(rehearsal=True, waivers=()))
    with pytest.raises(KeyboardInterrupt):
        world.run()
    stopped[0].status, stopped[0].token = "ABORTED", None
    for _ in range(20):
        world.clock.move(timedelta(minutes=1))
        world.tick()
    record = world.record(REHEARSAL)
    assert record.execution == 2
    assert_only_reported(world, record)
    assert world.execution().visited[:3] == ["Begin", "Resume", "WasResumed"]
    assert world.execution().visited[-1] == "Rehearsed"
    assert codes(world, record) == ["ROLLBACK_DRILL_MISSING"]


@pytest.mark.parametrize("function", ["stages.bind", "stages.admit"])
def test_killed_anywhere_it_is_reported_once(function: str) -> None:
    def check(world: MortalWorld) -> None:
        assert_only_reported(world, world.record(REHEARSAL))
        assert [entry.transition for entry in world.ledger(REHEARSAL)] == [3, 6, 26]
        assert_consistent(world, REHEARSAL)

    world = MortalWorld(function)
    candidate: Candidate = world.candidate(rehearsal=True, waivers=())
    if function == "stages.admit":
        world.announce(candidate)
    else:
        to_bind(world, candidate)
    kill_everywhere(world, MortalWorld.run, check)


def test_one_that_nobody_finishes_expires() -> None:
    world = World()

    def stop_bind(name: str, _payload: object) -> None:
        if name == "Bind":
            raise RuntimeError("a bug")

    world.before_invoke = stop_bind
    world.announce(world.candidate(rehearsal=True))
    world.run()
    assert world.record(REHEARSAL).status == "verifying"
    world.clock.move_to(EXPIRES_AT + timedelta(minutes=1))
    world.tick()
    record = world.record(REHEARSAL)
    assert record.status == "expired"
    assert world.messages() == []


# --- nobody can make more of it ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["waiver", "mended"])
def test_no_resolution_answers_it(kind: str) -> None:
    world = World()
    record = rehearsed(world, waivers=())
    hold = hold_of(world, "ROLLBACK_DRILL_MISSING", record)
    event = resolve(world, hold, waived(world, hold) if kind == "waiver" else mended(), record)
    assert result(world, event, REHEARSAL) == "NOT_FOR_A_REHEARSAL"
    assert world.record(REHEARSAL).status == "rehearsed"
    assert world.wiring.records.revision(REHEARSAL, 2) is None


def test_a_withdrawal_of_one_that_has_ended_is_noted() -> None:
    world = World()
    before = rehearsed(world)
    withdraw(world)
    assert world.ledger(REHEARSAL)[-1].result == "ENDED_BEFORE"
    assert world.record(REHEARSAL) == before


def test_a_withdrawal_ends_one_that_is_under_way_and_no_release() -> None:
    world = World()
    release = awaiting_approval(world)

    def before(name: str, _payload: Any) -> None:
        if name == "Bind" and world.record(REHEARSAL).status == "verifying":
            withdraw(world)

    world.before_invoke = before
    world.announce(world.candidate(rehearsal=True, sequence=2), event_id="e-2")
    world.run()
    assert world.record(REHEARSAL).status == "withdrawn"
    assert world.record(RELEASE) == release
    assert [key for key in world.wiring.store.objects if key.startswith(f"notices/{REHEARSAL}")] == []


def withdraw(world: World) -> None:
    said = Withdrawal(
        audience=world.deployment.audience, cutover=REHEARSAL, requester="dana", reason="Seen enough.",
        issued_at=world.clock.now(),
    )  # fmt: skip
    deliver(world, signed(world, said))


def test_hand_off_refuses_a_record_that_says_that_it_waits_for_its_window() -> None:
    """Somebody writes the table, and gives a rehearsal everything that a release has."""
    world = World()
    release = awaiting_window(world)
    lane = world.wiring.records.lane("service", "production")
    assert lane is not None
    forged = release.model_copy(update={"cutover": REHEARSAL})
    world.wiring.records._set(forged)
    world.wiring.records._set(lane.model_copy(update={"cutover": REHEARSAL}))
    world.wiring.records.changes.clear()
    world.clock.move_to(AFTER_OPENING)
    reference = {"cutover": REHEARSAL, "revision": 1, "execution": 1, "status": "awaiting_window"}
    world.invoke("stages.hand_off", {"record": reference})
    record = world.record(REHEARSAL)
    assert (record.status, record.reason) == ("awaiting_window", "NOT_FOR_A_REHEARSAL")
    assert world.wiring.deployment.sends == 0
