"""Events on the bus: what Seal tells of the ledger, in order and at least once, and what it never tells."""

import re

import orjson
import pytest

from cutover.contracts.told import DETAIL_TYPES, ReleaseEvent
from cutover.domain import canonical, ledger
from cutover.domain import telling_events as telling
from cutover.domain.transitions import TABLE
from cutover.doors.seal.sealing import Seal
from cutover.errors import DependencyUnavailable, DigestMismatch
from cutover.ports import Announcement
from tests.fakes.faults import Faults, Killed, faulty
from tests.simulator.events import engage, release, withdraw
from tests.simulator.journeys import announced, awaiting_window, forge, handed_off
from tests.simulator.world import World
from tests.unit.test_tallies import entry

CHAIN = "service@production.1"


def put(world: World) -> list[Announcement]:
    return world.wiring.announcements.announcements


def told(world: World, chain: str = CHAIN) -> list[ReleaseEvent]:
    said = [ReleaseEvent.model_validate_json(each.detail) for each in put(world)]
    return [each for each in said if each.chain == chain]


def types(world: World) -> list[str]:
    return [each.detail_type for each in put(world)]


def forget(world: World) -> None:
    """As if Seal had never run."""
    put(world).clear()
    for key in [key for key in world.wiring.store.objects if key.startswith(("ledger/", "notices/"))]:
        del world.wiring.store.objects[key]


def seal(world: World, faults: Faults | None = None, chain: str = CHAIN) -> None:
    wiring, faults = world.wiring, faults or Faults()
    Seal(
        audience=wiring.settings.audience, records=faulty(wiring.records, "records", faults),
        store=faulty(wiring.store, "store", faults), sealer=wiring.sealer("ledger"),
        announcements=faulty(wiring.announcements, "announcements", faults), clock=wiring.clock,
    ).seal(chain)  # fmt: skip


def test_the_way_of_a_release_is_told_in_order() -> None:
    world = World()
    handed_off(world)
    assert types(world) == [
        "Release Announced",
        "Release Admitted",
        "Release Collected",
        "Release Bound",
        "Release Approval Requested",
        "Release Approved",
        "Release Scheduled",
        "Release Hand-Off Started",
        "Release Handed Off",
    ]
    sequences = [each.sequence for each in told(world)]
    assert sequences == sorted(set(sequences))


def test_an_event_says_what_its_entry_says_and_names_it() -> None:
    world = World()
    record = handed_off(world)
    entries = {ledger.entry_digest(each): each for each in world.ledger()}
    assert record.manifest is not None
    for event in told(world):
        said = entries[event.entry]
        assert (event.event, event.status, event.previous) == (said.event, said.to, said.from_)
        assert (event.result, event.at) == (said.result, said.at)
        assert event.detail == (said.detail if said.event in telling.OWN_WORDS else None)
        assert (event.audience, event.cutover, event.revision) == (world.deployment.audience, CHAIN, 1)
        assert (event.product, event.target) == ("service", "production")
        assert event.correlation_id == record.correlation_id
        assert event.manifest in {None, record.manifest.payload}
    manifests = {event.event for event in told(world) if event.manifest}
    assert {"bound", "approval-requested", "approved", "handing-off", "handed-off"} <= manifests
    assert [event.event for event in told(world) if event.envelope] == ["admitted"]


def test_every_change_of_status_of_a_release_is_told() -> None:
    """Whatever row is added to the table has to be told, or said here not to be."""
    changing = {row.event for row in TABLE.values() if row.target is not None and row.of != "rehearsal"}
    assert {each for each in changing if telling.detail_type(entry(each)) is None} == {"announced", "refused"}
    chain = ledger.admissions_chain("sha256:" + "1" * 64)
    assert telling.detail_type(entry("announced", chain=chain)) == "Release Announced"
    assert telling.detail_type(entry("refused", chain=chain)) == "Release Refused"


def test_detail_types_are_in_the_past_tense_and_few() -> None:
    past = r"(Release|Rehearsal|Policy|Brake) (.+ )?(\w+ed|Bound|Held|Taken Up|Withdrawn|Handed Off|Uncertain|Too Late)"
    assert all(re.fullmatch(past, each) for each in DETAIL_TYPES)
    assert len(DETAIL_TYPES) < 40


def test_a_refused_candidate_is_told_of_by_its_event_and_envelope() -> None:
    world = World()
    digest = world.announce(key="waiver")
    world.run()
    assert types(world) == ["Release Announced", "Release Refused"]
    (_, refused) = told(world, ledger.admissions_chain(digest))
    assert (refused.cutover, refused.revision, refused.envelope) == (None, None, digest)
    assert refused.correlation_id == world.admission(digest).correlation_id


def test_a_newer_candidate_is_admitted_and_the_older_superseded() -> None:
    world = World()
    awaiting_window(world)
    put(world).clear()
    announced(world, world.candidate(sequence=9, version="2.0.0"))
    assert types(world)[:3] == ["Release Announced", "Release Superseded", "Release Admitted"]
    assert [each.revision for each in told(world)][:2] == [1, 2]
    assert telling.detail_type(entry("opened", to="collecting")) == "Release Revised"


def test_a_rehearsal_is_told_as_one_and_only_at_its_end() -> None:
    world = World()
    announced(world, world.candidate(rehearsal=True))
    assert types(world) == ["Release Announced", "Release Rehearsed"]


def test_the_brake_and_the_policy_are_told() -> None:
    world = World()
    awaiting_window(world)
    engage(world)
    release(world)
    world.run()
    assert types(world)[-2:] == ["Brake Engaged", "Brake Released"]
    assert [each.cutover for each in told(world, ledger.BRAKE_CHAIN)] == [None, None]
    activated = entry("policy-activated", chain=ledger.POLICY_CHAIN, revision=None)
    assert telling.detail_type(activated) == "Policy Activated"
    assert telling.detail_type(entry("policy-signed", chain=ledger.POLICY_CHAIN)) is None


def test_orders_that_did_not_count_are_not_told() -> None:
    world = World()
    withdraw(world, "service@production.7")
    world.run()
    assert put(world) == []
    assert telling.detail_type(entry("withdrawn", chain=ledger.ORDERS_CHAIN)) is None


def test_what_is_told_holds_no_link_and_no_document() -> None:
    world = World()
    handed_off(world)
    said = b"".join(each.detail for each in put(world)).decode()
    assert "http" not in said
    assert "@example.com" not in said
    assert max(len(each.detail) for each in put(world)) < 2_048


def test_what_people_wrote_is_told_to_nobody_on_the_bus() -> None:
    """Whoever subscribes keeps it: a chat, a dashboard. The ledger has it, and the event names the entry."""
    world = World()
    record = awaiting_window(world)
    words = "Ask bob@example.com, or see https://wiki.example.com/?token=s3cret"
    engage(world, reason=words)
    withdraw(world, record.cutover, reason=words)
    world.run()
    quoted = [
        each for chain in (CHAIN, ledger.BRAKE_CHAIN) for each in world.ledger(chain) if words in (each.detail or "")
    ]
    assert {each.event for each in quoted} >= {"withdrawn", "brake-engaged"}
    assert {ledger.entry_digest(each) for each in quoted} <= {
        ReleaseEvent.model_validate_json(each.detail).entry for each in put(world)
    }
    assert b"bob" not in b"".join(each.detail for each in put(world))


def test_the_longest_event_lets_ten_go_in_one_call() -> None:
    """Of 1 MB for a call of PutEvents: every text at its bound, each byte of it escaped."""
    long = entry(
        "held", chain=f"{'p' * 40}@{'t' * 40}.999999999", result="X" * 64, detail="\\" * 512,
        correlation_id='"' * 512, to="held", from_="verifying",
    )  # fmt: skip
    content = canonical.encode_model(telling.event_of(long, "cutover:a:123456789012:b:c"))
    assert len(content) < 10_000


def killed_at(world: World, point: int, whole: list[Announcement]) -> bool:
    """Seal, killed at this point, and then once more; False when there was no such point any more."""
    forget(world)
    faults = Faults(kill_at=point)
    try:
        seal(world, faults)
    except Killed:
        assert put(world) == whole or not any(key.startswith("ledger/") for key in world.wiring.store.objects)
        seal(world)
    assert put(world) in (whole, whole + whole)
    return faults.spent


def test_killed_anywhere_every_event_is_put_before_the_head_is_kept() -> None:
    """At least once: what was put and not kept is put again, the same bytes, in the same order."""
    world = World()
    handed_off(world)
    withdraw(world, CHAIN)
    world.run()
    whole = [each for each in put(world) if orjson.loads(each.detail)["chain"] == CHAIN]
    tried = next(point for point in range(100) if not killed_at(world, point, whole))
    assert tried > 10


def test_a_bus_that_does_not_answer_keeps_the_head_from_being_kept() -> None:
    world = World()
    handed_off(world)
    withdraw(world, CHAIN)
    world.run()
    forget(world)
    world.wiring.announcements.refuse()
    with pytest.raises(DependencyUnavailable):
        seal(world)
    assert not any(key.startswith("ledger/") for key in world.wiring.store.objects)
    assert any(key.startswith("notices/") for key in world.wiring.store.objects)
    seal(world)
    assert told(world)[-1].event == "withdrawn-too-late"


def test_of_a_rewritten_chain_nothing_is_told() -> None:
    world = World()
    record = announced(world)
    put(world).clear()
    world.wiring.records.changes.clear()
    withdraw(world, record.cutover)
    world.wiring.records.changes.clear()
    forge(world, CHAIN)
    with pytest.raises(DigestMismatch, match="rewritten"):
        seal(world)
    assert put(world) == []


def test_what_is_sealed_already_is_not_told_again() -> None:
    world = World()
    handed_off(world)
    put(world).clear()
    seal(world)
    world.invoke("doors.seal", {"chains": [CHAIN]})
    assert put(world) == []
