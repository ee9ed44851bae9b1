"""The quorum as a matching: against brute force, and the cases that counting would get wrong."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutover.contracts.manifest import Assurance, RequiredSigner
from cutover.contracts.people import Person
from cutover.contracts.policy import Facts
from cutover.domain import quorum
from cutover.domain.quorum import Voter
from cutover.errors import Refused
from tests.building.passkeys import Authenticator
from tests.building.policy import BOUND_AT, DEPLOYMENT

ROLES = ("release-engineering", "operations", "security")
ASSURANCES: Any = ("link", "passkey")
signers = st.lists(
    st.builds(
        RequiredSigner, role=st.sampled_from(ROLES), count=st.integers(1, 2), assurance=st.sampled_from(ASSURANCES)
    ),
    max_size=3,
)
voters = st.lists(
    st.builds(
        Voter, st.sampled_from("abcd"), st.frozensets(st.sampled_from(ROLES), min_size=1), st.sampled_from(ASSURANCES)
    ),
    max_size=5,
    unique_by=lambda voter: voter.person,
)


def seats_filled(required: list[RequiredSigner], given_votes: list[Voter]) -> int:
    """The most seats that distinct people can fill, by trying every way to seat them."""
    seats = [signer for signer in required for _ in range(signer.count)]
    sitting: list[Voter | None] = [*given_votes, *([None] * len(seats))]
    best = 0
    for seating in itertools.permutations(sitting, len(seats)) if seats else [()]:
        fits = sum(
            1
            for seat, vote in zip(seats, seating, strict=True)
            if vote is not None
            and seat.role in vote.roles
            and (seat.assurance == "link" or vote.assurance == "passkey")
        )
        best = max(best, fits)
        if best == len(seats):
            break
    return best


@given(signers, voters)
def test_as_many_seats_are_filled_as_can_be(required: list[RequiredSigner], given_votes: list[Voter]) -> None:
    required, given_votes = required[:2], given_votes[:4]
    missing = quorum.outstanding(required, given_votes)
    seats = sum(signer.count for signer in required)
    assert seats - sum(signer.count for signer in missing) == seats_filled(required, given_votes)
    complete = seats > 0 and seats_filled(required, given_votes) == seats
    assert quorum.satisfied(required, given_votes) is complete


@given(signers, voters, st.randoms(use_true_random=False))
def test_order_changes_nothing(required: list[RequiredSigner], given_votes: list[Voter], random: Any) -> None:
    shuffled = random.sample(given_votes, len(given_votes))
    assert quorum.satisfied(required, shuffled) == quorum.satisfied(required, given_votes)


@given(signers, voters, voters)
def test_one_more_vote_never_takes_a_seat_away(
    required: list[RequiredSigner], some: list[Voter], more: list[Voter]
) -> None:
    known = {voter.person for voter in some}
    added = [*some, *(voter for voter in more if voter.person not in known)]
    before = sum(signer.count for signer in quorum.outstanding(required, some))
    assert sum(signer.count for signer in quorum.outstanding(required, added)) <= before


def seat(role: str, **more: Any) -> RequiredSigner:
    return RequiredSigner(role=role, **more)


BOTH = frozenset(ROLES[:2])
TWO_ROLES = (seat(ROLES[0]), seat(ROLES[1]))


def test_one_person_with_two_roles_counts_once() -> None:
    bo = Voter("bo", BOTH, "link")
    assert not quorum.satisfied(TWO_ROLES, [bo])
    assert not quorum.satisfied(TWO_ROLES, [bo, bo])


def test_whoever_could_sit_on_either_seat_makes_room() -> None:
    """Before anybody has decided: bo is placed first and takes the first seat; erin fits nowhere else, so bo moves."""
    bo, erin = Voter("bo", BOTH, "link"), Voter("erin", frozenset(ROLES[:1]), "link")
    assert quorum.satisfied(TWO_ROLES, [bo, erin])
    assert quorum.satisfied(TWO_ROLES, [erin, bo])


def test_a_link_does_not_fill_a_passkey_s_seat() -> None:
    required = (seat(ROLES[0], assurance="passkey"),)
    assert not quorum.satisfied(required, [Voter("erin", frozenset(ROLES), "link")])
    assert quorum.satisfied(required, [Voter("erin", frozenset(ROLES), "passkey")])


def test_nobody_required_is_never_satisfied() -> None:
    """An empty policy fails closed."""
    assert not quorum.satisfied((), [Voter("erin", BOTH, "passkey")])


FACTS: Facts = DEPLOYMENT.facts()


def test_who_is_barred_may_not_approve_and_does_not_count() -> None:
    barred = quorum.barred(FACTS, ["dana@ci", "dana@change"])
    assert barred == {"dana"}
    with pytest.raises(Refused, match="requested this release") as refused:
        quorum.eligible("dana", ROLES[0], facts=FACTS, barred=barred)
    assert refused.value.code == "REQUESTER_MAY_NOT_APPROVE"
    assert quorum.voter("dana", "passkey", facts=FACTS, barred=barred) is None


@pytest.mark.parametrize(("person", "role"), [("nobody", ROLES[0]), ("erin", ROLES[1]), ("erin", "")])
def test_who_does_not_hold_the_role_is_not_eligible(person: str, role: str) -> None:
    with pytest.raises(Refused) as refused:
        quorum.eligible(person, role, facts=FACTS, barred=frozenset())
    assert refused.value.code == "NOT_ELIGIBLE"


def test_who_may_is_eligible() -> None:
    quorum.eligible("erin", ROLES[0], facts=FACTS, barred=frozenset({"dana"}))


@pytest.mark.parametrize("identity", ["", "DANA@ci", "nobody"])
def test_an_identity_of_nobody_is_no_person(identity: str) -> None:
    with pytest.raises(Refused) as refused:
        quorum.barred(FACTS, [identity])
    assert refused.value.code == "REQUESTER_UNMAPPED"


def test_an_identity_of_two_people_is_no_person() -> None:
    """``erin`` is one person's id and another's name in a source system: nobody knows who is meant."""
    people: dict[str, Person] = dict(FACTS.people)
    people["omar"] = people["omar"].model_copy(update={"identities": ("erin",)})
    facts = FACTS.model_copy(update={"people": people})
    assert quorum.person_of(facts, "erin") is None
    assert quorum.person_of(FACTS, "erin") == "erin"


def test_possible_means_without_the_requesters() -> None:
    everyone = quorum.impossible(TWO_ROLES, facts=FACTS, barred=frozenset(), now=BOUND_AT)
    assert everyone == ()
    lacking = quorum.impossible(TWO_ROLES, facts=FACTS, barred=frozenset({"omar", "bo", "dana"}), now=BOUND_AT)
    assert [(signer.role, signer.count) for signer in lacking] == [("operations", 1)]
    many = quorum.impossible((seat("operations", count=4),), facts=FACTS, barred=frozenset(), now=BOUND_AT)
    assert [(signer.role, signer.count) for signer in many] == [("operations", 1)]


def test_an_approval_counts_for_its_own_role_alone() -> None:
    """Bo holds both roles. Two approvals as release engineering are none as operations."""
    given_votes = [cast("bo", ROLES[0]), cast("erin", ROLES[0])]
    assert [seat.role for seat in quorum.outstanding(TWO_ROLES, given_votes)] == ["operations"]
    assert quorum.satisfied(TWO_ROLES, [cast("bo", ROLES[1]), cast("erin", ROLES[0])])


@pytest.mark.parametrize(
    ("person", "role", "barred"),
    [("erin", ROLES[1], ()), ("nobody", ROLES[0], ()), ("bo", ROLES[0], ("bo",)), ("erin", "", ())],
)
def test_an_approval_in_a_role_that_is_not_held_now_does_not_count(
    person: str, role: str, barred: tuple[str, ...]
) -> None:
    assert quorum.cast(person, role, "passkey", facts=FACTS, barred=frozenset(barred)) is None


def test_whoever_alone_can_fill_a_seat_is_kept_for_it() -> None:
    without_omar = FACTS.model_copy(update={"people": {name: FACTS.people[name] for name in ("bo", "erin")}})

    def needed(person: str, role: str, facts: Facts = without_omar, cast_before: tuple[Voter, ...] = ()) -> str | None:
        vote = quorum.cast(person, role, "link", facts=facts, barred=frozenset())
        assert vote is not None
        decided = frozenset(each.person for each in cast_before)
        return quorum.needed_elsewhere(
            TWO_ROLES, cast_before, vote, decided=decided, facts=facts, barred=frozenset(), now=BOUND_AT
        )  # fmt: skip

    assert needed("bo", ROLES[0]) == ROLES[1]
    assert needed("bo", ROLES[1]) is None
    assert needed("erin", ROLES[0]) is None
    with_omar = FACTS.model_copy(update={"people": without_omar.people | {"omar": FACTS.people["omar"]}})
    assert needed("bo", ROLES[0], with_omar) is None
    omar = cast("omar", ROLES[1])
    assert needed("bo", ROLES[0], with_omar, (omar,)) is None
    assert needed("bo", ROLES[0], with_omar, (Voter("omar", ROLE_OF_NOBODY, "link"),)) == ROLES[1], "omar cannot again"


ROLE_OF_NOBODY = frozenset({"lost"})


def with_passkeys(*people: str, **changes: Any) -> Facts:
    """Erin may sit on the first seat, omar on the second, bo on either; those named have a passkey."""
    known = {
        name: person.model_copy(
            update={"passkeys": (Authenticator(name).passkey(**changes),)} if name in people else {}
        )
        for name, person in FACTS.people.items()
    }
    return FACTS.model_copy(update={"people": known})


STRONG = (seat(ROLES[0]), seat(ROLES[1], assurance="passkey"))
DANA = frozenset({"dana"})


def test_only_who_has_a_passkey_that_counts_can_fill_a_seat_that_demands_one() -> None:
    def missing(facts: Facts) -> list[str]:
        return [
            quorum.lacking(each, facts=facts, barred=DANA, now=BOUND_AT)
            for each in quorum.impossible(STRONG, facts=facts, barred=DANA, now=BOUND_AT)
        ]

    without = "1 x operations by passkey (bo has no passkey, dana requested it, omar has no passkey)"
    assert missing(FACTS) == [without]
    assert missing(with_passkeys("erin")) == [without]
    assert missing(with_passkeys("omar", revoked_at=BOUND_AT)) == [without]
    assert missing(with_passkeys("dana")) == [without]
    assert missing(with_passkeys("omar")) == missing(with_passkeys("bo")) == []
    assert missing(with_passkeys("omar", revoked_at=BOUND_AT + timedelta(seconds=1))) == []


def test_a_seat_without_holders_names_nobody() -> None:
    nobodys = seat("security", count=2)
    assert quorum.lacking(nobodys, facts=FACTS, barred=DANA, now=BOUND_AT) == "2 x security by link"


def test_whoever_alone_has_a_passkey_is_kept_for_the_seat_that_demands_one() -> None:
    facts = with_passkeys("bo")

    def needed(person: str, role: str, assurance: Assurance) -> str | None:
        vote = quorum.cast(person, role, assurance, facts=facts, barred=DANA)
        assert vote is not None
        return quorum.needed_elsewhere(
            STRONG, (), vote, decided=frozenset(), facts=facts, barred=DANA, now=BOUND_AT
        )  # fmt: skip

    assert needed("bo", ROLES[0], "link") == ROLES[1]
    assert needed("bo", ROLES[0], "passkey") == ROLES[1]
    assert needed("bo", ROLES[1], "passkey") is None
    assert needed("erin", ROLES[0], "link") is None
    assert needed("bo", ROLES[1], "link") == ROLES[1], "with the passkey, in the same role"


def cast(person: str, role: str) -> Voter:
    vote = quorum.cast(person, role, "link", facts=FACTS, barred=frozenset())
    assert vote is not None
    return vote


held = st.dictionaries(
    st.sampled_from(("ada", "bea", "cem", "dan")), st.frozensets(st.sampled_from(ROLES), min_size=1), max_size=4
)
seats_of_links = st.lists(st.builds(RequiredSigner, role=st.sampled_from(ROLES), count=st.integers(1, 2)), max_size=2)


def reachable(required: list[RequiredSigner], given_roles: dict[str, str], held: dict[str, frozenset[str]]) -> bool:
    """Whether the people who have not decided can still complete it: every choice of a role for each is tried."""
    free = [name for name in held if name not in given_roles]
    wanted: dict[str, int] = {}
    for each in required:
        wanted[each.role] = wanted.get(each.role, 0) + each.count
    for chosen in itertools.product(*(sorted(held[name]) for name in free)):
        roles = [*given_roles.values(), *chosen]
        if all(roles.count(role) >= count for role, count in wanted.items()):
            return True
    return False


def empty(required: list[RequiredSigner], votes: list[Voter]) -> int:
    return sum(each.count for each in quorum.outstanding(required, votes))


@given(seats_of_links, held, st.randoms(use_true_random=False))
def test_a_quorum_that_was_possible_is_reached_whoever_tries_what_first(
    required: list[RequiredSigner], held: dict[str, frozenset[str]], random: Any
) -> None:
    people = {
        name: FACTS.people["bo"].model_copy(update={"email": f"{name}@example.com", "roles": tuple(sorted(roles))})
        for name, roles in held.items()
    }
    facts = FACTS.model_copy(update={"people": people})
    possible = not quorum.impossible(required, facts=facts, barred=frozenset(), now=BOUND_AT)
    assert possible == reachable(required, {}, held)
    given_roles: dict[str, str] = {}
    votes: list[Voter] = []
    tries = [(name, role) for name, roles in held.items() for role in sorted(roles)]
    for name, role in random.sample(tries, len(tries)) * 2:
        vote = quorum.cast(name, role, "link", facts=facts, barred=frozenset())
        assert vote is not None
        if name in given_roles or not quorum.outstanding(required, votes):
            continue
        needed = quorum.needed_elsewhere(
            required, votes, vote, decided=frozenset(given_roles), facts=facts, barred=frozenset(), now=BOUND_AT
        )  # fmt: skip
        if possible:
            assert (needed is None) == reachable(required, {**given_roles, name: role}, held)
        if needed is not None:
            assert needed in held[name] - {role}
            assert not possible or reachable(required, {**given_roles, name: needed}, held)
            continue
        if empty(required, [*votes, vote]) < empty(required, votes):
            given_roles[name] = role
            votes.append(vote)
    if required:
        assert quorum.satisfied(required, votes) == possible
