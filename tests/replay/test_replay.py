"""Whatever came of a revision, its decision is made again from what was recorded, byte by byte the same."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.base import format_instant
from cutover.contracts.bind_inputs import BindInputs
from cutover.contracts.bundle import Engine
from cutover.contracts.ledger import LedgerEntry
from cutover.domain import canonical
from cutover.domain.checks import FAMILIES
from cutover.domain.record import RevisionRecord, Status
from cutover.errors import Refused
from cutover.loading import load
from cutover_cli.replaying.difference import Cause, Replayed
from tests.building.policy import CLOSES_AT
from tests.replay.ground import key_of, replayed
from tests.simulator.events import withdraw
from tests.simulator.journeys import (
    announced,
    awaiting_approval,
    awaiting_window,
    handed_off,
    open_holds,
    repair,
)
from tests.simulator.owners import with_facts, with_rules
from tests.simulator.resolving import hold_of, resolve, waived
from tests.simulator.world import World
from tests.workflow import test_emergency as emergency
from tests.workflow import test_translated as translated
from tests.workflow.test_drift import cohort_grows
from tests.workflow.test_resolutions import DRILL, FLAG, complete, held
from tests.workflow.test_slots import another_product

Journey = Callable[[], tuple[World, RevisionRecord]]
OTHER = Engine(version="0.9.9", lock="sha256:" + "9" * 64, tzdata="2031z")
"""An engine that made nothing here."""


def released() -> tuple[World, RevisionRecord]:
    world = World()
    return world, handed_off(world)


def held_for_two() -> tuple[World, RevisionRecord]:
    world = held("flags")
    return world, world.record()


def half_answered() -> tuple[World, RevisionRecord]:
    """A waiver came to the record after Bind had read it."""
    world = held("flags")
    resolve(world, hold_of(world, DRILL), waived(world, hold_of(world, DRILL)))
    assert world.record().waivers
    return world, world.record()


def resolved() -> tuple[World, RevisionRecord]:
    world, record = half_answered()
    resolve(world, hold_of(world, FLAG, record), complete(world, "flags"))
    return world, record


def superseded_by_resolution() -> tuple[World, RevisionRecord]:
    world, _ = resolved()
    assert world.record().status == "superseded"
    return world, world.record()


def after_resolution() -> tuple[World, RevisionRecord]:
    world, _ = resolved()
    record = world.record(revision=2)
    assert record.waivers
    assert record.refreshed
    return world, record


def denied() -> tuple[World, RevisionRecord]:
    world = World()
    with_rules(world, severities={"artifacts.nothing-newer": "deny"})
    world.wiring.bucket.put("shop-registry", world.records["artifact"].record, b"built again")
    record = announced(world)
    assert record.status == "declined"
    return world, record


def refused_by_a_person() -> tuple[World, RevisionRecord]:
    world = World()
    awaiting_approval(world)
    world.decide("erin", "refuse")
    world.run()
    assert world.record().status == "declined"
    return world, world.record()


def drifted() -> tuple[World, RevisionRecord]:
    world = World()
    awaiting_window(world)
    cohort_grows(world)
    world.clock.move(timedelta(hours=2))
    repair(world)
    assert world.record().status == "superseded"
    return world, world.record()


def after_drift() -> tuple[World, RevisionRecord]:
    world, _ = drifted()
    return world, world.record(revision=2)


def withdrawn() -> tuple[World, RevisionRecord]:
    world = World()
    withdraw(world, awaiting_window(world).cutover)
    world.run()
    assert world.record().status == "withdrawn"
    return world, world.record()


def in_conflict() -> tuple[World, RevisionRecord]:
    """Held, because another cutover had its queue and window."""
    world = World()
    awaiting_approval(world)
    record = another_product(world)
    assert [hold.code for hold in open_holds(world, record)] == ["WINDOW_CONFLICT"]
    return world, record


def facts_changed() -> tuple[World, RevisionRecord]:
    """The facts changed between admission and Bind, and the window's end with them."""
    world = World()
    before: list[str] = []

    def earlier(said: dict[str, Any]) -> None:
        ends = format_instant(CLOSES_AT - timedelta(minutes=10))
        said["calendars"][world.deployment.target]["windows"][0]["closes_at"] = ends

    def change(name: str, _payload: Any) -> None:
        if name == "Bind" and not before:
            before.append(name)
            with_facts(world, earlier)

    world.before_invoke = change
    record = awaiting_approval(world)
    assert record.bound_facts != record.facts
    assert record.closes_at == CLOSES_AT - timedelta(minutes=10)
    return world, record


def crashed() -> tuple[World, RevisionRecord]:
    world = World()

    def crash(name: str, payload: Any) -> None:
        if name == "Verify" and payload["family"] == "flags":
            raise MemoryError

    world.before_invoke = crash
    return world, announced(world)


def rehearsed() -> tuple[World, RevisionRecord]:
    world = World()
    return world, announced(world, world.candidate(rehearsal=True, waivers=()))


def urgent() -> tuple[World, RevisionRecord]:
    world = emergency.world_of()
    return world, emergency.handed_off(world)


def older_contract() -> tuple[World, RevisionRecord]:
    world = translated.released()
    return world, world.record(revision=2)


def older_contract_held() -> tuple[World, RevisionRecord]:
    world = translated.released()
    return world, world.record(revision=1)


def after_another() -> tuple[World, RevisionRecord]:
    """It names the one that was approved before it."""
    world = World()
    awaiting_window(world)
    announced(world, world.candidate(sequence=2, version="1.5.0"))
    record = world.record(revision=2)
    assert record.predecessor is not None
    return world, record


JOURNEYS: tuple[Journey, ...] = (
    released, held_for_two, half_answered, superseded_by_resolution, after_resolution, denied, refused_by_a_person,
    drifted, after_drift, withdrawn, in_conflict, facts_changed, crashed, rehearsed, urgent, older_contract,
    older_contract_held, after_another,
)  # fmt: skip


def causes(done: Replayed) -> set[Cause]:
    return {each.cause for each in done.differences}


@pytest.mark.parametrize("journey", JOURNEYS)
def test_it_is_identical(journey: Journey) -> None:
    world, record = journey()
    done = replayed(world, record)
    assert done.differences == ()
    assert done.outcome == "identical"
    assert done.decided in {"bound", "held", "declined", "rehearsed"}
    reported = set() if journey is not crashed else {"findings/flags"}
    families = {f"findings/{family}" for family in FAMILIES} - reported
    manifest = {"manifest"} if done.decided == "bound" else set()
    assert set(done.compared) == {"bundle", "lineage", "gaps", "hold-register"} | families | manifest


def outputs(world: World, record: RevisionRecord) -> dict[str, str]:
    """What is stored of the three stages, by name."""
    entries = [each for each in world.ledger(record.cutover) if each.revision == record.revision]
    inputs = next(each.inputs["bind-inputs"] for each in entries if "bind-inputs" in each.inputs)
    taken = load(world.wiring.store, inputs, BindInputs)
    found = {f"findings/{family}": digest for family, digest in taken.reports.items() if digest}
    for name in ("bundle", "lineage", "gaps", "hold-register"):
        found[name] = next(each.inputs[name] for each in entries if name in each.inputs)
    return found


@pytest.mark.parametrize("journey", [released, held_for_two, rehearsed])
def test_a_corrupted_output_is_reported_and_a_deleted_one_is_made_again(journey: Journey) -> None:
    """Each document in turn; some documents of two families may be one, when neither found anything."""
    world, record = journey()
    for name, digest in outputs(world, record).items():
        stored = world.wiring.store.objects.pop(key_of(digest))
        done = replayed(world, record)
        assert (name, Cause.MISSING) in {(each.document, each.cause) for each in done.differences}
        assert causes(done) == {Cause.MISSING}
        assert (done.restorable, done.recreated, done.missing[:1]) == (True, {digest: stored}, (digest,))
        world.wiring.store.objects[key_of(digest)] = stored[:-2] + b" }"
        done = replayed(world, record)
        assert (name, Cause.CORRUPTED) in {(each.document, each.cause) for each in done.differences}
        assert causes(done) == {Cause.CORRUPTED}
        assert (done.outcome, done.recreated, done.missing) == ("differs", {digest: stored}, ())
        world.wiring.store.objects[key_of(digest)] = stored
    assert replayed(world, record).outcome == "identical"


@pytest.mark.parametrize(("spoil", "cause"), [(None, Cause.MISSING), (b"{}", Cause.CORRUPTED)])
def test_a_signature_is_never_made_again(spoil: bytes | None, cause: Cause) -> None:
    world, record = released()
    assert record.manifest is not None
    key = key_of(record.manifest.envelope)
    del world.wiring.store.objects[key]
    if spoil is not None:
        world.wiring.store.objects[key] = spoil
    done = replayed(world, record)
    (only,) = done.differences
    assert (only.document, only.cause, only.recreated) == ("manifest", cause, False)
    assert only.recomputed == record.manifest.payload
    assert done.outcome == "differs"


def test_a_tombstone_that_is_gone_is_missed() -> None:
    world, record = denied()
    stored = world.wiring.store.objects.pop(f"tombstones/{record.cutover}/{record.revision}.json")
    done = replayed(world, record)
    assert [(each.document, each.cause) for each in done.differences] == [("tombstone", Cause.MISSING)]
    assert done.tombstone is not None
    assert canonical.encode_model(done.tombstone) == stored


@pytest.mark.parametrize("told", [{"event": "bound", "to": "awaiting_approval"}, {"result": "SOMETHING_ELSE"}])
def test_a_tombstone_is_made_again_only_for_the_end_that_the_ledger_tells_of(told: dict[str, str]) -> None:
    """A ledger that says otherwise than this code: nothing else proves a tombstone, and nobody takes it back."""
    world, record = denied()
    del world.wiring.store.objects[f"tombstones/{record.cutover}/{record.revision}.json"]
    rewrite(world, "declined", said=told)
    done = replayed(world, record.model_copy(update={"status": Status(told.get("to", "declined"))}))
    missing = [(each.document, each.recreated) for each in done.differences if each.cause is Cause.MISSING]
    assert missing == ([] if "to" in told else [("tombstone", False)])
    assert (done.decided, done.tombstone, done.restorable) == (told.get("event", "declined"), None, False)


@pytest.mark.parametrize("spoil", [None, b"{}"])
@pytest.mark.parametrize(
    "name", ["candidate", "evidence-set", "rules", "facts", "bind-inputs", "evidence/rollback", "evidence/artifacts"]
)
def test_an_input_that_is_lost_is_named(name: str, spoil: bytes | None) -> None:
    """Then nothing is said of what was decided."""
    world, record = released()
    entries = {key: digest for each in world.ledger() for key, digest in each.inputs.items()}
    assert record.evidence_set is not None
    collected = json.loads(world.wiring.store.get(record.evidence_set, limit=2**24))["collections"]
    evidence = {f"evidence/{each['section']}": each["evidence"][0]["sha256"] for each in collected}
    digest = {
        "candidate": record.candidate, "rules": record.rules.envelope, "facts": record.facts.envelope, **entries,
        **evidence,
    }[name]  # fmt: skip
    del world.wiring.store.objects[key_of(digest)]
    if spoil is not None:
        world.wiring.store.objects[key_of(digest)] = spoil
    done = replayed(world, record)
    first = done.differences[0]
    assert first.document.startswith(name)
    assert first.stored == digest
    assert first.cause is (Cause.INPUT_MISSING if spoil is None else Cause.INPUT_CORRUPTED)
    assert (done.outcome, done.recreated, done.compared) == ("not replayed", {}, ())


def test_another_engine_is_named_and_what_it_makes_alike_is_identical() -> None:
    """The header of the bundle is what was recorded, and no claim of the engine that repeats it."""
    world, record = released()
    done = replayed(world, record, OTHER)
    assert (done.outcome, done.same_engine) == ("identical", False)
    assert [(each.version, each.lock) for each in done.engines] == [("0.0.0", "sha256:" + "0" * 64)]


def rewrite(world: World, event: str, *, without: str = "", said: dict[str, str] | None = None, **inputs: str) -> None:
    """The ledger tells of other inputs, or of what is ``said``, and is one chain: what another engine had written."""
    models, previous = world.wiring.records._models, None
    of = {each.sequence: key for key, each in models.items() if isinstance(each, LedgerEntry) and "@" in each.chain}
    for sequence in sorted(of):
        entry = models[of[sequence]]
        assert isinstance(entry, LedgerEntry)
        mine = entry.event == event
        named = entry.inputs | inputs if mine else entry.inputs
        named = {name: digest for name, digest in named.items() if name != without}
        other = said if said and mine else {}
        models[of[sequence]] = entry.model_copy(update={"previous": previous, "inputs": named, **other})
        previous = canonical.digest_model(models[of[sequence]])


@pytest.mark.parametrize(("engine", "cause"), [(OTHER, Cause.ENGINE), (None, Cause.UNEXPLAINED)])
def test_what_is_stored_otherwise_is_attributed_to_the_engine_if_that_differs(
    engine: Engine | None, cause: Cause
) -> None:
    """A bundle that the ledger names, and that says something else than this engine makes."""
    world, record = released()
    assert record.bundle is not None
    said = json.loads(world.wiring.store.get(record.bundle, limit=2**24))
    said["release"]["version"]["value"] = "6.6.6"
    other = world.wiring.store.put(canonical.encode(said))
    rewrite(world, "assembled", bundle=other)
    done = replayed(world, record.model_copy(update={"bundle": other}), engine)
    found = {(each.document, each.pointer, each.stored, each.recomputed, each.cause) for each in done.differences}
    assert ("bundle", "/release/version/value", "6.6.6", "1.4.0", cause) in found


def test_a_record_that_was_changed_beside_the_protocol_is_found() -> None:
    world, record = released()
    other = "sha256:" + "5" * 64
    done = replayed(world, record.model_copy(update={"bundle": other, "status": Status.HELD}))
    assert [(each.document, each.pointer, each.cause) for each in done.differences] == [
        ("record", "/status", Cause.RECORD), ("record", "/bundle", Cause.RECORD),
    ]  # fmt: skip


def test_what_was_not_assembled_yet_cannot_be_replayed() -> None:
    world, seen = World(), list[str]()

    def look(name: str, _payload: Any) -> None:
        if name == "Assemble" and not seen:
            with pytest.raises(Refused, match="NOTHING_TO_REPLAY"):
                replayed(world)
            seen.append(name)

    world.before_invoke = look
    world.announce()
    world.run()
    assert seen


def test_what_ended_before_it_was_bound_is_replayed_as_far_as_it_came() -> None:
    world, seen = World(), list[Replayed]()

    def look(name: str, _payload: Any) -> None:
        if name == "Bind" and not seen:
            seen.append(replayed(world))

    world.before_invoke = look
    world.announce()
    world.run()
    (done,) = seen
    assert (done.outcome, done.decided, set(done.compared)) == ("identical", None, {"bundle", "lineage", "gaps"})


def test_a_broken_chain_is_refused() -> None:
    world, record = released()
    models = world.wiring.records._models
    key = next(key for key, each in models.items() if isinstance(each, LedgerEntry) and each.event == "bound")
    models[key] = models[key].model_copy(update={"result": "OTHER"})
    with pytest.raises(Refused, match="LEDGER_BROKEN"):
        replayed(world, record)


def test_what_an_older_cutover_did_not_write_down_is_not_called_identical() -> None:
    world, record = released()
    rewrite(world, "bound", without="bind-inputs")
    done = replayed(world, record)
    assert [(each.document, each.cause) for each in done.differences] == [("bind-inputs", Cause.INPUT_NOT_RECORDED)]
    assert (done.outcome, set(done.compared)) == ("not replayed", {"bundle", "lineage", "gaps"})
