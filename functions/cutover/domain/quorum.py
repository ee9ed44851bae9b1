"""Who may approve, whether enough distinct people have, and whether enough still can.

Required signatures are seats, and a person sits on one seat at most: a maximum bipartite matching of
people to seats. What a person *has* approved counts for the role in their signed statement and for no
other (:func:`cast`); what a person *could* approve is any role that they hold (:func:`voter`). The second
says in Bind whether a quorum is possible, and at each decision whether it stays so
(:func:`needed_elsewhere`). Facts are those read at the moment of judging.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from cutover.contracts.bundle import Bundle, DraftBundle, Sourced
from cutover.contracts.manifest import Assurance, RequiredSigner
from cutover.contracts.policy import Facts
from cutover.domain import passkeys
from cutover.domain.doubles import double_of, doubles_of
from cutover.errors import Refused

_STRENGTH: dict[Assurance, int] = {"link": 0, "passkey": 1}


@dataclass(frozen=True, slots=True)
class Voter:
    """A person, the roles that they may sit for, and how strongly they prove who they are."""

    person: str
    roles: frozenset[str]
    assurance: Assurance


def requesters(bundle: DraftBundle | Bundle) -> tuple[str, ...]:
    """Who asked for the release and who for its change, as their source systems call them."""
    change = bundle.change.requester
    return (bundle.release.requester.value, *((change.value,) if isinstance(change, Sourced) else ()))


def person_of(facts: Facts, identity: str) -> str | None:
    """The person whom a source system calls ``identity``; None when nobody, or more than one, is called so."""
    found = [
        person_id
        for person_id, person in facts.people.items()
        if identity == person_id or identity in person.identities
    ]
    return found[0] if len(found) == 1 else None


def barred(facts: Facts, identities: Iterable[str]) -> frozenset[str]:
    """The requesters as people, under whatever other name the facts have them: they may not approve their own release.

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
    return frozenset(people) | doubles_of(people, facts)


def eligible(person_id: str, role: str, *, facts: Facts, barred: frozenset[str]) -> None:
    """Raises ``Refused`` (``NOT_ELIGIBLE``, ``REQUESTER_MAY_NOT_APPROVE``, ``PERSON_TWICE``) unless this person may
    decide now.
    """
    person = facts.people.get(person_id)
    if person is None or role not in person.roles:
        raise Refused("NOT_ELIGIBLE", f"{person_id} does not hold the role {role} now", "ask somebody who does")
    if person_id in barred:
        raise Refused("REQUESTER_MAY_NOT_APPROVE", f"{person_id} requested this release or its change", "ask another")
    if (double := double_of(person_id, facts)) is not None:
        other, shared = double
        raise Refused(
            "PERSON_TWICE", f"{person_id} and {other} have one {shared}: they count as nobody",
            "let the policy's owners name each person once",
        )  # fmt: skip


def cast(person_id: str, role: str, assurance: Assurance, *, facts: Facts, barred: frozenset[str]) -> Voter | None:
    """An approval that was given in ``role``; None when it does not count under these facts (any more)."""
    able = voter(person_id, assurance, facts=facts, barred=barred)
    return replace(able, roles=frozenset({role})) if able and role in able.roles else None


def voter(person_id: str, assurance: Assurance, *, facts: Facts, barred: frozenset[str]) -> Voter | None:
    """What a person could still approve: any one of the roles that they hold. None when nothing at all."""
    person = facts.people.get(person_id)
    if person is None or person_id in barred or not person.roles or double_of(person_id, facts) is not None:
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


def strongest(person_id: str, *, facts: Facts, now: datetime) -> Assurance:
    """How strongly a person can prove themselves: by a passkey only who has one that counts now."""
    return "passkey" if passkeys.usable(facts.people.get(person_id), now) else "link"


def enough(assurance: Assurance, demanded: Assurance) -> bool:
    """Whether a decision made so strongly may sit where ``demanded`` is asked for."""
    return _STRENGTH[assurance] >= _STRENGTH[demanded]


def impossible(
    signers: Iterable[RequiredSigner], *, facts: Facts, barred: frozenset[str], now: datetime
) -> tuple[RequiredSigner, ...]:
    """The seats that would stay empty even if everybody who may approve did, each as strongly as they can."""
    return outstanding(signers, _able(facts, barred, now, decided=frozenset()))


def lacking(seat: RequiredSigner, *, facts: Facts, barred: frozenset[str], now: datetime) -> str:
    """A seat that stays empty, and who holds its role and still cannot fill it, in words."""
    said = f"{seat.count} x {seat.role} by {seat.assurance}"
    why = {
        each: "requested it" if each in barred else "has no passkey"
        for each, person in sorted(facts.people.items())
        if seat.role in person.roles
        and (each in barred or not enough(strongest(each, facts=facts, now=now), seat.assurance))
    }
    return f"{said} ({', '.join(f'{each} {what}' for each, what in why.items())})" if why else said


def needed_elsewhere(
    signers: Iterable[RequiredSigner], counted: Iterable[Voter], vote: Voter, *,
    decided: frozenset[str], facts: Facts, barred: frozenset[str], now: datetime,
) -> str | None:  # fmt: skip
    """The role for which this person must be kept free; None when ``vote`` may be cast.

    ``counted`` are the votes cast before, ``decided`` everybody who has decided and cannot again, and ``vote``
    the new one in its one role. It may be cast if that leaves as many seats within reach as there were before:
    then a quorum that was possible stays possible, whoever decides first.
    """
    required, before = tuple(signers), tuple(counted)
    others = _able(facts, barred, now, decided=decided | {vote.person})
    free = voter(vote.person, strongest(vote.person, facts=facts, now=now), facts=facts, barred=barred)
    if free is None:
        return None

    def unreachable(mine: Voter) -> int:
        return sum(seat.count for seat in outstanding(required, [*before, *others, mine]))

    fewest = unreachable(free)
    if unreachable(vote) == fewest:
        return None
    roles = dict.fromkeys(seat.role for seat in required if seat.role in free.roles)
    return next(role for role in roles if unreachable(replace(free, roles=frozenset({role}))) == fewest)


def _able(facts: Facts, barred: frozenset[str], now: datetime, *, decided: frozenset[str]) -> list[Voter]:
    """Everybody who may still approve, each as strongly as they can."""
    everybody = (
        voter(person, strongest(person, facts=facts, now=now), facts=facts, barred=barred) for person in facts.people
    )
    return [each for each in everybody if each is not None and each.person not in decided]


def _match(seats: list[RequiredSigner], voters: dict[str, Voter]) -> dict[int, str]:
    """Seat index to person: augmenting paths (Kuhn), in a stable order."""
    seated: dict[int, str] = {}

    def fits(seat: RequiredSigner, vote: Voter) -> bool:
        return seat.role in vote.roles and enough(vote.assurance, seat.assurance)

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
