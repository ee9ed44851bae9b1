"""Transition 17's judgement: which approvals today's facts still count, and the step that drops the others."""

from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.approval import Decision
from cutover.contracts.people import Passkey, Person
from cutover.contracts.policy import Facts, SignedReference
from cutover.domain import canonical
from cutover.domain.lapses import cause, lapsed
from cutover.domain.policy import Policy
from cutover.domain.record import RecordedDecision, RevisionRecord, Status
from cutover.domain.transitions import AGREED
from cutover.lapsing import lapse
from tests.approving import World
from tests.building.passkeys import Authenticator
from tests.building.policy import BOUND_AT, DEPLOYMENT, KEYS_UNTIL

NOW = BOUND_AT + timedelta(hours=3)
FACTS = DEPLOYMENT.facts()
REQUESTERS = ("dana@ci", "dana@change")
FACTS_REFERENCE = SignedReference(payload=canonical.digest(b"facts"), envelope=canonical.digest(b"envelope"))
NOBODY: frozenset[str] = frozenset()


def decision(person: str, role: str, said: Decision = "approve", **changes: Any) -> RecordedDecision:
    named = canonical.digest(f"{person} {role} {said}".encode())
    return RecordedDecision(
        role=role, person=person, decision=said, assurance="link", payload=named, envelope=named, facts=FACTS_REFERENCE,
        key=DEPLOYMENT.key("decide").key_id, decided_at=BOUND_AT + timedelta(hours=1),
    ).model_copy(update=changes)  # fmt: skip


ERIN, OMAR = decision("erin", "release-engineering"), decision("omar", "operations")


def facts(**changes: Any) -> Facts:
    return Facts.model_validate(FACTS.model_copy(update={"version": 2, **changes}))


def without(*people: str) -> dict[str, Person]:
    return {name: each for name, each in FACTS.people.items() if name not in people}


def witness(**changes: Any) -> Any:
    return tuple(
        key.model_copy(update=changes) if key.purpose == "decide" else key
        for key in FACTS.keys
    )  # fmt: skip


def test_an_approval_counts_as_long_as_nothing_changes() -> None:
    assert lapsed((ERIN, OMAR), facts=FACTS, barred=NOBODY, now=NOW) == ()


@pytest.mark.parametrize(
    ("changed", "gone"),
    [
        ({"people": without("erin")}, (ERIN,)),
        ({"people": without("erin", "omar")}, (ERIN, OMAR)),
        (
            {"people": FACTS.people | {"omar": FACTS.people["omar"].model_copy(update={"roles": ("security",)})}},
            (OMAR,),
        ),
        ({"keys": witness(revoked_at=NOW)}, (ERIN, OMAR)),
        ({"keys": witness(revoked_at=NOW - timedelta(days=2))}, (ERIN, OMAR)),
        ({"keys": tuple(key for key in FACTS.keys if key.purpose != "decide")}, (ERIN, OMAR)),
        ({"keys": witness(purpose="bind")}, (ERIN, OMAR)),
        ({"keys": witness(not_after=ERIN.decided_at)}, (ERIN, OMAR)),
        ({"keys": witness(not_before=ERIN.decided_at + timedelta(seconds=1))}, (ERIN, OMAR)),
        ({"keys": witness(revoked_at=NOW + timedelta(seconds=1))}, ()),
        ({"keys": witness(not_after=NOW)}, ()),
    ],
    ids=[
        "gone", "both-gone", "another-role", "revoked-now", "revoked-before-it-was-used", "key-unknown",
        "key-of-another-purpose", "key-ended-before", "key-began-after", "revoked-later", "key-ended-since",
    ],
)  # fmt: skip
def test_what_counts_is_asked_of_the_facts_of_now(changed: dict[str, Any], gone: tuple[RecordedDecision, ...]) -> None:
    assert lapsed((ERIN, OMAR), facts=facts(**changed), barred=NOBODY, now=NOW) == gone


def test_whoever_turns_out_to_have_asked_for_the_release_lapses() -> None:
    assert lapsed((ERIN, OMAR), facts=FACTS, barred=frozenset({"erin"}), now=NOW) == (ERIN,)


def test_a_new_witness_key_does_not_vouch_for_what_another_signed() -> None:
    another = decision("erin", "release-engineering", key="sha256:" + "0" * 64)
    assert lapsed((another, OMAR), facts=FACTS, barred=NOBODY, now=NOW) == (another,)


def test_two_roles_do_not_save_an_approval_given_in_a_third() -> None:
    """Bo approved as operations and now holds release engineering only: what he signed for is what counts."""
    bo = decision("bo", "operations")
    people = FACTS.people | {"bo": FACTS.people["bo"].model_copy(update={"roles": ("release-engineering",)})}
    assert lapsed((ERIN, bo), facts=facts(people=people), barred=NOBODY, now=NOW) == (bo,)


OMARS = Authenticator("omar").passkey()


@pytest.mark.parametrize(
    ("listed", "counts"),
    [
        ((OMARS,), True),
        ((Authenticator("other").passkey(), OMARS), True),
        ((OMARS.model_copy(update={"revoked_at": NOW + timedelta(seconds=1)}),), True),
        ((OMARS.model_copy(update={"revoked_at": NOW}),), False),
        ((Authenticator("other").passkey(),), False),
        ((), False),
    ],
)
def test_an_approval_with_a_passkey_counts_as_long_as_the_facts_list_it(
    listed: tuple[Passkey, ...], counts: bool
) -> None:
    omar = decision("omar", "operations", assurance="passkey", credential=OMARS.id)
    changed = {"omar": FACTS.people["omar"].model_copy(update={"passkeys": listed})}
    known = facts(people=FACTS.people | changed)
    assert lapsed((ERIN, omar), facts=known, barred=NOBODY, now=NOW) == (() if counts else (omar,))
    if not counts:
        assert cause(omar, facts=known, barred=NOBODY, now=NOW) == "its passkey is revoked or not listed"


def test_an_approval_by_link_does_not_hang_on_a_passkey() -> None:
    changed = {"omar": FACTS.people["omar"].model_copy(update={"passkeys": ()})}
    assert lapsed((OMAR,), facts=facts(people=FACTS.people | changed), barred=NOBODY, now=NOW) == ()


@pytest.mark.parametrize("said", ["refuse", "defer", "resume"])
def test_only_approvals_lapse(said: Decision) -> None:
    assert (
        lapsed(
            (decision("erin", "release-engineering", said),),
            facts=facts(people=without("erin")),
            barred=NOBODY,
            now=NOW,
        )
        == ()
    )


def record(status: Status = Status.AWAITING_WINDOW, **changes: Any) -> RevisionRecord:
    known = {"status": status, "decisions": (ERIN, OMAR), "decision_seq": 2, "wake_at": KEYS_UNTIL, **changes}
    return World().record.model_copy(update=known)


def lapse_of(record: RevisionRecord, known: Facts) -> Any:
    active = World().policy()
    active = Policy(active.rules, known, active.rules_reference, FACTS_REFERENCE)
    return lapse(record, active=active, requesters=REQUESTERS, now=NOW, requester="clock")


@pytest.mark.parametrize("status", sorted(AGREED))
def test_the_step_drops_what_lapsed_and_has_everybody_asked_again(status: Status) -> None:
    step = lapse_of(record(status), facts(people=without("erin")))
    assert step.event == "approval-lapsed"
    assert step.updates == {"decisions": (OMAR,), "decision_seq": 3, "ask": True, "reason": "APPROVAL_LAPSED"}
    assert step.inputs == {"lapsed/1": ERIN.payload}
    assert step.detail == "erin as release-engineering: does not hold the role now"
    assert (step.result, step.facts, step.requester) == ("APPROVAL_LAPSED", FACTS_REFERENCE.payload, "clock")


def test_the_ledger_names_every_statement_and_every_cause() -> None:
    step = lapse_of(record(), facts(keys=witness(revoked_at=NOW)))
    assert step.updates["decisions"] == ()
    assert step.inputs == {"lapsed/1": ERIN.payload, "lapsed/2": OMAR.payload}
    assert step.detail == (
        "erin as release-engineering: its witness key is revoked or not trusted; "
        "omar as operations: its witness key is revoked or not trusted"
    )


def test_a_person_who_takes_the_requesters_name_is_barred_from_then_on() -> None:
    people = without("dana") | {
        "erin": FACTS.people["erin"].model_copy(update={"identities": REQUESTERS}),
    }
    step = lapse_of(record(), facts(people=people))
    assert step.updates["decisions"] == (OMAR,)
    assert step.detail == "erin as release-engineering: requested it"


def test_nothing_lapses_while_every_approval_counts() -> None:
    assert lapse_of(record(), FACTS) is None


def test_nothing_lapses_where_nobody_knows_who_asked_for_it() -> None:
    """HandOff sends nothing meanwhile (``REQUESTER_UNMAPPED``); the approvals stand when the facts are put right."""
    assert lapse_of(record(), facts(people=without("dana", "erin"))) is None


@pytest.mark.parametrize("status", sorted(set(Status) - AGREED))
def test_in_any_other_status_nothing_lapses(status: Status) -> None:
    assert lapse_of(record(status), facts(people=without("erin"))) is None
