"""Who is asked in which role, whose seats are empty, and how the ledger tells it: pure."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from cutover.contracts.manifest import RequiredSigner
from cutover.contracts.people import Person
from cutover.domain import lapses, quorum
from cutover.domain.policy import Policy
from cutover.domain.record import RevisionRecord
from cutover.errors import Refused
from cutover.packages import Package

MAX_DETAIL = 400
"""Characters: a ledger entry's detail is one line, and its end should say that it goes on."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One person, asked in one role."""

    person_id: str
    person: Person
    role: str


@dataclass(slots=True)
class Round:
    """Who was asked in this run, and whom of them the mail reached."""

    everybody: list[Asked] = field(default_factory=list)
    reached: list[Asked] = field(default_factory=list)


def outstanding(
    record: RevisionRecord, package: Package, policy: Policy, now: datetime
) -> tuple[tuple[RequiredSigner, ...], frozenset[str]]:
    """The seats that are empty, and whose decision stands. Nobody sits where it is not known who asked for it."""
    signers = package.manifest.predicate.signers
    try:
        barred = quorum.barred(policy.facts, package.requesters())
    except Refused:
        return signers, frozenset()
    gone = lapses.lapsed(record.decisions, facts=policy.facts, barred=barred, now=now)
    standing = tuple(each for each in record.decisions if each not in gone)
    votes = lapses.votes(standing, facts=policy.facts, barred=barred)
    return quorum.outstanding(signers, votes), frozenset(each.person for each in standing)


def result_of(asked: Round, seats: Iterable[RequiredSigner]) -> str:
    """The ledger's word for who was told. Who was reached may still decide in any role that they were asked in."""
    if not asked.everybody:
        return "NOBODY_ELIGIBLE"
    roles: dict[str, frozenset[str]] = {}
    for each in asked.reached:
        roles[each.person_id] = roles.get(each.person_id, frozenset()) | {each.role}
    able = [quorum.Voter(person, held, "passkey") for person, held in roles.items()]
    return "DONE" if quorum.satisfied(seats, able) else "APPROVERS_UNREACHABLE"


def detail_of(asked: Round) -> str:
    """People by their ids: an address has no place in a ledger."""
    missed = [f"{each.person_id} as {each.role}" for each in asked.everybody if each not in asked.reached]
    text = f"{len(asked.reached)} mails sent"
    if missed:
        text += f", {len(missed)} refused: {', '.join(missed)}"
    return text if len(text) <= MAX_DETAIL else f"{text[: MAX_DETAIL - 1]}…"


def asked_of(package: Package, policy: Policy, *, seats: Collection[RequiredSigner] | None = None) -> Iterator[Asked]:
    """Everybody who may decide, a role at a time; a person with two roles is asked in each.

    ``seats``: those that are still empty; all of them, unless told otherwise. Whether there are people enough
    was judged when the package was bound. Facts may have changed since: then fewer are asked, or nobody, and
    the ledger says so.
    """
    try:
        barred = quorum.barred(policy.facts, package.requesters())
    except Refused:
        return
    for seat in package.manifest.predicate.signers if seats is None else seats:
        for person_id, person in sorted(policy.facts.people.items()):
            try:
                quorum.eligible(person_id, seat.role, facts=policy.facts, barred=barred)
            except Refused:
                continue
            yield Asked(person_id, person, seat.role)
