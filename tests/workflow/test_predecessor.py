"""What a package follows: the last one that ended with every approval, and that nobody refused."""

import json
from base64 import b64decode
from collections.abc import Callable
from datetime import timedelta

import pytest

from cutover.contracts.manifest import Manifest, Window
from cutover.contracts.policy import Calendar, SignedReference
from cutover.domain import envelope as dsse
from cutover.domain.record import Lane, RevisionRecord, Status
from cutover.domain.verification import verify_handoff
from tests.building.policy import CLOSES_AT
from tests.simulator.journeys import announced, awaiting_approval, awaiting_window, handed_off
from tests.simulator.world import World

LATER = Window(id="later", opens_at=CLOSES_AT - timedelta(minutes=20), closes_at=CLOSES_AT, time_zone="Europe/Berlin")
PROBE = timedelta(minutes=16)
"""A little more than the rules' ``probe_every``."""


def newer(world: World) -> RevisionRecord:
    """The next candidate of the same product and target, as far as it goes without people."""
    return announced(world, world.candidate(sequence=2, version="1.5.0"))


def lane_of(world: World) -> Lane:
    lane = world.wiring.records.lane("service", "production")
    assert lane is not None
    return lane


def manifest_of(world: World, record: RevisionRecord) -> Manifest:
    assert record.manifest is not None
    envelope = dsse.parse(world.wiring.store.get(record.manifest.envelope, limit=10**6))
    return Manifest.model_validate_json(dsse.decode_base64(envelope.payload))


def assert_follows(world: World, record: RevisionRecord, manifest: SignedReference | None) -> None:
    """The record, what people approve, and the signed bytes name the same predecessor."""
    assert record.predecessor == manifest
    assert manifest_of(world, record).predicate.predecessor == (manifest.payload if manifest else None)


def test_the_first_one_follows_nothing() -> None:
    world = World()
    record = awaiting_approval(world)
    assert_follows(world, record, None)
    assert record.approved_at is None


def test_a_candidate_that_supersedes_an_approved_one_follows_it() -> None:
    world = World()
    first = awaiting_window(world)
    assert first.approved_at is not None
    newer(world)
    successor = world.record(revision=2)
    assert (successor.cutover, successor.revision) == (first.cutover, 2)
    assert_follows(world, successor, first.manifest)


def test_what_superseded_one_that_was_only_half_approved_follows_what_that_one_followed() -> None:
    world = World()
    awaiting_approval(world)
    world.decide("erin")
    world.run()
    newer(world)
    assert_follows(world, world.record(revision=2), None)


def test_what_was_refused_after_all_is_not_followed() -> None:
    """Everybody who was needed has approved, and then somebody else refuses."""
    world = World()
    first = awaiting_window(world)
    assert first.approved_at is not None
    world.decide("bo", "refuse")
    world.run()
    assert world.record().status is Status.DECLINED
    assert lane_of(world).approved is None
    newer(world)
    assert_follows(world, world.record(revision=2), None)


def test_a_lapsed_approval_is_none() -> None:
    world = World()
    awaiting_window(world)
    people = {name: each for name, each in world.deployment.facts().people.items() if name != "omar"}
    facts = world.deployment.facts().model_copy(update={"version": 2, "people": people})
    world.publish(facts=facts, version=2)
    world.clock.move(PROBE)
    world.tick()
    assert (world.record().status, world.record().approved_at) == (Status.AWAITING_APPROVAL, None)
    newer(world)
    assert_follows(world, world.record(revision=2), None)


def test_a_later_cutover_follows_the_last_approved_one_and_is_verified() -> None:
    world = World()
    facts = world.deployment.facts()
    windows = {"production": Calendar(windows=(*facts.calendars["production"].windows, LATER))}
    world.publish(facts=facts.model_copy(update={"version": 2, "calendars": windows}), version=2)
    first = handed_off(world)
    second = announced(world, world.candidate(sequence=2, version="1.5.0", window=LATER.id))
    assert second.cutover == "service@production.2"
    assert_follows(world, second, first.manifest)
    for person in ("erin", "omar"):
        world.decide(person)
        world.run()
    world.clock.move_to(LATER.opens_at + timedelta(minutes=1))
    world.tick()
    message, now = world.messages()[-1], world.clock.now()
    listed = json.loads(b64decode(json.loads(message)["payload"]))["documents"]
    documents = {each["digest"]: world.wiring.store.get(each["digest"], limit=2**24) for each in listed}
    report = verify_handoff(message, trust=world.deployment.trust_file(), documents=documents, now=now, at=now)
    assert report.verified


def ended(world: World) -> RevisionRecord:
    record = awaiting_window(world)
    world.clock.move_to(CLOSES_AT + timedelta(minutes=1))
    world.tick()
    return world.record(record.cutover)


@pytest.mark.parametrize(
    ("journey", "status"), [(handed_off, Status.HANDED_OFF), (ended, Status.EXPIRED)], ids=["handed-off", "expired"]
)
def test_the_lane_remembers_what_ended_approved(journey: Callable[[World], RevisionRecord], status: Status) -> None:
    world = World()
    record = journey(world)
    assert record.status is status
    assert lane_of(world).approved == record.manifest
