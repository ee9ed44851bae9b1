"""Bind: people, time and queues hold a release too; a check that did not report never passes."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cutover.contracts.candidate import Candidate, Reference
from cutover.contracts.holds import Findings
from cutover.contracts.manifest import Manifest, RequiredSigner
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.checks import FAMILIES
from cutover.domain.checks.fields import about
from cutover.domain.holds import fingerprint
from cutover.domain.record import RevisionRecord
from cutover.errors import DependencyUnavailable, SourceUnavailable
from cutover.stages.assemble.assembling import SECTIONS
from cutover.stages.collect.collecting import PATIENCE
from tests.building.policy import CLOSES_AT, OPENS_AT, RECEIVED_AT
from tests.building.records import placed, waiver_record
from tests.simulator.journeys import (
    AFTER_OPENING,
    announced,
    assert_consistent,
    awaiting_approval,
    handed_off,
    open_holds,
    register_of,
    repair,
    revise,
    told,
)
from tests.simulator.owners import with_facts, with_rules
from tests.simulator.world import World
from tests.unit.test_assembling import finding


def codes(world: World, record: RevisionRecord) -> list[str]:
    return [hold.code for hold in open_holds(world, record)]


def manifest_of(world: World, record: RevisionRecord) -> Manifest:
    assert record.manifest is not None
    envelope = dsse.parse(world.wiring.store.get(record.manifest.envelope, limit=2**24))
    return Manifest.model_validate_json(dsse.decode_base64(envelope.payload))


# --- checks that do not report -------------------------------------------------------------------------


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_family_that_crashes_holds_the_release(family: str) -> None:
    """Row 24: whatever a branch raises, again and again, no manifest comes before its report."""
    world = World()

    def crash(name: str, payload: Any) -> None:
        if name == "Verify" and payload["family"] == family:
            raise MemoryError

    world.before_invoke = crash
    record = announced(world)
    assert record.status == "held"
    assert [(hold.code, hold.field, hold.rule) for hold in open_holds(world, record)] == [
        ("CHECK_FAILED", f"/{family}", "bind.check-failed")
    ]
    assert len(told(world)) == 1
    assert record.manifest is None
    assert f"Verify{family.title()}Failed" in world.execution().visited


def test_a_required_family_that_no_branch_runs_holds_the_release() -> None:
    world = World()
    with_rules(world, families={**world.rules().families, "licences": "operations"})
    record = announced(world)
    assert codes(world, record) == ["CHECK_FAILED"]
    assert open_holds(world, record)[0].field == "/licences"


def test_a_hostile_record_of_a_registry_holds_the_release() -> None:
    """A registry record that is none is named as that; no rule fails over it, and none passes it."""
    world = World()
    broken = world.wiring.bucket.artifact
    world.wiring.bucket.artifact = lambda *a, **k: broken(*a, **k)[:-1]  # type: ignore[method-assign]
    record = announced(world)
    assert set(codes(world, record)) == {"ARTIFACT_RECORD_MALFORMED", "ARTIFACT_UNKNOWN"}
    assert record.manifest is None


@pytest.mark.parametrize("section", SECTIONS)
def test_a_source_that_does_not_answer_holds_the_release(section: str) -> None:
    """A failing Collect branch is a recorded result of its section; the others' evidence is kept."""
    world = World()

    def fail(name: str, payload: Any) -> None:
        if name == "Collect" and payload["section"] == section:
            raise DependencyUnavailable(section)

    world.before_invoke = fail
    record = announced(world)
    assert record.status == "held"
    assert "COLLECT_FAILED" in codes(world, record)
    assert f"Collect{section.title()}Failed" in world.execution().visited
    assert_consistent(world)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_source_that_stays_away_holds_its_records_and_no_others(section: str) -> None:
    """The state machine tells the function how often it has tried; in the end the failure is the record's result."""
    world = World()
    tried = []

    def away(*_: Any, **__: Any) -> Any:
        raise SourceUnavailable("SOURCE_UNREACHABLE", "nobody answers")

    def watch(name: str, payload: Any) -> None:
        if name == "Collect":
            world.wiring.__dict__.pop("sources", None)
            if payload["section"] == section:
                tried.append(payload["retries"])
                world.wiring.__dict__["sources"] = {"s3": SimpleNamespace(fetch=away, artifact=away, latest=away)}

    world.before_invoke = watch
    record = announced(world)
    assert tried == list(range(PATIENCE + 1))
    assert record.status == "held"
    assert "SOURCE_UNREACHABLE" in codes(world, record)
    assert "COLLECT_FAILED" not in codes(world, record)
    assert_consistent(world)


def test_a_source_that_answers_at_the_last_try_is_evidence_like_any_other() -> None:
    world = World()
    failures = iter([DependencyUnavailable("flags")] * 5)

    def fail(name: str, payload: Any) -> None:
        if name == "Collect" and payload["section"] == "flags" and (error := next(failures, None)):
            raise error

    world.before_invoke = fail
    awaiting_approval(world)


# --- people ----------------------------------------------------------------------------------------------


UNKNOWN = ["REQUESTER_UNMAPPED", "ROLLBACK_DRILL_MISSING", "WAIVER_NOT_PERMITTED"]
"""While it is not known who asked, the release's waiver might be the requester's own: it answers nothing."""


@pytest.mark.parametrize("identity", ["nobody@ci", "dana"])
def test_a_requester_whom_nobody_knows(identity: str) -> None:
    world = World()
    with_facts(world, lambda said: said["people"].pop("dana"))
    record = announced(world, world.candidate(requester=identity))
    assert codes(world, record) == UNKNOWN
    assert open_holds(world, record)[0].field == "/release/requester"


def test_a_requester_who_could_be_two_people() -> None:
    world = World()
    with_facts(world, lambda said: said["people"]["omar"].update(identities=["dana@ci"]))
    assert codes(world, announced(world)) == UNKNOWN


def test_the_requester_of_the_change_must_be_known_too() -> None:
    world = World()
    revise(world, "change", lambda said: said.update(requester="nobody@change"))
    assert codes(world, announced(world)) == UNKNOWN


PEOPLE: dict[str, Callable[[dict[str, Any]], object]] = {
    "nobody has the role": lambda people: [
        people[name].update(roles=["release-engineering"]) for name in people if name != "ruth"
    ],
    "one person has both": lambda people: [people.pop(name) for name in ("erin", "omar")],
    "only the requester is left": lambda people: [people.pop(name) for name in ("omar", "bo")],
}


@pytest.mark.parametrize("change", PEOPLE.values(), ids=PEOPLE.keys())
def test_a_quorum_that_nobody_can_give(change: Callable[[dict[str, Any]], object]) -> None:
    """Asked in Bind, before anybody is told: there is no mail."""
    world = World()
    with_facts(world, lambda said: change(said["people"]))
    record = announced(world)
    assert codes(world, record) == ["QUORUM_IMPOSSIBLE"]
    assert world.wiring.mailer.sent == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("nobody has the role", "1 x operations by link (nobody has the role)"),
        ("one person has both", "1 x operations by link (dana requested it), for bo can fill one seat only"),
        ("only the requester is left", "1 x operations by link (dana requested it)"),
    ],
)
def test_who_is_missing_for_what_is_named(name: str, found: str) -> None:
    world = World()
    with_facts(world, lambda said: PEOPLE[name](said["people"]))
    record = announced(world)
    assert open_holds(world, record)[0].found == f"nobody can be {found}"


def test_an_assurance_that_nobody_can_give_is_told_before_anybody_is_asked() -> None:
    """Nobody has a passkey, so a seat that demands one would wait for nothing; those who would need one are named."""
    world = World()
    signers = {world.deployment.target: (RequiredSigner(role="operations", assurance="passkey"),)}
    with_rules(world, signers=signers, emergency={})
    record = announced(world)
    assert (record.status, codes(world, record)) == ("held", ["QUORUM_IMPOSSIBLE"])
    why = "bo has no passkey, dana requested it, omar has no passkey"
    assert open_holds(world, record)[0].found == f"nobody can be 1 x operations by passkey ({why})"
    assert world.wiring.mailer.sent == []


# --- time and queues ---------------------------------------------------------------------------------------


def test_two_products_one_queue_one_window() -> None:
    """Row 25: exactly one holds the slot; when the other's turn comes, it is free again."""
    world = World()
    first = awaiting_approval(world)
    second = announced(world, world.candidate(product="other"))
    assert (second.status, codes(world, second)) == ("held", ["WINDOW_CONFLICT"])
    assert first.cutover in open_holds(world, second)[0].found
    world.decide("erin", "refuse")
    world.run()
    assert world.wiring.records.slot(world.deployment.queue_arn, world.deployment.window) is None
    third = announced(world, world.candidate(product="billing"))
    assert third.status == "awaiting_approval"


def test_two_products_bind_at_once() -> None:
    """Whoever commits second saw a free slot, loses the race, reads again, and is held."""
    world = World()
    first = awaiting_approval(world)
    readings = iter([None])
    real = world.wiring.records.slot
    world.wiring.records.slot = lambda *name: next(readings, real(*name))  # type: ignore[method-assign]
    second = announced(world, world.candidate(product="other"))
    assert next(readings, "read") == "read"
    assert (second.status, codes(world, second)) == ("held", ["WINDOW_CONFLICT"])
    slot = real(world.deployment.queue_arn, world.deployment.window)
    assert slot is not None
    assert slot.cutover == first.cutover
    assert "manifest" not in world.ledger(second.cutover)[-1].inputs


def test_after_a_hand_off_the_slot_stays_taken() -> None:
    """Nobody else may deploy into the same occurrence."""
    world = World()
    handed_off(world)
    second = announced(world, world.candidate(product="other"))
    assert codes(world, second) == ["WINDOW_CONFLICT"]


def test_a_candidate_that_ends_within_the_window() -> None:
    world = World()
    record = announced(world, world.candidate(expires_at=CLOSES_AT - timedelta(seconds=1)))
    assert codes(world, record) == ["VALIDITY_ENDS_BEFORE_WINDOW"]


@pytest.mark.parametrize("late", [timedelta(0), timedelta(minutes=1)])
def test_what_is_over_before_it_is_bound(late: timedelta) -> None:
    """Verifying took until the window had closed: nobody is asked to approve what cannot be handed off."""
    world = World()

    def dawdle(name: str, _payload: Any) -> None:
        if name == "Bind":
            world.clock.move_to(CLOSES_AT + late)

    world.before_invoke = dawdle
    record = announced(world)
    assert (record.status, codes(world, record)) == ("held", ["VALIDITY_OVER"])
    assert (record.manifest, world.wiring.mailer.sent) == (None, [])


@pytest.mark.parametrize("other", [{"cutover": "other@production.9"}, {"revision": 2}])
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_report_about_another_revision_says_nothing(family: str, other: dict[str, Any]) -> None:
    """A stage's answer is given on by reference: Bind looks whom it is about, and takes nothing from it."""
    world = World()
    problem = finding(family=family, rule=f"{family}.x", outcome="deny")
    strange = Findings(
        **{"cutover": "service@production.1", "revision": 1, **other}, family=family, rules=(f"{family}.x",),
        findings=(problem,),
    )  # fmt: skip

    def exchange(name: str, payload: Any) -> None:
        if name == "Bind":
            for each in payload["findings"]:
                if each["family"] == family:
                    each["findings"] = world.wiring.store.put(canonical.encode_model(strange))

    world.before_invoke = exchange
    record = announced(world)
    assert record.status == "held"
    assert [(hold.code, hold.field) for hold in open_holds(world, record)] == [
        ("FINDINGS_OF_ANOTHER_REVISION", f"/{family}")
    ]


def test_evidence_too_old_before_the_window_ends() -> None:
    world = World()
    limit = int((CLOSES_AT - RECEIVED_AT).total_seconds())
    with_rules(world, evidence_max_age=limit - 1)
    assert codes(world, announced(world)) == ["VALIDITY_ENDS_BEFORE_WINDOW"]
    world = World()
    with_rules(world, evidence_max_age=limit)
    awaiting_approval(world)


def test_what_binds_says_queue_window_people_and_end() -> None:
    """Row 16."""
    world = World()
    record = awaiting_approval(world)
    bound = manifest_of(world, record).predicate
    assert bound.destination.queue_arn == world.deployment.queue_arn
    assert (bound.window.opens_at, bound.window.closes_at) == (OPENS_AT, CLOSES_AT)
    assert [signer.role for signer in bound.signers] == ["release-engineering", "operations"]
    assert bound.valid_until == record.valid_until == record.expires_at == CLOSES_AT
    assert (bound.rules, bound.facts) == (record.rules.payload, record.facts.payload)
    assert (bound.candidate, bound.evidence_set) == (record.candidate, record.evidence_set)


# --- severities and waivers -----------------------------------------------------------------------------------


def test_a_rule_that_warns_is_shown_and_holds_nothing() -> None:
    world = World()
    with_rules(world, severities={"artifacts.nothing-newer": "warn"})
    world.wiring.bucket.put("shop-registry", world.records["artifact"].record, b"built again")
    record = awaiting_approval(world)
    assert [warning.code for warning in register_of(world, record).warnings] == ["SUPERSESSION_UNRESOLVED"]
    assert told(world) == []


def test_a_rule_that_denies_ends_the_revision() -> None:
    """Transition 15 by Bind: tombstone, no slot, no manifest, the execution ends in Declined."""
    world = World()
    with_rules(world, severities={"artifacts.nothing-newer": "deny"})
    world.wiring.bucket.put("shop-registry", world.records["artifact"].record, b"built again")
    record = announced(world)
    assert (record.status, record.reason) == ("declined", "SUPERSESSION_UNRESOLVED")
    assert record.manifest is None
    assert world.wiring.store.has_tombstone(record.cutover, 1)
    assert world.execution().visited[-1] == "Declined"
    assert [hold.severity for hold in register_of(world, record).holds if hold.resolution is None] == ["deny"]
    entry = world.ledger()[-1]
    assert (entry.transition, entry.actor.role, entry.result) == (15, "bind", "SUPERSESSION_UNRESOLVED")
    assert_consistent(world)


def test_a_denial_cannot_be_waived() -> None:
    world = World()
    with_rules(world, severities={"artifacts.nothing-newer": "deny"})
    world.wiring.bucket.put("shop-registry", world.records["artifact"].record, b"built again")
    record = announced(world, waiving(world, "artifacts.nothing-newer", "/components/0/digest", newest(world)))
    assert record.status == "declined"


def newest(world: World) -> str:
    """What the hold of newer bytes is about: those, beside the announced ones."""
    return about(world.candidate().components[0].artifact.digest or "", canonical.digest(b"built again"))


def waiving(world: World, rule: str, field: str, subject: str) -> Candidate:
    """A candidate with the drill's waiver and one for another hold."""
    drill = world.upload(world.waiver())
    other = world.upload(waiver_record(world.deployment, fingerprint(rule, field, subject)))
    references = tuple(Reference.model_validate(each.reference()) for each in (drill, other))
    return world.candidate(waivers=references)


def test_a_waiver_answers_exactly_its_hold() -> None:
    """Row 10 and 14: by rule, field and subject. Another subject makes another hold."""
    world = World()
    world.wiring.bucket.put("shop-registry", world.records["artifact"].record, b"built again")
    record = awaiting_approval(world, waiving(world, "artifacts.nothing-newer", "/components/0/digest", newest(world)))
    resolved = {hold.code: hold.resolution for hold in register_of(world, record).holds}
    assert set(resolved) == {"SUPERSESSION_UNRESOLVED", "ROLLBACK_DRILL_MISSING"}
    assert None not in resolved.values()

    world = World()
    world.wiring.bucket.put("shop-registry", world.records["artifact"].record, b"and built once more")
    record = announced(world, waiving(world, "artifacts.nothing-newer", "/components/0/digest", newest(world)))
    assert codes(world, record) == ["SUPERSESSION_UNRESOLVED"]


def test_a_waiver_for_a_hold_of_bind_answers_nothing() -> None:
    """People, time and queues are not evidence."""
    world = World()
    with_facts(world, lambda said: [said["people"].pop(name) for name in ("omar", "bo")])
    candidate = world.candidate()
    subject = canonical.digest_model(candidate)
    record = announced(world, waiving(world, "bind.quorum-impossible", "", subject))
    assert codes(world, record) == ["QUORUM_IMPOSSIBLE"]


# --- the end of a hold ------------------------------------------------------------------------------------------


def test_held_until_it_expires() -> None:
    """Nothing resolves a hold in this version but a new candidate, so its end is the hold's own."""
    world = World()
    record = announced(world, world.candidate(waivers=()))
    assert record.expires_at == min(RECEIVED_AT + timedelta(seconds=world.rules().held_for), CLOSES_AT)
    world.clock.move_to(record.expires_at - timedelta(seconds=1))
    world.tick()
    assert world.record().status == "held"
    world.clock.move_to(record.expires_at)
    world.tick()
    after = world.record()
    assert (after.status, after.reason) == ("expired", "HOLD_EXPIRED")
    assert world.wiring.store.has_tombstone(record.cutover, 1)
    assert world.execution().visited[-1] == "Expired"
    assert_consistent(world)
    assert len(told(world)) == 1


def test_a_hold_is_told_again_only_when_the_queue_has_forgotten() -> None:
    """Bind cut off after transition 7 tells again: the hold's id is the deduplication id."""
    world = World()
    crashes = iter([True])
    real = world.wiring.exceptions.send

    def send(**message: Any) -> None:
        real(**message)
        if next(crashes, False):
            raise DependencyUnavailable("the answer was lost")

    world.wiring.exceptions.send = send  # type: ignore[method-assign]
    record = announced(world, world.candidate(waivers=()))
    assert record.status == "held"
    assert len(told(world)) == 1
    assert [entry.transition for entry in world.ledger()].count(7) == 1


def test_a_new_candidate_answers_what_was_held() -> None:
    """The second release of a product has the next number, and nothing of the first."""
    world = World()
    with_rules(world, held_for=3600)
    held_record = announced(world, world.candidate(waivers=()))
    assert held_record.expires_at == RECEIVED_AT + timedelta(hours=1)
    world.clock.move_to(held_record.expires_at)
    world.tick()
    assert world.record().status == "expired"
    record = awaiting_approval(world, world.candidate(sequence=2))
    assert record.cutover == "service@production.2"
    repair(world, 1)
    assert world.record(record.cutover).status == "awaiting_approval"


def test_a_waiver_that_is_used_bounds_the_package_s_validity() -> None:
    """It ends after the window, so here the window is what ends first; never is the end later than the waiver's."""
    world = World()
    record = awaiting_approval(world)
    (hold,) = register_of(world, record).holds
    assert hold.resolution is not None
    assert record.valid_until is not None
    assert record.valid_until <= min(hold.resolution.expires_at, CLOSES_AT)


def test_a_target_that_is_not_deployed_any_more_is_held() -> None:
    """The deployment changed while its evidence was collected."""
    world = World()

    def undeploy(name: str, _payload: object) -> None:
        if name == "Bind":
            world.wiring.__dict__["destinations"] = {}

    world.before_invoke = undeploy
    record = announced(world)
    assert record.status == "held"
    assert {hold.code for hold in open_holds(world, record)} == {"TARGET_NOT_DEPLOYED"}


# --- what the records speak of, and where the queue leads -----------------------------------------------------------


def in_environment(world: World, name: str) -> Candidate:
    """A release whose records all speak of another environment than the target deploys to."""
    for each in ("change", "rollout", "flags", "overlays"):
        revise(world, each, lambda said: placed(said, name))
    rendering = world.rules().rendering
    with_rules(
        world,
        rendering=rendering.model_copy(update={"environments": {**rendering.environments, name: ()}}),
    )
    return world.candidate(environments=(name,))


def test_a_release_for_another_environment_than_its_queue_leads_to_is_held_and_nobody_may_waive_it() -> None:
    world = World()
    record = announced(world, in_environment(world, "staging"))
    assert codes(world, record) == ["TARGET_ENVIRONMENT_CONFLICT"]
    (hold,) = open_holds(world, record)
    assert "production" in hold.found
    assert "staging" in hold.found
    assert hold.rule.startswith("bind.")


def test_names_in_another_spelling_go_the_whole_road() -> None:
    """What the rules render is one release: for the checks, on the page, in HandOff and for whoever verifies it."""
    world = World()
    for each in ("change", "rollout"):
        revise(world, each, lambda said: placed(said, "prod"))
    component = world.candidate().components[0]
    candidate = world.candidate(environments=("prod",), components=(component,))
    awaiting_approval(world, candidate)
    for person in ("erin", "omar"):
        world.decide(person)
        world.run()
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    assert world.record().status == "handed_off"


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_family_that_the_rules_forgot_does_not_pass_by_crashing(family: str) -> None:
    world = World()
    named = {name: owner for name, owner in world.rules().families.items() if name != family}
    with_rules(world, families=named)

    def fail(name: str, payload: Any) -> None:
        if name == "Verify" and payload["family"] == family:
            raise RuntimeError(family)

    world.before_invoke = fail
    record = announced(world)
    assert "CHECK_FAILED" in codes(world, record)
    assert record.manifest is None
