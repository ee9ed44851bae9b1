"""Who may waive what: nothing that cannot be told is a permission."""

from typing import Any

import pytest

from cutover.contracts.policy import Facts, Rules, TrustedKey
from cutover.domain.waiving import Waiving, asked, family_of
from cutover.errors import Refused
from tests.building.keys import Key
from tests.building.package import package
from tests.building.policy import DEPLOYMENT, RISK, WAIVABLE

KNOWN = ("dana@ci", "dana@change")
NOBODY, BY_REQUESTER = "WAIVER_NOT_PERMITTED", "WAIVER_BY_REQUESTER"


def key_of(person: str | None, purpose: Any = "waiver") -> TrustedKey:
    key = Key(f"{purpose} of {person}")
    return DEPLOYMENT.trusted_key(purpose, id=key.key_id, public_key=key.public_base64, person=person)


def facts(*more: TrustedKey, people: dict[str, Any] | None = None) -> Facts:
    known = DEPLOYMENT.facts()
    named = {name: known.people[name].model_copy(update=changes) for name, changes in (people or {}).items()}
    return known.model_copy(update={"keys": (*known.keys, *more), "people": {**known.people, **named}})


def rules(**waivable: tuple[str, ...]) -> Rules:
    return DEPLOYMENT.rules().model_copy(update={"waivable": waivable})


RUTH = DEPLOYMENT.trusted_key("waiver")


def code(waiving: Waiving, *keys: TrustedKey, family: str | None = "rollback") -> str:
    """What is said of a waiver that these keys signed; both questions must have the same answer."""
    try:
        waiving.demand(keys, family)
    except Refused as refused:
        said = refused.code
    else:
        said = "MAY"
    assert family is None or (said == "MAY") == (family in waiving.families(keys))
    return said


def test_somebody_with_the_role_may_waive_the_families_of_that_role() -> None:
    waiving = Waiving.of(
        rules(rollback=(RISK,), lineage=("operations", RISK), artifacts=("operations",)),
        facts(),
        KNOWN,
        product="service",
    )
    assert waiving.families([RUTH]) == {"rollback", "lineage"}
    assert [code(waiving, RUTH, family=each) for each in ("rollback", "lineage", "artifacts", "waivers")] == [
        "MAY", "MAY", NOBODY, NOBODY
    ]  # fmt: skip


@pytest.mark.parametrize("waivable", [{}, {"rollback": ()}, {"lineage": (RISK,)}, {"rollback": ("chief",)}])
def test_what_the_rules_do_not_list_is_waived_by_nobody(waivable: dict[str, tuple[str, ...]]) -> None:
    assert code(Waiving.of(rules(**waivable), facts(), KNOWN, product="service"), RUTH) == NOBODY


def test_rules_that_say_nothing_let_nobody_waive() -> None:
    said = DEPLOYMENT.rules().model_dump(mode="json", by_alias=True)
    del said["waivable"]
    silent = Rules.model_validate(said, strict=False)
    assert Waiving.of(silent, facts(), KNOWN, product="service").families([RUTH]) == frozenset()


@pytest.mark.parametrize("requesters", [("dana@ci", None), (None, None), ("dana@ci", "nobody"), ("nobody", "dana@ci")])
def test_while_it_is_not_known_who_asked_nobody_may(requesters: tuple[str | None, ...]) -> None:
    assert code(Waiving.of(DEPLOYMENT.rules(), facts(), requesters, product="service"), RUTH) == NOBODY


def test_two_people_of_one_identity_are_nobody_in_particular() -> None:
    ambiguous = facts(people={"bo": {"identities": ("dana@ci",)}})
    assert code(Waiving.of(DEPLOYMENT.rules(), ambiguous, KNOWN, product="service"), RUTH) == NOBODY


@pytest.mark.parametrize("requesters", [("ruth", "dana@change"), ("dana@ci", "ruth")], ids=["release", "change"])
def test_a_requester_may_not_waive_for_themselves(requesters: tuple[str, ...]) -> None:
    assert code(Waiving.of(DEPLOYMENT.rules(), facts(), requesters, product="service"), RUTH) == BY_REQUESTER
    assert (
        code(Waiving.of(DEPLOYMENT.rules(), facts(), requesters, product="service"), RUTH, family=None) == BY_REQUESTER
    )


def test_the_role_must_be_held_now() -> None:
    assert (
        code(Waiving.of(DEPLOYMENT.rules(), facts(people={"ruth": {"roles": ()}}), KNOWN, product="service"), RUTH)
        == NOBODY
    )


@pytest.mark.parametrize(
    "key", [key_of(None), key_of("zoe"), key_of("ruth", "attestation"), key_of("erin")],
    ids=["nobody's key", "a stranger to the facts", "her key for something else", "without the role"],
)  # fmt: skip
def test_whose_signature_is_no_permission(key: TrustedKey) -> None:
    assert code(Waiving.of(DEPLOYMENT.rules(), facts(key), KNOWN, product="service"), key) == NOBODY


def test_whose_a_key_is_the_facts_say_and_not_the_verifier_s_file() -> None:
    claimed = key_of(None).model_copy(update={"person": "ruth"})
    assert code(Waiving.of(DEPLOYMENT.rules(), facts(key_of(None)), KNOWN, product="service"), claimed) == NOBODY


def test_a_second_signature_takes_nothing_away_and_lends_nothing() -> None:
    """The requester signed as well: it is still Ruth's waiver. Her role and another's innocence do not add up."""
    dana, erin = key_of("dana"), key_of("erin")
    waiving = Waiving.of(DEPLOYMENT.rules(), facts(dana, erin), KNOWN, product="service")
    assert code(waiving, dana, RUTH) == "MAY"
    risky = facts(dana, erin, people={"dana": {"roles": (RISK,)}})
    assert code(Waiving.of(DEPLOYMENT.rules(), risky, KNOWN, product="service"), dana, erin) == NOBODY
    assert code(Waiving.of(DEPLOYMENT.rules(), risky, KNOWN, product="service"), dana) == BY_REQUESTER


def test_what_bind_finds_is_waived_by_nobody_whatever_the_rules_say() -> None:
    waiving = Waiving.of(rules(bind=(RISK,), rollback=(RISK,)), facts(), KNOWN, product="service")
    assert code(waiving, RUTH, family="bind") == NOBODY
    assert waiving.families([RUTH]) == {"rollback"}


def test_a_rule_s_family_is_how_its_name_begins() -> None:
    assert [family_of(each) for each in ("rollback.drilled-at", "bind.slot", "waivers")] == [
        "rollback",
        "bind",
        "waivers",
    ]
    assert set(WAIVABLE) == set(DEPLOYMENT.rules().waivable)


def test_who_asked_stands_in_the_bundle() -> None:
    assert asked(package().bundle) == KNOWN
