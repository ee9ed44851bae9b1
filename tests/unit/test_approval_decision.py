"""A decision end to end through the door: what is recorded, what is refused, and what a lost race does."""

from collections.abc import Callable

import pytest

from cutover.contracts.holds import HoldMessage
from cutover.contracts.people import Person
from cutover.domain.record import Brake, RevisionRecord, Status
from cutover.errors import DependencyUnavailable, Refused
from cutover.guards import Guards
from cutover.ports import Commit
from tests.approving import START, World
from tests.builders import CLOSES_AT, CUTOVER, REVISION


@pytest.fixture
def world() -> World:
    return World()


def other(world: World) -> str:
    return world.link("omar", "operations")


def test_the_first_approval_is_recorded_and_the_second_completes(world: World) -> None:
    assert world.decide(world.link()).status == 303
    assert (world.record.status, world.record.decision_seq) == (Status.AWAITING_APPROVAL, 1)
    assert world.decide(other(world)).status == 303
    assert (world.record.status, world.record.decision_seq) == (Status.APPROVED, 2)
    transitions = [entry.transition for entry in world.records.ledger(CUTOVER)]
    assert transitions == [12, 13]


def test_the_statement_says_who_decided_what_under_which_facts(world: World) -> None:
    world.decide(world.link())
    (statement,) = world.statements()
    said = statement.predicate
    assert "sha256:" + statement.subject[0].digest.sha256 == world.package.manifest_digest
    assert (said.person, said.role, said.decision) == ("erin", "release-engineering", "approve")
    assert (said.audience, said.cutover, said.revision) == (world.deployment.audience, CUTOVER, REVISION)
    assert (said.channel, said.assurance, said.decided_at) == ("email", "link", START)
    assert said.facts == world.policy().facts_digest == world.record.decisions[0].facts.payload
    assert said.answers is not None
    assert said.answers.risk_class == "moderate"
    assert said.answers.exceptions == tuple(hold.fingerprint for hold in world.package.register.holds) != ()


def test_the_ledger_names_person_manifest_statement_and_facts(world: World) -> None:
    world.decide(world.link())
    (entry,) = world.records.ledger(CUTOVER)
    assert (entry.actor.role, entry.actor.requester) == ("approvals", "erin")
    (said,) = world.record.decisions
    assert entry.inputs == {
        "manifest": world.package.manifest_digest, "decision": said.payload, "envelope": said.envelope,
    }  # fmt: skip
    assert entry.facts == world.policy().facts_digest


def test_a_refusal_needs_a_reason_and_no_confirmation(world: World) -> None:
    assert world.decide(world.link(), "refuse", reason="Drill missing.\r\nSee CHG-17.").status == 303
    (entry,) = world.records.ledger(CUTOVER)
    assert (world.record.status, world.record.reason) == (Status.DECLINED, "APPROVER_REFUSED")
    assert (entry.transition, entry.result) == (15, "APPROVER_REFUSED")
    said = world.statements()[0].predicate
    assert (said.decision, said.answers, said.reason) == ("refuse", None, "Drill missing.\nSee CHG-17.")
    assert world.store.has_tombstone(CUTOVER, REVISION)


def test_the_tombstone_of_a_refusal_comes_before_its_record(world: World) -> None:
    def killed(_: Commit) -> None:
        assert world.store.has_tombstone(CUTOVER, REVISION)
        raise DependencyUnavailable("killed")

    form = world.form(world.link(), "refuse")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.records, "commit", killed)
        assert world.post(world.link(), form).status == 503
    assert world.record.decisions == ()
    assert world.post(world.link(), form).status == 303, "the same form, sent again, converges"
    assert world.record.status is Status.DECLINED


@pytest.mark.parametrize("status", [Status.APPROVED, Status.AWAITING_WINDOW])
def test_a_colleague_can_refuse_until_the_hand_off_begins(world: World, status: Status) -> None:
    world.decide(world.link())
    world.decide(other(world))
    world.become(status)
    bo = world.link("bo", "operations")
    page = world.get(bo)
    assert 'value="refuse"' in page.body
    assert 'value="approve"' not in page.body
    assert world.decide(bo, "refuse").status == 303
    assert world.record.status is Status.DECLINED


def test_the_same_form_twice_shows_the_recorded_decision(world: World) -> None:
    link = world.link()
    form = world.form(link)
    assert [world.post(link, form).status for _ in range(2)] == [303, 303]
    assert len(world.record.decisions) == len(list(world.records.ledger(CUTOVER))) == 1
    assert "You have approved this release" in world.get(link).body


@pytest.mark.parametrize("memory", ["kept", "emptied"])
def test_idempotency_is_only_the_first_guard(world: World, memory: str) -> None:
    link = world.link()
    form = world.form(link)
    world.post(link, form)
    if memory == "emptied":
        world.remembered.clear()
    world.clock.move(world.clock.now() - START)
    assert world.post(link, form).status == 303
    assert world.record.decision_seq == 1


def test_a_contrary_second_decision_is_refused_and_the_first_stands(world: World) -> None:
    link = world.link()
    refuse = world.form(link, "refuse")
    world.decide(link)
    answer = world.post(link, refuse)
    assert (answer.status, answer.code) == (409, "ALREADY_DECIDED")
    assert world.record.status is Status.AWAITING_APPROVAL
    assert not world.store.has_tombstone(CUTOVER, REVISION)


def test_who_tried_what_in_vain_stands_in_the_ledger(world: World) -> None:
    link = world.link()
    refuse = world.form(link, "refuse")
    world.decide(link)
    world.post(link, refuse)
    _, entry = world.records.ledger(CUTOVER)
    assert (entry.event, entry.transition, entry.result) == ("decision-refused", None, "ALREADY_DECIDED")
    assert entry.detail == "erin as release-engineering: refuse"


def test_the_same_attempt_in_vain_is_kept_once_however_often_it_is_made(world: World) -> None:
    link = world.link()
    form = world.form(link)
    world.records.set_brake(Brake(engaged=True))
    assert {world.post(link, form).code for _ in range(5)} == {"BRAKE_ENGAGED"}
    fresh = [*form[1:], ("nonce", world.get(link).field("nonce"))]
    assert world.post(link, fresh).code == "BRAKE_ENGAGED"
    assert [entry.result for entry in world.records.ledger(CUTOVER)] == ["BRAKE_ENGAGED"]
    bo = world.link("bo", "operations")
    filled = [*form[1:], ("nonce", world.get(bo).field("nonce"))]
    assert world.post(bo, filled).code == "BRAKE_ENGAGED"
    assert len(list(world.records.ledger(CUTOVER))) == 2, "another person's attempt is another's"
    world.records.set_brake(Brake(engaged=False))
    assert world.post(link, form).status == 303, "the form was not used up"


def test_a_ledger_that_does_not_answer_hides_no_reason(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(_: Commit) -> None:
        raise DependencyUnavailable("dynamodb")

    link = world.link()
    form = world.form(link)
    world.records.set_brake(Brake(engaged=True))
    monkeypatch.setattr(world.records, "commit", down)
    assert world.post(link, form).code == "BRAKE_ENGAGED"


def test_one_person_with_two_roles_counts_once(world: World) -> None:
    engineer, operator = world.link("bo", "release-engineering"), world.link("bo", "operations")
    form = world.form(operator)
    world.decide(engineer)
    answer = world.post(operator, form)
    assert (answer.status, answer.code) == (409, "ALREADY_DECIDED")
    assert "one person counts once" in answer.body
    assert "One person counts once" in world.get(operator).body
    assert len(world.record.decisions) == 1


def test_a_nonce_is_spent_once_even_when_nothing_else_remembers(world: World) -> None:
    """The decision that spent it is taken away: the nonce alone must refuse the second post."""
    link = world.link()
    form = world.form(link)
    world.post(link, form)
    world.remembered.clear()
    world.become(Status.AWAITING_APPROVAL, decisions=())
    answer = world.post(link, form)
    assert (answer.status, answer.code) == (422, "FORM_USED")
    assert world.record.decisions == ()


def test_an_approval_counts_for_its_own_role_and_for_no_other(world: World) -> None:
    """Bo holds both roles, and approved as release engineering: operations has still to be asked."""
    erin = world.link()
    form = world.form(erin)
    world.decide(world.link("bo", "release-engineering"))
    assert 'value="approve"' not in world.get(erin).body
    assert world.post(erin, form).code == "ROLE_COMPLETE"
    assert world.record.decision_seq == 1
    assert world.decide(other(world)).status == 303
    assert world.record.status is Status.APPROVED


def test_the_hand_off_counts_each_approval_for_its_own_role_too(world: World) -> None:
    """Facts and decisions that would have been a quorum if bo might be moved to operations."""
    manifest = world.package.manifest.predicate
    world.decide(world.link())
    erin = world.statements()[0].predicate
    bo = erin.model_copy(update={"person": "bo"})
    with pytest.raises(Refused, match="missing: operations") as refused:
        Guards.people(manifest, [erin, bo], facts=world.facts, requesters=["dana@ci"], now=world.clock.now())
    assert refused.value.code == "QUORUM_LAPSED"
    Guards.people(
        manifest, [erin, bo.model_copy(update={"role": "operations"})], facts=world.facts, requesters=["dana@ci"],
        now=world.clock.now(),
    )  # fmt: skip


def test_whoever_alone_can_fill_a_seat_is_told_to_use_that_link(world: World) -> None:
    link = world.link("bo", "release-engineering")
    form = world.form(link)
    world.change_facts(people={name: each for name, each in world.facts.people.items() if name != "omar"})
    page = world.get(link)
    assert "You are the only one who can decide as operations: use that link" in page.body
    assert 'value="approve"' not in page.body
    assert 'value="refuse"' in page.body
    answer = world.post(link, form)
    assert (answer.status, answer.code) == (409, "SEAT_NEEDED_ELSEWHERE")
    assert world.record.decisions == ()
    assert world.decide(world.link("bo", "operations")).status == 303
    assert world.decide(world.link()).status == 303
    assert world.record.status is Status.APPROVED


def test_an_approval_that_fills_no_seat_is_refused_and_a_refusal_still_counts(world: World) -> None:
    world.change_facts(people=world.facts.people | {"eve": person("Eve", "release-engineering")})
    eve = world.link("eve")
    form = world.form(eve)
    world.decide(world.link())
    assert world.post(eve, form).code == "ROLE_COMPLETE"
    page = world.get(eve)
    assert 'value="approve"' not in page.body
    assert "ROLE_COMPLETE" in page.body
    assert world.decide(eve, "refuse").status == 303
    assert [each.decision for each in world.record.decisions] == ["approve", "refuse"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda people: people | {"erin": person("Erin", "operations")}, "NOT_ELIGIBLE"),
        (lambda people: {name: each for name, each in people.items() if name != "erin"}, "NOT_ELIGIBLE"),
        (lambda people: people | {"erin": person("Erin", "release-engineering", "dana@ci")}, "REQUESTER_UNMAPPED"),
        (
            lambda people: (
                {name: each for name, each in people.items() if name != "dana"}
                | {"erin": person("Erin", "release-engineering", "dana@ci", "dana@change")}
            ),
            "REQUESTER_MAY_NOT_APPROVE",
        ),
    ],
)
def test_the_facts_of_this_moment_count(
    world: World, change: Callable[[dict[str, Person]], dict[str, Person]], code: str
) -> None:
    link = world.link()
    form = world.form(link)
    world.change_facts(people=change(world.facts.people))
    answer = world.post(link, form)
    assert (answer.status, answer.code) == (403, code)
    assert world.get(link).code == code
    assert world.record.decisions == ()


def test_the_brake_stops_approvals_and_not_refusals(world: World) -> None:
    link = world.link()
    form = world.form(link)
    world.records.set_brake(Brake(engaged=True))
    answer = world.post(link, form)
    assert (answer.status, answer.code) == (409, "BRAKE_ENGAGED")
    assert "emergency brake is engaged" in world.get(link).body
    world.records.set_brake(Brake(engaged=False))
    assert world.post(link, form).status == 303, "the form was not used up"


def test_a_package_that_is_over_takes_no_decision(world: World) -> None:
    link = world.link(expires_at=CLOSES_AT.replace(year=2027))
    world.clock.move_to(CLOSES_AT)
    assert world.get(link).code == "PACKAGE_EXPIRED"


def test_another_manifest_than_the_links_is_refused(world: World) -> None:
    link = world.link(manifest="sha256:" + "0" * 64)
    answer = world.get(link)
    assert answer.code == "MANIFEST_DIFFERS"
    assert "<form" not in answer.body


def test_a_key_that_the_facts_do_not_trust_decides_nothing(world: World) -> None:
    link = world.link()
    form = world.form(link)
    before = set(world.store.objects)
    world.change_facts(keys=tuple(key for key in world.facts.keys if key.purpose != "decide"))
    world.policy()
    policy_documents = set(world.store.objects) - before
    answer = world.post(link, form)
    assert (answer.status, answer.code) == (500, "NOT_SHOWN")
    assert set(world.store.objects) - before == policy_documents
    assert world.record.decisions == ()


def person(name: str, role: str, *identities: str) -> Person:
    return Person(
        name=name, email=f"{name.lower()}@example.com", team="operations", roles=(role,), identities=identities
    )


def test_the_record_model_holds_what_was_decided(world: World) -> None:
    world.decide(world.link())
    assert RevisionRecord.model_validate_json(world.record.model_dump_json()) == world.record


def test_a_refusal_opens_a_hold_that_says_why_and_tells_it_once(world: World) -> None:
    link = world.link()
    form = world.form(link, "refuse", reason="Not before the audit.")
    world.post(link, form)
    world.post(link, form)
    (message,) = world.exceptions.messages
    hold = HoldMessage.model_validate_json(message.body).hold
    assert (hold.code, hold.found, hold.severity) == ("APPROVER_REFUSED", "Not before the audit.", "deny")
    assert (hold.evidence, hold.resolution) == ((world.record.decisions[0].payload,), None)
