"""Row 39, the emergency path: shorter times, a stronger record, an after-action record; all else exactly as always."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from cutover.contracts.approval import Approval
from cutover.contracts.bundle import Bundle
from cutover.contracts.candidate import Candidate
from cutover.contracts.handoff import Handoff
from cutover.contracts.manifest import Manifest
from cutover.domain import emergencies
from cutover.domain import envelope as dsse
from cutover.domain.record import RevisionRecord, Status
from tests.building.package import EMERGENCY
from tests.building.policy import CLOSES_AT, EMERGENCY_PATH, OPENS_AT, Deployment
from tests.simulator.events import Sent, after_action, deliver, receipt, signed, told, withdraw
from tests.simulator.journeys import AFTER_OPENING, announced, assert_consistent, open_holds, repair, revise
from tests.simulator.owners import with_facts, with_key_of, with_rules
from tests.simulator.world import World, fill
from tests.workflow.test_hand_off import BLOCKS, Step
from tests.workflow.test_held import artifact

CUTOVER = "service@production.1"
WHY = "Every third order fails; the next window is in a week."
RECORDED = "AFTER_ACTION_RECORDED"


def world_of() -> World:
    """A deployment whose rules have an emergency path for one product."""
    return World(Deployment(emergency=True))


def urgent(world: World, **changes: Any) -> Candidate:
    return world.candidate(**{"emergency": EMERGENCY} | changes)


def asking(world: World, **changes: Any) -> RevisionRecord:
    record = announced(world, urgent(world, **changes))
    assert record.status == "awaiting_approval", open_holds(world, record)
    return record


def approve(world: World, person: str, **entries: str | None) -> dict[str, Any]:
    """The page's own form with what an emergency asks besides, and then ``entries``; None leaves a field out."""
    link = world.links()[person]
    said = dict(fill(world.http("GET", link)["body"], "approve")) | {"emergency": "yes", "reason": WHY} | entries
    answer = world.http("POST", link, urlencode({name: value for name, value in said.items() if value is not None}))
    world.run()
    return answer


def awaiting_window(world: World) -> RevisionRecord:
    asking(world)
    for person in ("erin", "omar"):
        assert approve(world, person)["statusCode"] == 303
    assert world.record().status is Status.AWAITING_WINDOW
    return world.record()


def handed_off(world: World) -> RevisionRecord:
    awaiting_window(world)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status is Status.HANDED_OFF
    return world.record()


def codes(world: World, record: RevisionRecord) -> set[str]:
    return {hold.code for hold in open_holds(world, record)}


def sent_documents(world: World) -> tuple[Handoff, Manifest, list[Approval]]:
    (message,) = world.messages()
    handoff = Handoff.model_validate_json(dsse.decode_base64(dsse.parse(message).payload))
    manifest = Manifest.model_validate_json(dsse.decode_base64(handoff.manifest.payload))
    return handoff, manifest, [Approval.model_validate_json(dsse.decode_base64(e.payload)) for e in handoff.approvals]


# --- from candidate to message ------------------------------------------------------------------


def test_an_emergency_goes_from_the_candidate_to_the_message() -> None:
    """HandOff has proved the message as any consumer does; here is what stands in it."""
    world = world_of()
    record = handed_off(world)
    bundle = Bundle.model_validate_json(world.wiring.store.get(record.bundle or "", limit=2**24))
    said = bundle.release.emergency
    assert said is not None
    assert (said.incident.value, said.reason.value) == (EMERGENCY.incident, EMERGENCY.reason)
    assert said.reason.from_.pointer == "/emergency/reason"
    _, manifest, approvals = sent_documents(world)
    assert manifest.predicate.emergency == EMERGENCY.incident
    assert manifest.predicate.signers == EMERGENCY_PATH.signers
    assert [each.predicate.reason for each in approvals] == [WHY, WHY]
    assert all(each.predicate.answers and each.predicate.answers.emergency is True for each in approvals)
    assert_consistent(world)


def test_a_usual_release_says_nothing_of_it() -> None:
    """The field came later: where there is no emergency, not one byte is written of it."""
    world = world_of()
    record = announced(world)
    assert b'"emergency"' not in world.wiring.store.get(record.bundle or "", limit=2**24)
    envelope = json.loads(world.wiring.store.get(record.manifest.envelope if record.manifest else "", limit=2**20))
    assert b'"emergency"' not in dsse.decode_base64(envelope["payload"])
    assert (record.after_action_within, record.after_action_due) == (None, None)


def test_its_holds_stay_open_for_a_shorter_time() -> None:
    usual, short = world_of(), world_of()
    later = announced(usual, usual.candidate(waivers=()))
    sooner = announced(short, urgent(short, waivers=()))
    assert (later.status, sooner.status) == ("held", "held")
    assert sooner.expires_at == short.clock.now() + timedelta(seconds=EMERGENCY_PATH.held_for)
    assert later.expires_at == CLOSES_AT < usual.clock.now() + timedelta(seconds=usual.rules().held_for)
    short.clock.move_to(sooner.expires_at)
    short.tick()
    assert short.record().status is Status.EXPIRED


def test_its_links_open_the_page_for_a_shorter_time() -> None:
    usual, short = world_of(), world_of()
    announced(usual)
    asking(short)
    for world in (usual, short):
        world.clock.move(timedelta(seconds=EMERGENCY_PATH.link_valid_for))
    assert usual.http("GET", usual.links()["erin"])["statusCode"] == 200
    assert short.http("GET", short.links()["erin"])["statusCode"] == 410


def test_a_product_without_an_emergency_path_is_held_and_no_waiver_helps() -> None:
    world = world_of()
    record = announced(world, urgent(world, product="billing"))
    (hold,) = open_holds(world, record)
    assert (record.status, hold.code, hold.field) == ("held", "EMERGENCY_NOT_ALLOWED", "/release/emergency")
    assert hold.rule.startswith("bind."), "of no family that the rules could let anybody waive"
    assert record.manifest is None
    assert world.wiring.mailer.sent == []


def test_a_path_that_asks_less_than_its_target_is_none() -> None:
    """Rules for two targets: what is enough for one of them is not for the other."""
    world = world_of()
    usual = world.rules().signers
    alone = usual["production"][:1]
    path = EMERGENCY_PATH.model_copy(update={"signers": alone})
    with_rules(world, signers={**usual, "staging": alone}, emergency={"service": path})
    record = announced(world, urgent(world))
    assert codes(world, record) == {"EMERGENCY_NOT_ALLOWED"}


def test_rules_that_change_in_flight_change_neither_who_must_approve_nor_for_how_long() -> None:
    world = world_of()
    asking(world)
    with_rules(world, emergency={})
    for person in ("erin", "omar"):
        approve(world, person)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status is Status.HANDED_OFF
    assert sent_documents(world)[1].predicate.signers == EMERGENCY_PATH.signers


def test_drift_makes_another_revision_of_the_same_emergency() -> None:
    world = world_of()
    asking(world)
    revise(world, "rollout", lambda said: said["cohorts"][0].update(share_percent=6))
    world.clock.move(timedelta(hours=1))
    world.tick()
    second = world.record(revision=2)
    assert second.status is Status.AWAITING_APPROVAL
    assert second.after_action_within == EMERGENCY_PATH.after_action_within


# --- as always ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("block", "code", "lift"), BLOCKS.values(), ids=BLOCKS.keys())
def test_what_blocks_a_hand_off_blocks_an_emergency(block: Step, code: str, lift: Step | None) -> None:
    """Brake, freezes, windows, queues and slots: each of them keeps it from being sent."""
    world = world_of()
    awaiting_window(world)
    block(world)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert (world.record().status, world.ledger()[-1].result) == ("awaiting_window", code)
    assert world.wiring.deployment.sends == 0


def test_before_its_window_nothing_is_sent_and_after_it_nothing_any_more() -> None:
    world = world_of()
    awaiting_window(world)
    world.clock.move_to(OPENS_AT - timedelta(minutes=1))
    world.tick()
    assert world.record().status is Status.AWAITING_WINDOW
    world.clock.move_to(CLOSES_AT)
    world.tick()
    assert world.record().status is Status.EXPIRED
    assert world.messages() == []


def test_its_slot_must_be_free() -> None:
    world = world_of()
    announced(world, world.candidate(product="billing"))
    assert codes(world, announced(world, urgent(world))) == {"WINDOW_CONFLICT"}


def test_its_artifact_must_have_a_digest() -> None:
    world = world_of()
    unpinned = artifact(world, digest=None)
    assert "ARTIFACT_NOT_DIGEST_PINNED" in codes(
        world, announced(world, unpinned.model_copy(update={"emergency": EMERGENCY}))
    )


def test_one_person_is_not_enough_and_who_asked_for_it_may_not_approve() -> None:
    world = world_of()
    asking(world)
    assert "dana" not in world.links()
    approve(world, "erin")
    assert world.record().status is Status.AWAITING_APPROVAL
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.messages() == []


# --- the stronger record ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ({"emergency": None}, "ANSWERS_MISSING"), ({"reason": None}, "REASON_MISSING"),
        ({"reason": "  "}, "REASON_MISSING"), ({"emergency": "no"}, "FORM_MALFORMED"),
        ({"intent": None}, "ANSWERS_MISSING"), ({"digest": "00000000"}, "DIGEST_DIFFERS"),
    ],
)  # fmt: skip
def test_who_approves_an_emergency_confirms_it_and_says_why(entries: dict[str, str | None], code: str) -> None:
    world = world_of()
    asking(world)
    answer = approve(world, "erin", **entries)
    assert answer["statusCode"] >= 400
    assert code in answer["body"]
    assert world.record().decisions == ()


def test_a_usual_release_cannot_be_approved_as_an_emergency() -> None:
    world = world_of()
    announced(world)
    answer = approve(world, "erin")
    assert answer["statusCode"] >= 400
    assert "EMERGENCY_DIFFERS" in answer["body"]
    assert world.record().decisions == ()
    assert approve(world, "erin", emergency=None)["statusCode"] == 303


# --- the after-action record --------------------------------------------------------------------


def submit(world: World, revision: int = 1, *, key: str = "after-action", **changes: Any) -> Sent:
    cutover = changes.pop("cutover", CUTOVER)
    event = signed(world, after_action(world, cutover, revision, **changes), key=key)
    deliver(world, event)
    return event


def result_of(world: World, event: Sent) -> str:
    (entry,) = told(world, event, CUTOVER)
    return entry.result


def test_it_is_due_some_time_after_the_hand_off() -> None:
    world = world_of()
    awaiting_window(world)
    assert world.record().after_action_due is None
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    record = world.record()
    due = AFTER_OPENING + timedelta(seconds=EMERGENCY_PATH.after_action_within)
    assert record.after_action_due == due
    assert emergencies.after_action_awaited(record)
    assert not emergencies.after_action_overdue(record, due - timedelta(seconds=1))
    assert emergencies.after_action_overdue(record, due)


def test_a_receipt_for_an_uncertain_hand_off_makes_it_due_too() -> None:
    world = world_of()
    awaiting_window(world)
    world.wiring.deployment.lose_answers(1)
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status is Status.HANDING_OFF
    assert world.record().after_action_due is None
    world.clock.move(timedelta(seconds=30))
    deliver(world, signed(world, receipt(world, world.record().handoff_id or "")))
    assert world.record().status is Status.HANDED_OFF
    within = timedelta(seconds=EMERGENCY_PATH.after_action_within)
    assert world.record().after_action_due == world.clock.now() + within


def test_somebody_records_what_it_was() -> None:
    world = world_of()
    handed_off(world)
    event = submit(world)
    (entry,) = told(world, event, CUTOVER)
    assert (entry.chain, entry.event, entry.result, entry.to) == (CUTOVER, "after-action-recorded", RECORDED, None)
    assert (entry.actor.role, entry.actor.requester) == ("after-actions", "after-action of shop")
    assert entry.detail == "dana: Orders failed for an hour; the fix went out."
    record = world.record()
    assert record.status is Status.HANDED_OFF
    assert record.after_action is not None
    assert (record.after_action.payload, record.after_action.envelope) == (event.payload, event.envelope)
    assert not emergencies.after_action_awaited(record)
    assert not emergencies.after_action_overdue(record, CLOSES_AT + timedelta(days=365))
    deliver(world, event, message_id="m-2")
    assert len(told(world, event, CUTOVER)) == 1, "delivered twice, it has one entry"
    assert_consistent(world)
    repair(world)
    assert world.record() == record, "nothing else comes of it"


def test_late_is_better_than_never() -> None:
    world = world_of()
    record = handed_off(world)
    world.clock.move_to((record.after_action_due or CLOSES_AT) + timedelta(days=30))
    assert result_of(world, submit(world)) == RECORDED


def test_a_second_one_is_refused_and_changes_nothing() -> None:
    world = world_of()
    handed_off(world)
    first = submit(world)
    assert result_of(world, submit(world, summary="It was nothing.")) == "AFTER_ACTION_KNOWN"
    assert world.record().after_action is not None
    assert world.record().after_action.payload == first.payload  # type: ignore[union-attr]


def test_a_usual_release_has_none() -> None:
    world = world_of()
    announced(world)
    for person in ("erin", "omar"):
        world.decide(person)
        world.run()
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().after_action_due is None
    assert result_of(world, submit(world)) == "NOT_AN_EMERGENCY"


def test_nobody_writes_one_before_the_hand_off() -> None:
    world = world_of()
    awaiting_window(world)
    assert result_of(world, submit(world)) == "NOT_HANDED_OFF"


def test_what_was_withdrawn_needs_none() -> None:
    world = world_of()
    asking(world)
    withdraw(world, CUTOVER)
    assert world.record().status is Status.WITHDRAWN
    assert world.record().after_action_due is None
    assert result_of(world, submit(world)) == "NOT_HANDED_OFF"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"revision": 2}, "UNKNOWN_REVISION"),
        ({"cutover": "service@production.2"}, "UNKNOWN_REVISION"),
        ({"author": "omar"}, "AUTHOR_DIFFERS"),
        ({"written_at": AFTER_OPENING - timedelta(hours=1)}, "WRITTEN_TOO_EARLY"),
        ({"written_at": AFTER_OPENING + timedelta(hours=1)}, "WRITTEN_IN_FUTURE"),
        ({"audience": "cutover:other:123456789012:eu-central-1:dev"}, "WRONG_AUDIENCE"),
        ({"key": "withdrawal"}, "WRONG_KEY_PURPOSE"),
    ],
)
def test_what_is_no_record_of_this_emergency_is_refused(changes: dict[str, Any], code: str) -> None:
    world = world_of()
    handed_off(world)
    assert result_of(world, submit(world, **changes)) == code
    assert world.record().after_action is None
    assert result_of(world, submit(world)) == RECORDED


def test_an_author_whom_the_facts_do_not_know_is_refused() -> None:
    world = world_of()
    handed_off(world)
    with_key_of(world, "zoe", "after-action")
    assert result_of(world, submit(world, author="zoe", key="after-action/zoe")) == "AUTHOR_UNKNOWN"


def test_a_key_of_nobody_records_nothing() -> None:
    world = world_of()
    handed_off(world)

    def anonymous(said: dict[str, Any]) -> None:
        (key,) = (each for each in said["keys"] if each["purpose"] == "after-action")
        key["person"] = None

    with_facts(world, anonymous)
    assert result_of(world, submit(world)) == "AUTHOR_DIFFERS"
