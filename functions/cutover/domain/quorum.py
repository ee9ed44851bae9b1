"""Who may approve, and whether enough distinct people have: a matching of people to required seats.

A person who holds two roles can sit on either seat but on one only, so a maximum bipartite
matching decides, not a count for each role. Facts are those read at the moment of deciding.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cutover.contracts.manifest import Assurance, RequiredSigner
from cutover.contracts.policy import Facts
from cutover.errors import Refused

_STRENGTH: dict[Assurance, int] = {"link": 0, "passkey": 1}


@dataclass(frozen=True, slots=True)
class Voter:
    """A person who approved, the roles that they hold, and how strongly they proved who they are."""

    person: str
    roles: frozenset[str]
    assurance: Assurance


def person_of(facts: Facts, identity: str) -> str | None:
    """The person whom a source system calls ``identity``; None when nobody, or more than one, is called so."""
    found = [
        person_id
        for person_id, person in facts.people.items()
        if identity == person_id or identity in person.identities
    ]
    return found[0] if len(found) == 1 else None


def barred(facts: Facts, identities: Iterable[str]) -> frozenset[str]:
    """The requesters as people: they may not approve their own release.

    Raises ``Refused`` (``REQUESTER_UNMAPPED``): without knowing who asked, nobody is known to be someone else.
    """
    people = set()
    for identity in identities:
        person = person_of(facts, identity)
        if person is None:
            raise Refused(
                "REQUESTER_UNMAPPED",
                f"no single person is known as {identity!r}",
                "add the requester's identity to one person in the facts",
            )
        people.add(person)
    return frozenset(people)


def eligible(person_id: str, role: str, *, facts: Facts, barred: frozenset[str]) -> None:
    """Raises ``Refused`` (``NOT_ELIGIBLE``, ``REQUESTER_MAY_NOT_APPROVE``) unless this person may decide now."""
    person = facts.people.get(person_id)
    if person is None or role not in person.roles:
        raise Refused("NOT_ELIGIBLE", f"{person_id} does not hold the role {role} now", "ask somebody who does")
    if person_id in barred:
        raise Refused("REQUESTER_MAY_NOT_APPROVE", f"{person_id} requested this release or its change", "ask another")


def voter(person_id: str, assurance: Assurance, *, facts: Facts, barred: frozenset[str]) -> Voter | None:
    """A person's vote under these facts; None when it does not count."""
    person = facts.people.get(person_id)
    if person is None or person_id in barred or not person.roles:
        return None
    return Voter(person_id, frozenset(person.roles), assurance)


def outstanding(signers: Iterable[RequiredSigner], voters: Iterable[Voter]) -> tuple[RequiredSigner, ...]:
    """What is still missing, a role with a count each, when the voters are seated as well as they can be."""
    seats = [signer for signer in signers for _ in range(signer.count)]
    seated = _match(seats, {vote.person: vote for vote in voters})
    missing: dict[str, RequiredSigner] = {}
    for index, seat in enumerate(seats):
        if index not in seated:
            count = missing[seat.role].count + 1 if seat.role in missing else 1
            missing[seat.role] = seat.model_copy(update={"count": count})
    return tuple(missing.values())


def satisfied(signers: Iterable[RequiredSigner], voters: Iterable[Voter]) -> bool:
    """Whether distinct people fill every seat. No signers at all is never satisfied."""
    required = tuple(signers)
    return bool(required) and not outstanding(required, voters)


def impossible(
    signers: Iterable[RequiredSigner], *, facts: Facts, barred: frozenset[str]
) -> tuple[RequiredSigner, ...]:
    """The seats that would stay empty even if everybody who may approve did, in the strongest way."""
    everybody = (voter(person, "passkey", facts=facts, barred=barred) for person in facts.people)
    return outstanding(signers, [vote for vote in everybody if vote is not None])


def _match(seats: list[RequiredSigner], voters: dict[str, Voter]) -> dict[int, str]:
    """Seat index to person: augmenting paths (Kuhn), in a stable order."""
    seated: dict[int, str] = {}

    def fits(seat: RequiredSigner, vote: Voter) -> bool:
        return seat.role in vote.roles and _STRENGTH[vote.assurance] >= _STRENGTH[seat.assurance]

    def place(person: str, tried: set[int]) -> bool:
        for index, seat in enumerate(seats):
            if index in tried or not fits(seat, voters[person]):
                continue
            tried.add(index)
            if index not in seated or place(seated[index], tried):
                seated[index] = person
                return True
        return False

    for person in sorted(voters):
        place(person, set())
    return seated
