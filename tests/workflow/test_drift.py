"""Row 22: what changed at its source after it was collected. The clock asks while it waits, HandOff at the end."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from cutover.contracts.supersession import Supersession
from cutover.domain.record import RevisionRecord
from cutover.errors import DependencyUnavailable
from tests.building.policy import OPENS_AT
from tests.fakes.faults import Faults, faulty
from tests.simulator.journeys import (
    AFTER_OPENING,
    assert_consistent,
    awaiting_approval,
    awaiting_window,
    open_holds,
    revise,
    rewrite,
)
from tests.simulator.world import World

PROBE = timedelta(minutes=16)
"""A little more than the rules' ``probe_every``."""
Change = Callable[[World], None]


def looked(world: World) -> dict[str, int]:
    """The clock comes by when the next look is due: what came of it."""
    world.clock.move(PROBE)
    return {outcome: count for outcome, count in world.tick().items() if count}


def why(world: World, successor: RevisionRecord) -> Supersession:
    assert successor.supersession is not None
    return Supersession.model_validate_json(world.wiring.store.get(successor.supersession, limit=2**20))


def cohort_grows(world: World) -> None:
    revise(world, "rollout", lambda said: said["cohorts"][0].update(share_percent=7))


def cohort_added(world: World) -> None:
    added = {"name": "late", "environment": "production", "share_percent": 3}
    revise(world, "rollout", lambda said: said["cohorts"].append(added))


def another_requester(world: World) -> None:
    revise(world, "change", lambda said: said.update(requester="erin"))


def no_steps(world: World) -> None:
    revise(world, "rollback", lambda said: {**said, "steps": []})


@pytest.mark.parametrize("change", [cohort_grows, cohort_added, another_requester, no_steps])
@pytest.mark.parametrize("reach", [awaiting_approval, awaiting_window])
def test_a_consumed_value_that_changed_makes_the_next_revision(
    reach: Callable[[World], RevisionRecord], change: Change
) -> None:
    world = World()
    reach(world)
    change(world)
    assert looked(world) == {"superseded": 1}
    before, after = world.record(), world.record(revision=2)
    assert (before.status, before.reason) == ("superseded", "DRIFTED")
    assert world.wiring.store.has_tombstone(before.cutover, 1)
    document = why(world, after)
    assert (document.cause, document.revision, document.successor) == ("drift", 1, 2)
    assert document.differences
    assert world.execution().name.startswith("revision-"), "an execution of its own"
    assert after.decisions == ()
    assert_consistent(world)


def test_the_difference_names_field_and_values() -> None:
    world = World()
    awaiting_approval(world)
    cohort_grows(world)
    looked(world)
    differences = why(world, world.record(revision=2)).differences
    assert [(each.pointer, each.before, each.after) for each in differences] == [("/cohorts/0/share_percent", "1", "7")]


def test_what_follows_is_about_the_newer_record() -> None:
    world = World()
    awaiting_window(world)
    cohort_grows(world)
    looked(world)
    for person in ("erin", "omar"):
        world.decide(person)
        world.run()
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record(revision=2).status == "handed_off"
    assert len(world.messages()) == 1
    assert looked(world) == {}, "an end is not looked at"


def comment(world: World) -> None:
    revise(world, "change", lambda said: said.update(comments=["Looks good to me."]))


def reformatted(world: World) -> None:
    payload = json.dumps(json.loads(world.records["rollout"].payload), separators=(",", ":")).encode()
    rewrite(world, "rollout", payload)


def uploaded_again(world: World) -> None:
    world.upload(world.records["artifact"])


@pytest.mark.parametrize("change", [comment, reformatted, uploaded_again])
def test_what_nobody_consumed_ends_nothing(change: Change) -> None:
    world = World()
    awaiting_window(world)
    change(world)
    entries = len(world.ledger())
    assert looked(world) == {"looked": 1}
    assert looked(world) == {"looked": 1}
    assert [each.event for each in world.ledger()[entries:]] == ["source-looked-at"], "told once, not at every look"
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status == "handed_off"


def test_a_rebuilt_artifact_is_held_until_it_is_announced() -> None:
    world = World()
    awaiting_approval(world)
    bucket = world.deployment.bucket_of("registry")
    world.wiring.bucket.put(bucket, world.records["artifact"].record, b"the artifact, rebuilt")
    assert looked(world) == {"superseded": 1}
    after = world.record(revision=2)
    assert after.status == "held"
    assert "SUPERSESSION_UNRESOLVED" in {hold.code for hold in open_holds(world, after)}


def test_a_record_that_is_gone_is_held() -> None:
    world = World()
    awaiting_approval(world)
    record = world.records["rollout"]
    world.wiring.bucket.remove(world.deployment.bucket_of(record.source), record.record)
    assert looked(world) == {"superseded": 1}
    assert world.record(revision=2).status == "held"


def test_hand_off_asks_for_itself() -> None:
    """The record changed a moment before the window opened; no clock had looked."""
    world = World()
    awaiting_window(world)
    world.clock.move_to(OPENS_AT)
    cohort_grows(world)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert (world.record().status, world.record(revision=2).status) == ("superseded", "awaiting_approval")
    assert world.messages() == []
    assert_consistent(world)


def test_a_source_that_cannot_be_asked_is_no_answer() -> None:
    """The clock tries again later; HandOff sends nothing that it could not ask about."""
    world = World()
    awaiting_window(world)
    faults = Faults()
    faults.before("sources.latest", DependencyUnavailable("the source is down"), times=10_000)
    world.wiring.sources["s3"] = faulty(world.wiring.bucket, "sources", faults)
    world.wiring.__dict__.pop("drifting", None)
    assert looked(world) == {"failed": 1}
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert (world.record().status, world.messages()) == ("awaiting_window", [])


def test_a_source_that_denies_the_question_blocks_the_hand_off() -> None:
    world = World()
    awaiting_window(world)
    world.wiring.bucket.deny(world.deployment.bucket_of("records"))
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert (world.record().status, world.record().reason) == ("awaiting_window", "SOURCE_DENIED")
    assert world.messages() == []


def test_it_is_looked_for_hours_before_the_window() -> None:
    """Row 49: with a seldom look, one still falls a stated time before the opening."""
    world = World()
    world.publish(rules=world.rules().model_copy(update={"probe_every": 30 * 86_400}), version=2)
    record = awaiting_window(world)
    assert record.probe_by == OPENS_AT - timedelta(hours=4)
    cohort_grows(world)
    world.clock.move_to(record.probe_by - timedelta(seconds=1))
    assert world.tick()["superseded"] == 0
    world.clock.move(timedelta(seconds=1))
    assert world.tick()["superseded"] == 1


def test_nothing_is_asked_of_the_sources_while_it_is_held() -> None:
    world = World()
    revise(world, "rollback", lambda said: said["steps"][0].pop("trigger"))
    world.announce()
    world.run()
    assert world.record().status == "held"
    cohort_grows(world)
    assert looked(world) == {"looked": 1}
    assert world.record().status == "held"


def test_what_changes_under_a_hand_off_stops_it_and_leaves_no_trace_of_a_successor() -> None:
    """The first attempt's answer was lost; nothing may follow in its place, so no tombstone says that something did."""
    world = World()
    awaiting_window(world)
    world.wiring.deployment.lose_answers(1)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status == "handing_off"
    cohort_grows(world)
    world.clock.move(timedelta(seconds=66))
    world.run()
    assert world.record().reason == "DRIFTED"
    assert not world.wiring.store.has_tombstone(world.record().cutover, 1)
    assert world.wiring.records.revision(world.record().cutover, 2) is None
    assert world.wiring.deployment.sends == 1


def test_a_candidate_s_key_that_the_facts_forgot_ends_the_successor() -> None:
    world = World()
    awaiting_approval(world)
    facts = world.deployment.facts()
    keys = tuple(key for key in facts.keys if key.purpose != "candidate")
    cohort_grows(world)
    world.clock.move_to(OPENS_AT - timedelta(hours=4))
    world.tick()
    assert world.record(revision=2).relies_on
    world.publish(facts=facts.model_copy(update={"version": 2, "keys": keys}), version=2)
    cohort_added(world)
    assert looked(world) == {"withdrawn": 1}


def test_a_successor_under_rules_without_its_target_is_held_and_says_so() -> None:
    world = World()
    awaiting_approval(world)
    rules = world.rules()
    signers = {"elsewhere": rules.signers[world.deployment.target]}
    world.publish(rules=rules.model_copy(update={"version": 2, "signers": signers}), version=2)
    cohort_grows(world)
    assert looked(world) == {"superseded": 1}
    after = world.record(revision=2)
    assert after.status == "held"
    assert "QUORUM_IMPOSSIBLE" in {hold.code for hold in open_holds(world, after)}


def newer_build(world: World) -> None:
    bucket = world.deployment.bucket_of("registry")
    world.wiring.bucket.put(bucket, world.records["artifact"].record, b"the artifact, rebuilt")


def test_a_newer_build_ends_nothing_where_the_rules_only_warn() -> None:
    world = World()
    severities = {"artifacts.nothing-newer": "warn"}
    world.publish(rules=world.rules().model_copy(update={"severities": severities}), version=2)
    awaiting_approval(world)
    newer_build(world)
    assert looked(world) == {"looked": 1}
    assert world.record().status == "awaiting_approval"
