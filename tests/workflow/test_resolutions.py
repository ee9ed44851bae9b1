"""Holds and their answers, on the real state machine: rows 8 and 9, and everything that answers nothing."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from cutover.contracts.base import format_instant
from cutover.contracts.bundle import Bundle
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.holds import Hold
from cutover.contracts.manifest import RequiredSigner
from cutover.contracts.resolution import EvidenceAnswer, Resolution
from cutover.contracts.supersession import Difference, Supersession
from cutover.domain import canonical
from cutover.domain.record import RevisionRecord
from cutover.domain.waivers import RESOLUTIONS
from cutover.loading import load
from cutover.ports import Commit
from tests.building.policy import CLOSES_AT
from tests.simulator.events import deliver, signed
from tests.simulator.journeys import AFTER_OPENING, announced, assert_consistent, open_holds, register_of, revise, told
from tests.simulator.owners import with_facts, with_key_of, with_rules
from tests.simulator.resolving import Answer, corrected, hold_of, mended, resolution, resolve, result, waived
from tests.simulator.world import World

DRILL, FLAG, COHORT = "ROLLBACK_DRILL_MISSING", "FLAG_OWNER_MISSING", "COHORT_UNSIZED"
RECORDED, RESOLVED = "RESOLUTION_RECORDED", "HOLDS_RESOLVED"
OTHER = "sha256:" + "0" * 64


def held(*also: str) -> World:
    """A release that is held because nobody waived its missing drill, and for what else is asked."""
    world = World()
    for name in also:
        withhold(world, name)
    record = announced(world, world.candidate(waivers=()))
    assert record.status == "held"
    return world


def withhold(world: World, name: str) -> None:
    """The source system's record lacks a field from now on."""
    lacking: dict[str, Callable[[Any], Any]] = {
        "flags": lambda said: said["flags"][0].pop("owner"),
        "rollout": lambda said: said["cohorts"][0].pop("share_percent"),
    }
    revise(world, name, lambda said: [lacking[name](said), said][1])


def complete(world: World, name: str) -> EvidenceAnswer:
    """The source system publishes the record with all of its fields; the answer that says so."""
    filling: dict[str, Callable[[Any], Any]] = {
        "flags": lambda said: said["flags"][0].update(owner="orders"),
        "rollout": lambda said: said["cohorts"][0].update(share_percent=1),
        "rollback": lambda said: said["steps"][0].update(drilled_at="2026-03-01T09:00:00Z"),
    }
    revise(world, name, lambda said: [filling[name](said), said][1])
    return corrected(world, name)


def follows(world: World, revision: int = 2) -> RevisionRecord:
    """Revision N+1 waits for approval, N is superseded, and both say so everywhere."""
    before, after = world.record(revision=revision - 1), world.record(revision=revision)
    assert (before.status, before.reason) == ("superseded", "HOLDS_RESOLVED")
    assert after.status == "awaiting_approval", open_holds(world, after)
    assert world.wiring.store.has_tombstone(before.cutover, before.revision)
    assert not world.wiring.store.has_tombstone(after.cutover, after.revision)
    assert world.execution().document is not None
    for number in range(1, revision + 1):
        record = world.record(revision=number)
        statuses = [entry.to for entry in world.ledger() if entry.revision == number and entry.to]
        assert statuses[-1] == record.status
    lane = world.wiring.records.lane(after.product, after.target)
    assert lane is not None
    assert (lane.revision, lane.ended) == (revision, None)
    return after


def why(world: World, record: RevisionRecord) -> Supersession:
    return load(world.wiring.store, record.supersession, Supersession)


# --- answers that answer --------------------------------------------------------------------------------------


def test_a_waiver_answers_and_the_next_revision_is_bound_with_it() -> None:
    """Row 9. The waiver is evidence of N+1: from the store, signed, in the bundle and in its lineage."""
    world = held()
    hold = hold_of(world, DRILL)
    answer = waived(world, hold)
    event = resolve(world, hold, answer)
    assert result(world, event) == RESOLVED
    after = follows(world)
    envelope = canonical.digest(canonical.encode_model(answer.waiver))
    assert after.waivers == (envelope,)
    (resolved,) = register_of(world, after).holds
    assert (resolved.code, resolved.fingerprint) == (DRILL, hold.fingerprint)
    assert resolved.resolution is not None
    bundle = load(world.wiring.store, after.bundle, Bundle)
    (said,) = bundle.waivers
    assert said.model_dump()["fingerprint"]["value"] == hold.fingerprint
    evidence = load(world.wiring.store, after.evidence_set, EvidenceSet)
    (section,) = [each for each in evidence.collections if each.section == "waivers"]
    assert [(each.source, each.record) for each in section.evidence] == [(RESOLUTIONS, envelope)] * 2
    assert [each.sha256 for each in section.evidence] == [envelope, resolved.resolution.waiver]


def test_what_a_resolution_brought_is_handed_off_and_verifies() -> None:
    world = held()
    hold = hold_of(world, DRILL)
    resolve(world, hold, waived(world, hold))
    follows(world)
    for person in ("erin", "omar"):
        world.decide(person)
        world.run()
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record(revision=2).status == "handed_off"
    assert len(world.messages()) == 1


def test_corrected_evidence_answers_and_the_next_revision_goes_by_it() -> None:
    world = held()
    hold = hold_of(world, DRILL)
    event = resolve(world, hold, complete(world, "rollback"))
    assert result(world, event) == RESOLVED
    after = follows(world)
    assert [(each.record, each.version) for each in after.refreshed] == [
        ("rollbacks/service", world.records["rollback"].version)
    ]
    assert register_of(world, after).holds == ()
    assert after.waivers == ()


def test_the_difference_names_each_hold_and_its_answer() -> None:
    world = held("flags")
    drill, flag = hold_of(world, DRILL), hold_of(world, FLAG)
    first = resolve(world, drill, waived(world, drill))
    last = resolve(world, flag, complete(world, "flags"))
    after = follows(world)
    said = why(world, after)
    assert (said.cause, said.revision, said.successor, said.requester) == ("resolved", 1, 2, "omar")
    assert said.candidate == said.successor_candidate
    assert set(said.resolutions) == {first.payload, last.payload}
    version = world.records["flags"].version
    assert set(said.differences) == {
        Difference(pointer="/flags/0/owner", before=FLAG, after=f"evidence: records flags/service at {version} (omar)"),
        Difference(
            pointer="/rollback/steps/0/drilled_at", before=DRILL, after=f"waiver: {after.waivers[0]} (omar)"
        ),
    }  # fmt: skip
    assert [each.record for each in said.refreshed] == ["flags/service"]


THREE = (DRILL, FLAG, COHORT)


def answers(world: World) -> dict[str, Answer]:
    drill = hold_of(world, DRILL)
    return {DRILL: waived(world, drill), FLAG: complete(world, "flags"), COHORT: complete(world, "rollout")}


@pytest.mark.parametrize("order", list(permutations(THREE)), ids=" ".join)
def test_answers_accumulate_in_any_order_and_the_last_one_makes_one_revision(order: tuple[str, ...]) -> None:
    world = held("flags", "rollout")
    given = answers(world)
    for number, code in enumerate(order, 1):
        record = world.record()
        assert record.status == "held"
        event = resolve(world, hold_of(world, code, record), given[code])
        assert result(world, event) == (RECORDED if number < 3 else RESOLVED)
        assert len(world.record().resolutions) == number
    after = follows(world)
    assert len(after.refreshed) == 2
    assert world.wiring.records.revision(after.cutover, 3) is None
    rows = [entry.transition for entry in world.ledger()]
    assert (rows.count(8), rows.count(9)) == (2, 2)


@pytest.mark.parametrize("at_once", [(DRILL, FLAG), (FLAG, DRILL)], ids=" ".join)
def test_two_answers_at_once_both_count(at_once: tuple[str, str]) -> None:
    """The second one is recorded between the first one's reading and its commit."""
    world = held("flags")
    first, second = (hold_of(world, code) for code in at_once)
    given: dict[str, Answer] = {DRILL: waived(world, hold_of(world, DRILL)), FLAG: complete(world, "flags")}
    events = [signed(world, resolution(world, hold, given[hold.code])) for hold in (first, second)]
    meanwhile(world, lambda: deliver(world, events[1]))
    deliver(world, events[0])
    world.run()
    assert [result(world, event) for event in events] == [RESOLVED, RECORDED]
    follows(world)


def meanwhile(world: World, happens: Callable[[], object]) -> None:
    """Something happens just before the next commit."""
    records = world.wiring.records
    commit = records.commit

    def late(asked: Commit) -> None:
        records.commit = commit  # type: ignore[method-assign]
        happens()
        commit(asked)

    records.commit = late  # type: ignore[method-assign,assignment]


def test_the_same_answer_twice_has_one_entry() -> None:
    world = held("flags")
    drill, flag = hold_of(world, DRILL), hold_of(world, FLAG)
    first = resolve(world, drill, waived(world, drill))
    for again in range(2):
        world.wiring.idempotency.clear()
        deliver(world, first, message_id=f"again-{again}")
    assert (result(world, first), len(world.record().resolutions)) == (RECORDED, 1)
    last = resolve(world, flag, complete(world, "flags"))
    for event in (first, last):
        world.wiring.idempotency.clear()
        deliver(world, event, message_id="once-more")
    world.run()
    assert (result(world, first), result(world, last)) == (RECORDED, RESOLVED)
    follows(world)


def test_the_same_answer_delivered_while_it_is_taken_has_one_entry() -> None:
    world = held("flags")
    drill = hold_of(world, DRILL)
    event = signed(world, resolution(world, drill, waived(world, drill)))

    def too() -> None:
        world.wiring.idempotency.clear()
        deliver(world, event, message_id="m-2")

    meanwhile(world, too)
    deliver(world, event)
    assert result(world, event) == RECORDED
    assert len(world.record().resolutions) == 1


@pytest.mark.parametrize("arrives", ["in order", "out of order"])
def test_the_later_of_two_answers_to_one_hold_counts(arrives: str) -> None:
    """By when they were given, not by when they came."""
    world = held("flags", "rollout")
    flag, drill, cohort = (hold_of(world, code) for code in (FLAG, DRILL, COHORT))
    wrong, right = complete(world, "flags"), complete(world, "flags")
    assert wrong != right
    now = world.clock.now()
    given = [(wrong, now - timedelta(minutes=2)), (right, now - timedelta(minutes=1))]
    events = [
        resolve(world, flag, answer, resolved_at=at) for answer, at in (given if arrives == "in order" else given[::-1])
    ]
    expected = [RECORDED, RECORDED] if arrives == "in order" else [RECORDED, "ANSWERED_ALREADY"]
    assert [result(world, event) for event in events] == expected
    resolve(world, drill, waived(world, drill))
    resolve(world, cohort, complete(world, "rollout"))
    after = follows(world)
    assert [each.version for each in after.refreshed if each.record == "flags/service"] == [right.reference.version]


def test_a_waiver_that_is_replaced_does_not_stay() -> None:
    world = held("flags")
    drill, flag = hold_of(world, DRILL), hold_of(world, FLAG)
    resolve(world, drill, waived(world, drill))
    world.clock.move(timedelta(minutes=1))
    resolve(world, drill, complete(world, "rollback"))
    assert world.record().waivers == ()
    resolve(world, flag, complete(world, "flags"))
    assert follows(world).waivers == ()


# --- mended: only what looking again can change -------------------------------------------------------------------


def test_what_bind_found_is_answered_by_mending_it() -> None:
    world = World()
    signers = {world.deployment.target: (RequiredSigner(role="pilot"),)}
    rules = world.rules()
    with_rules(world, signers=signers)
    record = announced(world)
    hold = hold_of(world, "QUORUM_IMPOSSIBLE", record)
    world.publish(rules=rules, version=3)
    assert result(world, resolve(world, hold, mended())) == RESOLVED
    assert follows(world).waivers == ()


def test_a_source_that_refused_is_asked_again_and_the_gaps_it_left_are_gone() -> None:
    world = World()
    world.wiring.bucket.deny("shop-ci")
    record = announced(world)
    denied = list(open_holds(world, record))
    assert {hold.code for hold in denied} >= {"SOURCE_DENIED", "PROVENANCE_INCOMPLETE"}
    world.wiring.bucket.allow("shop-ci")
    came = [result(world, resolve(world, hold, mended())) for hold in denied]
    assert came == [RECORDED] * (len(denied) - 1) + [RESOLVED]
    follows(world)


@pytest.mark.parametrize("code", [DRILL, FLAG])
def test_what_was_read_is_not_mended_by_looking_again(code: str) -> None:
    world = held("flags")
    assert result(world, resolve(world, hold_of(world, code), mended())) == "HOLD_NOT_MENDABLE"
    assert world.record().status == "held"
    assert world.record().resolutions == ()


def test_a_record_that_is_gone_is_answered_by_its_new_version_and_not_by_looking_again() -> None:
    world = World()
    flags = world.candidate().flags.model_copy(update={"version": "gone"})
    record = announced(world, world.candidate(flags=flags))
    lost, gap = hold_of(world, "SOURCE_RECORD_GONE", record), hold_of(world, "FLAG_RECORD_MISSING", record)
    assert "new version" in lost.mend
    assert result(world, resolve(world, lost, mended())) == "HOLD_NOT_MENDABLE"
    for hold in (lost, gap):
        resolve(world, hold, corrected(world, "flags"))
    follows(world)


# --- what answers nothing -------------------------------------------------------------------------------------------


def waiver(**changes: Any) -> Callable[[World], tuple[Hold, Answer]]:
    def make(world: World) -> tuple[Hold, Answer]:
        hold = hold_of(world, DRILL)
        return hold, waived(world, hold, **changes)

    return make


def by(person: str | None) -> Callable[[World], tuple[Hold, Answer]]:
    """The waiver is signed by this person."""

    def make(world: World) -> tuple[Hold, Answer]:
        with_key_of(world, person)
        return waiver(key=f"waiver/{person}")(world)

    return make


def under(change: Callable[[World], object]) -> Callable[[World], tuple[Hold, Answer]]:
    """The waiver is in order but for what the owners have published since."""

    def make(world: World) -> tuple[Hold, Answer]:
        change(world)
        return waiver()(world)

    return make


def correcting(name: str, **changes: Any) -> Callable[[World], tuple[Hold, Answer]]:
    return lambda world: (hold_of(world, DRILL), corrected(world, name, **changes))


def late(said: dict[str, Any]) -> None:
    said["calendars"]["production"]["windows"][0]["closes_at"] = "2026-03-06T00:00:00Z"


NOTHING: dict[str, tuple[Callable[[World], tuple[Hold, Answer]], str]] = {
    "the requester waives for themselves": (by("dana"), "WAIVER_BY_REQUESTER"),
    "a role that may not": (by("erin"), "WAIVER_NOT_PERMITTED"),
    "nobody's key": (by(None), "WAIVER_NOT_PERMITTED"),
    "a stranger's key": (waiver(key="nobody"), "UNTRUSTED_SIGNATURE"),
    "a key for another purpose": (waiver(key="attestation"), "WRONG_KEY_PURPOSE"),
    "a family that is not listed": (
        under(lambda world: with_rules(world, waivable={"lineage": ("risk",)})), "WAIVER_NOT_PERMITTED"
    ),
    "a role that was taken away": (
        under(lambda world: with_facts(world, lambda said: said["people"]["ruth"].update(roles=[]))),
        "WAIVER_NOT_PERMITTED",
    ),
    "a requester whom nobody knows any more": (
        under(lambda world: with_facts(world, lambda said: said["people"].pop("dana"))), "WAIVER_NOT_PERMITTED"
    ),
    "for another hold": (waiver(fingerprint=OTHER), "WAIVER_OF_ANOTHER_HOLD"),
    "incomplete": (waiver(policy=None), "WAIVER_INCOMPLETE"),
    "without an end": (waiver(expires_at=None), "WAIVER_INCOMPLETE"),
    "over": (waiver(expires_at="2026-03-02T09:01:00Z"), "WAIVER_EXPIRED"),
    "ends before the window": (
        waiver(expires_at=format_instant(CLOSES_AT - timedelta(seconds=1))), "WAIVER_ENDS_BEFORE_WINDOW"
    ),
    "ends before the window that was moved": (
        under(lambda world: with_facts(world, late)), "WAIVER_ENDS_BEFORE_WINDOW"
    ),
    "a record of a source that nobody knows": (correcting("rollback", source="wiki"), "EVIDENCE_SOURCE_UNKNOWN"),
    "another record": (correcting("flags"), "EVIDENCE_OF_ANOTHER_RECORD"),
    "the artifact": (correcting("artifact"), "EVIDENCE_OF_ANOTHER_RECORD"),
    "the same version": (correcting("rollback"), "EVIDENCE_UNCHANGED"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "code"), NOTHING.values(), ids=NOTHING.keys())
def test_what_does_not_answer_is_refused_and_recorded_once(
    make: Callable[[World], tuple[Hold, Answer]], code: str
) -> None:
    world = held()
    before = world.record()
    hold, answer = make(world)
    event = resolve(world, hold, answer)
    assert result(world, event) == code
    assert world.record() == before
    assert world.wiring.records.revision(before.cutover, 2) is None
    world.wiring.idempotency.clear()
    deliver(world, event, message_id="again")
    assert result(world, event) == code
    (entry,) = [each for each in world.ledger() if each.event == "resolution-refused"]
    assert (entry.revision, entry.transition, entry.to) == (1, None, None)
    assert entry.detail
    assert_consistent(world)


SAID: dict[str, tuple[dict[str, Any], str | None, str]] = {
    "in another's name": ({"resolver": "erin"}, None, "RESOLVER_DIFFERS"),
    "by a key that is nobody's": ({"resolver": "omar"}, "resolution/None", "RESOLVER_DIFFERS"),
    "by somebody whom the facts do not know": ({"resolver": "zoe"}, "resolution/zoe", "RESOLVER_UNKNOWN"),
    "for a hold that is not open": ({"fingerprint": OTHER}, None, "HOLD_UNKNOWN"),
    "tomorrow's": ({"tomorrow": True}, None, "RESOLVED_IN_FUTURE"),
}


@pytest.mark.parametrize(("changes", "key", "code"), SAID.values(), ids=SAID.keys())
def test_who_says_it_and_of_what(changes: dict[str, Any], key: str | None, code: str) -> None:
    world = held()
    if key is not None:
        person = key.partition("/")[2]
        with_key_of(world, None if person == "None" else person, "resolution")
    if "tomorrow" in changes:
        changes = {"resolved_at": world.clock.now() + timedelta(days=1)}
    hold = hold_of(world, DRILL)
    event = resolve(world, hold, waived(world, hold), key=key, **changes)
    assert result(world, event) == code
    assert world.record().status == "held"


@pytest.mark.parametrize("purpose", ["resolution", "waiver"])
def test_keys_for_another_product_answer_nothing(purpose: str) -> None:
    """Neither the answer's own key, nor that of the waiver in it."""

    def limit(said: Any) -> None:
        for key in said["keys"]:
            if key["purpose"] == purpose:
                key["products"] = ["other"]

    world = held()
    with_facts(world, limit)
    hold = hold_of(world, DRILL)
    event = resolve(world, hold, waived(world, hold))
    assert world.record().status == "held"
    chain = "orders" if purpose == "resolution" else world.record().cutover
    assert [each.result for each in world.ledger(chain) if each.event.startswith("resolution-")] == ["OUT_OF_SCOPE"]
    assert result(world, event) == "OUT_OF_SCOPE"


ELSEWHERE: dict[str, tuple[dict[str, Any], str | None, str]] = {
    "another Cutover": ({"audience": "cutover:other:123456789012:eu-central-1:dev"}, None, "WRONG_AUDIENCE"),
    "a cutover that is not": ({"cutover": "service@production.7"}, None, "UNKNOWN_REVISION"),
    "a revision that is not": ({"revision": 2}, None, "UNKNOWN_REVISION"),
    "signed for waivers": ({}, "waiver", "WRONG_KEY_PURPOSE"),
    "signed by nobody": ({}, "nobody", "UNTRUSTED_SIGNATURE"),
}


@pytest.mark.parametrize(("changes", "key", "code"), ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_what_is_no_ones_answer_stands_among_the_orders(changes: dict[str, Any], key: str | None, code: str) -> None:
    world = held()
    hold = hold_of(world, DRILL)
    event = resolve(world, hold, waived(world, hold), key=key, **changes)
    assert [each.result for each in world.ledger("orders")] == [code]
    assert result(world, event) == code
    assert world.record().status == "held"


def test_a_denial_is_answered_by_nothing() -> None:
    """It ended its revision: only another candidate goes on."""
    world = World()
    with_rules(world, severities={"artifacts.nothing-newer": "deny"})
    world.wiring.bucket.put("shop-registry", world.records["artifact"].record, b"built again")
    record = announced(world)
    assert record.status == "declined"
    (hold,) = open_holds(world, record)
    for answer in (waived(world, hold), mended()):
        assert result(world, resolve(world, hold, answer)) == "NOT_HELD"
        world.clock.move(timedelta(seconds=1))
    assert world.record().status == "declined"


@pytest.mark.parametrize("ticked", [True, False], ids=["after the clock", "before the clock"])
def test_too_late(ticked: bool) -> None:
    """The last answer comes when the hold is over: refused, recorded, whether or not the clock was first."""
    world = held("flags")
    drill, flag = hold_of(world, DRILL), hold_of(world, FLAG)
    resolve(world, drill, waived(world, drill))
    world.clock.move_to(world.record().expires_at)
    if ticked:
        world.tick()
        assert world.record().status == "expired"
    event = resolve(world, flag, complete(world, "flags"))
    assert result(world, event) == ("NOT_HELD" if ticked else "HOLD_EXPIRED")
    world.tick()
    assert world.record().status == "expired"
    assert world.wiring.records.revision(world.record().cutover, 2) is None


def test_an_answer_to_a_revision_that_another_followed() -> None:
    world = held("flags")
    flag = hold_of(world, FLAG)
    old = world.record()
    world.announce(world.candidate(sequence=2, waivers=()))
    world.run()
    assert world.record().status == "superseded"
    assert result(world, resolve(world, flag, complete(world, "flags"), old)) == "NOT_HELD"


# --- what passes on to later revisions ----------------------------------------------------------------------------


def test_a_waiver_does_not_answer_when_its_subject_changed() -> None:
    """The plan was published anew, still without a drill: another subject, another fingerprint."""
    world = held("flags")
    drill, flag = hold_of(world, DRILL), hold_of(world, FLAG)
    resolve(world, drill, waived(world, drill))
    resolve(world, flag, complete(world, "flags"))
    follows(world)
    revise(world, "rollback", lambda said: said["steps"][0].update(trigger="More than 2 % of orders fail."))
    world.announce(world.candidate(sequence=2, waivers=()))
    world.run()
    third = world.record(revision=3)
    assert third.waivers == world.record(revision=2).waivers
    assert third.status == "held"
    (hold,) = open_holds(world, third)
    assert (hold.code, hold.fingerprint == drill.fingerprint) == (DRILL, False)


@pytest.mark.parametrize("resolved", [True, False], ids=["used already", "only recorded"])
def test_a_waiver_carries_over_to_a_newer_candidate_while_its_fingerprint_matches(resolved: bool) -> None:
    world = held("flags")
    drill, flag = hold_of(world, DRILL), hold_of(world, FLAG)
    resolve(world, drill, waived(world, drill))
    answer = complete(world, "flags")
    if resolved:
        resolve(world, flag, answer)
        follows(world)
    world.announce(world.candidate(sequence=2, waivers=()))
    world.run()
    newest = world.record(revision=3 if resolved else 2)
    assert newest.status == "awaiting_approval", open_holds(world, newest)
    assert [each.fingerprint for each in register_of(world, newest).holds] == [drill.fingerprint]
    assert newest.resolutions == ()
    assert newest.refreshed == ()


def test_a_waiver_that_fits_nothing_is_not_used_and_is_no_error() -> None:
    world = held("flags")
    drill, flag = hold_of(world, DRILL), hold_of(world, FLAG)
    resolve(world, drill, waived(world, drill))
    world.clock.move(timedelta(minutes=1))
    resolve(world, flag, complete(world, "flags"))
    complete(world, "rollback")
    world.announce(world.candidate(sequence=2, waivers=()))
    world.run()
    third = world.record(revision=3)
    assert third.status == "awaiting_approval", open_holds(world, third)
    assert register_of(world, third).holds == ()
    assert third.valid_until == CLOSES_AT


def test_a_waiver_whose_signer_may_no_longer_holds_again_and_says_why() -> None:
    world = held("flags")
    drill, flag = hold_of(world, DRILL), hold_of(world, FLAG)
    resolve(world, drill, waived(world, drill))
    with_facts(world, lambda said: said["people"]["ruth"].update(roles=[]))
    resolve(world, flag, complete(world, "flags"))
    after = world.record(revision=2)
    assert after.status == "held"
    assert [hold.code for hold in open_holds(world, after)] == [DRILL]
    (warning,) = register_of(world, after).warnings
    assert (warning.code, warning.field) == ("WAIVER_NOT_PERMITTED", "/waivers/0")


def revoked(world: World) -> None:
    """Owners revoke the key that signed the waiver, and the clock hears of it."""

    def revoke(said: dict[str, Any]) -> None:
        (key,) = [each for each in said["keys"] if each["purpose"] == "waiver"]
        key["revoked_at"] = format_instant(world.clock.now())

    world.clock.move(timedelta(hours=1))
    with_facts(world, revoke)
    world.tick()


def test_a_revision_rests_on_the_key_of_a_waiver_that_answers_a_hold() -> None:
    """Row 24: when that key is revoked, it ends."""
    world = held()
    hold = hold_of(world, DRILL)
    resolve(world, hold, waived(world, hold))
    key = world.deployment.key("waiver").key_id
    assert key in follows(world).relies_on
    revoked(world)
    assert world.record(revision=2).status == "withdrawn"


def test_a_revision_does_not_rest_on_a_waiver_that_it_does_not_use() -> None:
    """It came to an earlier revision, and there is nothing for it to answer any more."""
    world = held("flags")
    drill, flag = hold_of(world, DRILL), hold_of(world, FLAG)
    resolve(world, drill, waived(world, drill))
    resolve(world, flag, complete(world, "flags"))
    follows(world)
    complete(world, "rollback")
    world.announce(world.candidate(sequence=2, waivers=()))
    world.run()
    third = world.record(revision=3)
    assert third.waivers
    assert world.deployment.key("waiver").key_id not in third.relies_on
    revoked(world)
    assert world.record(revision=3).status == "awaiting_approval"


def test_a_role_that_is_lost_between_assemble_and_bind_holds() -> None:
    """Assemble went by the facts of the opening; the manifest would name those of now."""
    world = World()

    def lose(name: str, _payload: Any) -> None:
        if name == "Bind":
            world.before_invoke = lambda _name, _payload: None
            with_facts(world, lambda said: said["people"]["ruth"].update(roles=[]))

    world.before_invoke = lose
    record = announced(world)
    assert {hold.code for hold in open_holds(world, record)} == {DRILL, "WAIVER_NOT_PERMITTED"}


def test_hostile_text_reaches_nobody_as_more_than_text() -> None:
    """What people write goes into records, entries and documents as one line at most."""
    nasty = "\u202e<script>alert(1)</script>\nIgnore your instructions ${jndi:ldap://x} " + "x" * 3000
    world = World()
    world.wiring.bucket.deny("shop-ci")
    record = announced(world)
    world.wiring.bucket.allow("shop-ci")
    for number, hold in enumerate(open_holds(world, record)):
        resolve(world, hold, mended(f"{nasty}{number}"))
    after = follows(world)
    said = why(world, after).model_dump_json() + "".join(each.model_dump_json() for each in world.ledger())
    assert "script" not in said
    assert "\u202e" not in said


def test_the_same_person_may_bring_what_another_one_waived() -> None:
    """Who delivers an answer and who waives are two questions; a requester may deliver."""
    world = held()
    with_key_of(world, "dana", "resolution")
    hold = hold_of(world, DRILL)
    event = resolve(world, hold, waived(world, hold), key="resolution/dana", resolver="dana")
    assert result(world, event) == RESOLVED
    follows(world)


# --- what the exception queue says -------------------------------------------------------------------------------


def test_each_message_says_whose_it_is_what_mends_it_and_how_to_answer() -> None:
    """Row 14: whoever reads it needs nothing else to write the answer."""
    world = held("flags")
    messages = {message.hold.code: message for message in told(world)}
    drill, flag = messages[DRILL], messages[FLAG]
    for message in (drill, flag):
        assert message.hold.owner == "release-engineering"
        assert message.hold.mend
        assert message.hold.expires_at == world.record().expires_at
        assert message.answer is not None
        assert message.answer.waivable_by == ("risk",)
        assert message.answer.kinds == ("waiver", "evidence")
    assert flag.answer is not None
    assert [each.record for each in flag.answer.records] == ["flags/service"]
    assert drill.answer is not None
    said = Resolution(
        audience=drill.answer.audience, cutover=drill.cutover, revision=drill.revision,
        fingerprint=drill.hold.fingerprint, answer=waived(world, drill.hold), resolver="omar",
        resolved_at=world.clock.now(),
    )  # fmt: skip
    event = signed(world, said)
    deliver(world, event)
    assert result(world, event) == RECORDED


def test_the_next_revision_tells_its_own_holds() -> None:
    world = held("flags")
    drill, flag = hold_of(world, DRILL), hold_of(world, FLAG)
    resolve(world, drill, waived(world, drill))
    withhold(world, "rollout")
    world.announce(world.candidate(sequence=2, waivers=()))
    world.run()
    second = world.record(revision=2)
    assert {hold.code for hold in open_holds(world, second)} == {FLAG, COHORT}
    assert {message.hold.code for message in told(world) if message.revision == 2} == {FLAG, COHORT}
    assert flag.id not in {message.hold.id for message in told(world) if message.revision == 2}
