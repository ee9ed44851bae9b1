"""A hand-off to the letter: what it writes, what it sends, and what it says when it does not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.envelope import Envelope
from cutover.contracts.handoff import Handoff, Tombstone
from cutover.contracts.policy import Facts, SignedReference
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.record import Brake, RevisionRecord, Status
from cutover.errors import DocumentMissing, Refused
from cutover.guards import Guards, check_again
from cutover.stages.hand_off import handler
from cutover.stages.hand_off.handing import HandOff, _acknowledged
from tests.building.package import package
from tests.building.policy import CLOSES_AT, DEPLOYMENT, OPENS_AT
from tests.fakes.clock import FakeClock
from tests.simulator.journeys import AFTER_OPENING, awaiting_window, revise
from tests.simulator.owners import with_facts
from tests.simulator.world import World


def opened(at: Any = AFTER_OPENING) -> World:
    """A world in which a revision awaits its window, at a moment within it."""
    world = World()
    awaiting_window(world)
    world.clock.move_to(at)
    return world


def hand_off(world: World) -> RevisionRecord:
    wiring = world.wiring
    return HandOff(
        store=wiring.store, outbox=wiring.store, recorder=wiring.recorder("hand-off"), policies=wiring.policies,
        destinations=wiring.destinations, deployment=wiring.deployment, drifting=wiring.drifting,
        succession=wiring.succession(), clock=wiring.clock, sealer=lambda: wiring.sealer("handoff"),
    ).run(world.record().cutover, 1)  # fmt: skip


def sent(world: World) -> Handoff:
    (body,) = world.messages()
    return Handoff.model_validate_json(dsse.decode_base64(dsse.parse(body).payload))


def test_the_record_and_the_ledger_of_a_hand_off() -> None:
    world = opened()
    before = world.record()
    after = hand_off(world)
    leased, done = world.ledger()[-2:]
    assert (after.status, after.attempt, after.lease_until, after.message_id, after.reason) == (
        Status.HANDED_OFF, 1, None, "message-1", None,
    )  # fmt: skip
    assert after == world.record()
    assert after.handoff == canonical.digest(world.messages()[0])
    manifest = before.manifest
    assert manifest is not None
    facts = world.wiring.policy().facts_digest
    assert (leased.event, leased.transition, leased.result, leased.facts, leased.detail) == (
        "handing-off", 18, "LEASED", facts, None,
    )  # fmt: skip
    assert leased.inputs == {"handoff": after.handoff, "manifest": manifest.payload}
    assert (done.event, done.transition, done.result, done.detail) == ("handed-off", 20, "SENT", "attempt 1")
    assert done.inputs == {"handoff": after.handoff, "manifest": manifest.payload}
    assert leased.actor.role == done.actor.role == "hand-off"
    assert {leased.actor.requester, done.actor.requester} == {before.requester}


def test_the_message_of_a_hand_off() -> None:
    world = opened()
    head = world.ledger()[-1]
    record = hand_off(world)
    message, store = sent(world), world.wiring.store
    assert (message.audience, message.cutover, message.revision) == (DEPLOYMENT.audience, record.cutover, 1)
    assert (message.handoff_id, message.queue_arn) == (record.handoff_id, DEPLOYMENT.queue_arn)
    assert (message.not_before, message.not_after) == (OPENS_AT, CLOSES_AT)
    assert (message.ledger.sequence, message.ledger.entry) == (head.sequence, canonical.digest_model(head))
    assert message.approvals == tuple(
        Envelope.model_validate_json(store.get(each.envelope, limit=10**6)) for each in record.decisions
    )
    for each in message.documents:
        stored = store.locate(each.digest)
        assert (each.size, each.bucket, each.key, each.version_id) == (
            stored.size, stored.bucket, stored.key, stored.version_id,
        )  # fmt: skip
    (queued,) = world.wiring.deployment.messages(DEPLOYMENT.target)
    assert ("sha256:" + queued.deduplication_id, queued.group) == (message.handoff_id, record.cutover)
    assert store.get_handoff(message.handoff_id) == queued.body


def test_the_lease_lasts_as_long_as_the_rules_say_and_excludes_others_to_its_last_moment() -> None:
    world = opened()
    lasts = timedelta(seconds=world.wiring.policy().rules.lease)
    world.wiring.deployment.lose_answers(1)
    leased = hand_off(world)
    assert (leased.status, leased.attempt, leased.lease_until) == (Status.HANDING_OFF, 1, AFTER_OPENING + lasts)
    noted = world.ledger()[-1]
    assert (noted.event, noted.result, noted.detail) == (
        "send-unacknowledged", "SEND_UNACKNOWLEDGED", "AmbiguousCompletion",
    )  # fmt: skip
    world.clock.move(lasts - timedelta(seconds=1))
    assert hand_off(world).attempt == 1
    assert world.wiring.deployment.sends == 1
    world.clock.move(timedelta(seconds=1))
    again = hand_off(world)
    assert (again.status, again.attempt, again.handoff) == (Status.HANDED_OFF, 2, leased.handoff)
    assert [entry.event for entry in world.ledger()[-2:]] == ["handing-off-again", "handed-off"]
    assert world.ledger()[-2].transition == 19
    assert world.ledger()[-1].detail == "attempt 2"


def test_a_send_that_failed_is_noted_by_its_kind() -> None:
    world = opened()
    world.wiring.deployment.refuse(1)
    assert hand_off(world).status is Status.HANDING_OFF
    assert world.ledger()[-1].detail == "DependencyUnavailable"


def held_up(world: World, *, by: timedelta) -> None:
    """Between the lease and the send this much time passes."""
    store = world.wiring.store
    real = store.put_handoff

    def late(handoff_id: str, content: bytes) -> bytes:
        standing = real(handoff_id, content)
        world.clock.move(by)
        return standing

    store.put_handoff = late  # type: ignore[method-assign]


@pytest.mark.parametrize(("late", "sends"), [(timedelta(seconds=-1), 1), (timedelta(0), 0), (timedelta(seconds=1), 0)])
def test_nothing_is_sent_once_the_lease_is_over(late: timedelta, sends: int) -> None:
    world = opened()
    held_up(world, by=timedelta(seconds=world.wiring.policy().rules.lease) + late)
    after = hand_off(world)
    assert world.wiring.deployment.sends == sends
    if not sends:
        noted = world.ledger()[-1]
        assert (after.status, after.reason, noted.event) == (Status.HANDING_OFF, "LEASE_OVER", "hand-off-blocked")
        assert (noted.result, noted.detail) == ("LEASE_OVER", "the lease ended before anything was sent")


def test_a_block_is_told_once_while_it_hands_off() -> None:
    world = opened()
    world.wiring.deployment.lose_answers(1)
    hand_off(world)
    world.clock.move(timedelta(minutes=2))
    world.wiring.records.set_brake(Brake(engaged=True))
    first = hand_off(world)
    assert (first.status, first.reason, first.wake_at) == (Status.HANDING_OFF, "BRAKE_ENGAGED", world.record().wake_at)
    entries = len(world.ledger())
    assert hand_off(world) == first
    assert len(world.ledger()) == entries


@pytest.mark.parametrize(
    ("at", "again"),
    [
        (AFTER_OPENING, timedelta(minutes=5)),
        (CLOSES_AT - timedelta(minutes=30), timedelta(minutes=5)),
    ],
)
def test_a_blocked_hand_off_looks_again(at: Any, again: timedelta) -> None:
    world = opened(at)
    world.wiring.records.set_brake(Brake(engaged=True))
    record = hand_off(world)
    entry = world.ledger()[-1]
    assert (record.status, record.reason, record.wake_at) == (Status.AWAITING_WINDOW, "BRAKE_ENGAGED", at + again)
    assert (entry.event, entry.result, entry.detail) == (
        "hand-off-blocked", "BRAKE_ENGAGED", "the emergency brake is engaged",
    )  # fmt: skip


def test_before_the_window_it_looks_again_when_the_window_opens() -> None:
    world = World()
    awaiting_window(world)
    record = hand_off(world)
    margin = timedelta(seconds=world.wiring.policy().rules.open_margin)
    assert (record.status, record.reason, record.wake_at) == (
        Status.AWAITING_WINDOW, "WINDOW_BEFORE", OPENS_AT + margin,
    )  # fmt: skip


# The guards, each with its own reason

FACTS: Facts = DEPLOYMENT.facts()
WHOLE = package()
MANIFEST = WHOLE.manifest.predicate


def guards(world: World) -> Guards:
    return Guards(records=world.wiring.records, store=world.wiring.store, clock=world.clock)


def refusal(act: Callable[[], object]) -> tuple[str, str, str]:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code, refused.value.detail, refused.value.mend


def test_the_brake_gives_its_reason() -> None:
    world = opened()
    guard, record = guards(world), world.record()
    world.wiring.records.set_brake(Brake(engaged=True))
    assert refusal(lambda: guard.stop(record)) == (
        "BRAKE_ENGAGED", "the emergency brake is engaged", "release it after a dry run",
    )  # fmt: skip
    world.wiring.records._models.pop(("Brake",))
    assert refusal(lambda: guard.stop(record)) == (
        "BRAKE_UNKNOWN", "the brake's state is not recorded", "set the brake's state",
    )  # fmt: skip


def test_the_time_gives_its_reason() -> None:
    rules = WHOLE.rules

    def timing(at: Any, **changes: Any) -> None:
        clock = FakeClock(at)
        Guards(records=None, store=None, clock=clock).timing(  # type: ignore[arg-type]
            MANIFEST.model_copy(update=changes), facts=FACTS, rules=rules
        )

    timing(AFTER_OPENING)
    timing(AFTER_OPENING, valid_until=AFTER_OPENING + timedelta(seconds=1))
    assert refusal(lambda: timing(AFTER_OPENING, valid_until=AFTER_OPENING)) == (
        "VALIDITY_ENDED", "the package is not valid any more", "",
    )  # fmt: skip
    moved = MANIFEST.window.model_copy(update={"closes_at": CLOSES_AT + timedelta(seconds=1)})
    assert refusal(lambda: timing(AFTER_OPENING, window=moved)) == (
        "WINDOW_CHANGED", "the calendar's window is not the approved one any more", "",
    )  # fmt: skip
    code, detail, _ = refusal(lambda: timing(CLOSES_AT))
    assert code.startswith("WINDOW_")
    assert detail == f"the window is {code.removeprefix('WINDOW_').lower()} at this moment"


def test_slot_and_queue_give_their_reasons() -> None:
    world = opened()
    guard, record = guards(world), world.record()
    bound = MANIFEST.model_copy(update={"window": MANIFEST.window.model_copy(update={"id": record.window})})
    deployed = world.wiring.destinations[record.target]
    bound = bound.model_copy(update={"destination": deployed})
    guard.destination(record, bound, deployed)
    lost = ("SLOT_LOST", "the queue's window is not ours", "")
    assert refusal(lambda: guard.destination(record.model_copy(update={"revision": 2}), bound, deployed)) == lost
    other = record.model_copy(update={"cutover": "service@production.2"})
    assert refusal(lambda: guard.destination(other, bound, deployed)) == lost
    elsewhere = bound.model_copy(update={"window": MANIFEST.window.model_copy(update={"id": "another"})})
    assert refusal(lambda: guard.destination(record, elsewhere, deployed)) == lost
    assert refusal(lambda: guard.destination(record, bound, None)) == (
        "QUEUE_NOT_DEPLOYED", "the approved destination is not a deployed target", "",
    )  # fmt: skip


def test_people_facts_and_keys_give_their_reasons() -> None:
    erin, omar = (each.predicate for each in WHOLE.approvals)
    Guards.people(MANIFEST, [erin, omar], facts=FACTS, requesters=["dana@ci"], now=AFTER_OPENING)
    assert refusal(lambda: Guards.people(MANIFEST, [], facts=FACTS, requesters=["dana@ci"], now=AFTER_OPENING)) == (
        "QUORUM_LAPSED", "an approval no longer counts; missing: release-engineering, operations", "",
    )  # fmt: skip
    newer = FACTS.model_copy(update={"version": FACTS.version + 1})
    Guards.facts(newer, [FACTS, newer])
    assert refusal(lambda: Guards.facts(FACTS, [FACTS, newer])) == (
        "FACTS_ROLLED_BACK", "the active facts are older than those of the decisions", "",
    )  # fmt: skip
    signed = [signature.keyid for signature in WHOLE.handoff.manifest.signatures]
    revoked = FACTS.model_copy(
        update={
            "keys": tuple(
                key.model_copy(update={"revoked_at": AFTER_OPENING}) if key.purpose == "bind" else key
                for key in FACTS.keys
            )
        }
    )

    def keys(at: Any) -> None:
        Guards(records=None, store=None, clock=FakeClock(at)).keys(signed, facts=revoked)  # type: ignore[arg-type]

    keys(AFTER_OPENING - timedelta(seconds=1))
    assert refusal(lambda: keys(AFTER_OPENING)) == (
        "KEY_REVOKED", "a key or identity that signed a part of the package is revoked", "",
    )  # fmt: skip


# What the record must not be able to say


def forged(world: World, **changes: Any) -> None:
    world.wiring.records._set(world.record().model_copy(update=changes))


def test_a_record_that_names_another_envelope_sends_nothing() -> None:
    world = opened()
    world.wiring.deployment.lose_answers(1)
    leased = hand_off(world)
    world.clock.move(timedelta(minutes=2))
    forged(world, handoff="sha256:" + "0" * 64)
    assert hand_off(world).reason == "ENVELOPE_DIFFERS"
    assert world.ledger()[-1].detail == "the record names an envelope that nobody made"
    forged(world, handoff=leased.handoff, handoff_id="sha256:" + "0" * 64, reason=None)
    assert hand_off(world).reason == "ENVELOPE_DIFFERS"
    assert world.ledger()[-1].detail == "the record names an envelope of another hand-off"
    assert world.wiring.deployment.sends == 1


def test_an_envelope_that_stands_already_is_not_sent_for_another() -> None:
    world = opened()
    first = hand_off(opened())
    world.wiring.store.put_handoff(first.handoff_id or "", b"{}")
    after = hand_off(world)
    assert (after.handoff_id, after.status, after.reason) == (
        first.handoff_id, Status.HANDING_OFF, "ENVELOPE_DIFFERS",
    )  # fmt: skip
    assert world.ledger()[-1].detail == "another envelope stands under this hand-off's id"
    assert world.wiring.deployment.sends == 0


def test_other_rules_than_the_approved_ones_send_nothing() -> None:
    """Both owners have signed them, but the approvers saw others."""
    world = opened()
    payload = canonical.encode_model(DEPLOYMENT.rules().model_copy(update={"lease": 61}))
    envelope = world.wiring.store.put(DEPLOYMENT.sealed_rules(payload))
    forged(world, rules=SignedReference(payload=canonical.digest(payload), envelope=envelope))
    after = hand_off(world)
    assert (after.status, world.wiring.deployment.sends) == (Status.AWAITING_WINDOW, 0)
    assert after.reason == "DOCUMENT_DIFFERS"
    world = opened()
    world.wiring.deployment.lose_answers(1)
    hand_off(world)
    world.clock.move(timedelta(minutes=2))
    envelope = world.wiring.store.put(DEPLOYMENT.sealed_rules(payload))
    forged(world, rules=SignedReference(payload=canonical.digest(payload), envelope=envelope))
    after = hand_off(world)
    assert (after.status, after.reason) == (Status.HANDING_OFF, "RULES_DIFFER")
    assert world.ledger()[-1].detail == "the record names other rules than the manifest"
    assert world.wiring.deployment.sends == 1


def test_whoever_lost_the_lease_says_nothing_about_the_record() -> None:
    """While it was held up another attempt took over and handed it off."""
    world = opened()
    store = world.wiring.store
    real = store.put_handoff

    def meanwhile(handoff_id: str, content: bytes) -> bytes:
        store.put_handoff = real  # type: ignore[method-assign]
        world.clock.move(timedelta(minutes=2))
        assert hand_off(world).status is Status.HANDED_OFF
        return real(handoff_id, content)

    store.put_handoff = meanwhile  # type: ignore[method-assign]
    assert hand_off(world) == world.record()
    assert world.record().attempt == 2
    assert world.ledger()[-1].event == "handed-off"
    assert world.wiring.deployment.sends == 1


def test_the_function_s_door_takes_a_record_and_nothing_else() -> None:
    assert set(handler.Request.model_fields) == {"record"}


@pytest.mark.parametrize(
    ("field", "what"),
    [
        ("manifest", "manifest"),
        ("bound_facts", "facts"),
        ("bundle", "bundle"),
        ("lineage", "lineage"),
        ("hold_register", "hold register"),
        ("evidence_set", "EvidenceSet"),
    ],
)
def test_a_record_that_lacks_a_document_hands_nothing_off(field: str, what: str) -> None:
    world = opened()
    forged(world, **{field: None})
    with pytest.raises(DocumentMissing, match=rf"^the record names no {what}$"):
        hand_off(world)
    assert world.wiring.deployment.sends == 0


def test_the_lease_names_the_facts_that_it_was_taken_under() -> None:
    world = opened()
    newer = with_facts(world, lambda said: said.update(version=2))
    hand_off(world)
    leased = world.ledger()[-2]
    assert (leased.event, leased.facts) == ("handing-off", canonical.digest_model(newer))
    assert leased.facts != canonical.digest_model(FACTS)


def test_what_has_lapsed_or_changed_is_written_in_its_own_name() -> None:
    world = opened()
    with_facts(world, lambda said: said["people"].pop("omar"))
    assert hand_off(world).status is Status.AWAITING_APPROVAL
    assert (world.ledger()[-1].event, world.ledger()[-1].actor.requester) == ("approval-lapsed", "hand-off")
    world = opened()
    revise(world, "rollout", lambda said: said["cohorts"][0].update(share_percent=2))
    assert hand_off(world).status is Status.SUPERSEDED
    (drifted,) = [entry for entry in world.ledger() if entry.event == "drifted"]
    assert drifted.actor.requester == "hand-off"
    assert [each.source for each in world.record(revision=2).refreshed] == [world.records["rollout"].source]


@pytest.mark.parametrize("purpose", ["candidate", "waiver", "bind"])
def test_a_key_that_is_revoked_by_now_stops_what_it_signed(purpose: str) -> None:
    def revoke(said: dict[str, Any]) -> None:
        for key in said["keys"]:
            if key["purpose"] == purpose:
                key["revoked_at"] = "2026-03-03T20:00:30Z"

    world = opened()
    with_facts(world, revoke)
    after = hand_off(world)
    assert (after.status, after.reason) == (Status.AWAITING_WINDOW, "KEY_REVOKED")
    assert world.wiring.deployment.sends == 0


def test_what_the_clock_asks_before_it_gives_up() -> None:
    world = opened()
    world.wiring.deployment.lose_answers(1)
    record = hand_off(world)
    deployed = world.wiring.destinations[record.target]

    def again(changed: RevisionRecord = record, deployed: Any = deployed) -> None:
        world.wiring.__dict__.pop("policies", None)
        check_again(changed, guards=guards(world), policies=world.wiring.policies, deployed=deployed)

    again()
    over = ("WINDOW_CLOSED", "its window or its validity is over", "")
    now = world.clock.now()
    assert refusal(lambda: again(record.model_copy(update={"closes_at": now}))) == over
    assert refusal(lambda: again(record.model_copy(update={"valid_until": now}))) == over
    again(record.model_copy(update={"closes_at": None, "valid_until": now + timedelta(seconds=1)}))
    assert refusal(lambda: again(deployed=None))[0] == "QUEUE_NOT_DEPLOYED"
    with pytest.raises(DocumentMissing, match=r"^the record names no manifest$"):
        again(record.model_copy(update={"manifest": None}))
    relied = record.relies_on[0]
    with_facts(world, lambda said: _revoke(said, relied))
    assert refusal(again)[0] in {"KEY_REVOKED", "QUORUM_LAPSED"}
    candidate = next(key.id for key in FACTS.keys if key.purpose == "candidate")
    with_facts(world, lambda said: _revoke(said, candidate))
    assert refusal(again) == ("KEY_REVOKED", "a key or identity that signed a part of the package is revoked", "")
    with_facts(world, lambda said: said["people"].pop("omar"), version=3)
    assert refusal(again) == ("QUORUM_LAPSED", "an approval no longer counts", "")
    world.wiring.records.set_brake(Brake(engaged=True))
    assert refusal(again)[0] == "BRAKE_ENGAGED"


def _revoke(said: dict[str, Any], key_id: str) -> None:
    for key in said["keys"]:
        if key["id"] == key_id:
            key["revoked_at"] = "2026-03-03T20:00:30Z"


def test_a_tombstone_gives_its_reason() -> None:
    world = opened()
    record = world.record()
    world.wiring.store.put_tombstone(
        Tombstone(cutover=record.cutover, revision=1, status="withdrawn", reason="WITHDRAWN", at=world.clock.now())
    )
    assert refusal(lambda: guards(world).stop(record)) == (
        "TOMBSTONE", "the revision has ended: its tombstone stands in the store", "",
    )  # fmt: skip


def test_only_the_attempt_that_holds_the_lease_acknowledges() -> None:
    world = opened()
    world.wiring.deployment.lose_answers(1)
    record = hand_off(world)
    step = _acknowledged(record, record.attempt, "message-1")
    assert step is not None
    assert (step.event, step.detail) == ("handed-off", "attempt 1")
    assert _acknowledged(record, record.attempt + 1, "message-1") is None
    assert _acknowledged(record.model_copy(update={"status": Status.UNCERTAIN}), record.attempt, "message-1") is None
    with pytest.raises(DocumentMissing, match=r"^the record names no hand-off$"):
        _acknowledged(record.model_copy(update={"handoff": None}), record.attempt, "message-1")


def test_what_is_neither_waiting_nor_out_of_its_lease_is_left_alone() -> None:
    world = opened()
    world.wiring.deployment.lose_answers(1)
    hand_off(world)
    world.clock.move(timedelta(minutes=2))
    forged(world, lease_until=None)
    before = world.record()
    assert hand_off(world) == before
    forged(world, lease_until=world.clock.now(), status=Status.APPROVED)
    assert hand_off(world).status is Status.APPROVED
    assert world.wiring.deployment.sends == 1


def test_what_changed_since_the_first_attempt_is_not_sent_again() -> None:
    world = opened()
    world.wiring.deployment.lose_answers(1)
    hand_off(world)
    world.clock.move(timedelta(minutes=2))
    revise(world, "rollout", lambda said: said["cohorts"][0].update(share_percent=2))
    after = hand_off(world)
    assert (after.status, after.reason) == (Status.HANDING_OFF, "DRIFTED")
    assert world.ledger()[-1].detail == (
        "since the first attempt /cohorts/0/share_percent changed at its source"
    )  # fmt: skip


def test_a_late_freeze_puts_the_next_look_off_to_its_end() -> None:
    world = opened()
    freeze = {"id": "late", "starts_at": "2026-03-03T19:00:00Z", "ends_at": "2026-03-03T21:00:00Z", "reason": "outage"}
    with_facts(world, lambda said: said["calendars"]["production"].update(freezes=[freeze]))
    after = hand_off(world)
    assert (after.reason, after.wake_at) == ("WINDOW_FROZEN", OPENS_AT + timedelta(hours=1))
