"""Who is asked: pure. Whoever can fill an empty seat, those who stand in for others last.

1. Never whoever may not decide (``quorum.eligible``), nor whoever has decided already.
2. At first whoever is there: not away, and nobody's deputy, or deputy of somebody who is away or cannot be reached.
   Deputies whose principals lead to nobody who is asked, as colleagues who stand in for each other, are nobody's.
3. Where that leaves a seat empty, everybody who may decide in its role, away or not; where that does not fill it
   either, everybody who may decide in any.
4. Once a question is ``deputies_after`` old and the seat still empty, whoever stands in for anybody of the role.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cutover.contracts.manifest import RequiredSigner
from cutover.contracts.people import Person
from cutover.contracts.policy import Facts
from cutover.domain import quorum
from cutover.domain.correspondence import Told
from cutover.errors import Refused


@dataclass(frozen=True, slots=True)
class Wanted:
    """A person to be asked in a role; ``stands_in_for``: whose deputy they are asked as."""

    role: str
    person: str
    stands_in_for: str | None = None

    @property
    def pair(self) -> tuple[str, str]:
        return self.role, self.person


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """Everybody around the seats that are empty. ``told``: what they were asked already."""

    seats: tuple[RequiredSigner, ...]
    facts: Facts
    barred: frozenset[str]
    decided: frozenset[str] = frozenset()
    told: tuple[Told, ...] = ()
    deputies_after: timedelta
    now: datetime
    _unreachable: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_unreachable", unreachable(self.told, self.facts))

    def wanted(self) -> tuple[Wanted, ...]:
        """Whoever is to be asked by now, a role at a time in the seats' order, people by their names."""
        asked = {each.pair: each for role in self._roles() for each in self._first(role)}
        for role in self._unfilled(asked):
            self._ask_everybody(role, asked)
        if self._unfilled(asked):  # whoever could sit there may have to leave another seat, and it be filled instead
            for role in self._roles():
                self._ask_everybody(role, asked)
        for role in self._roles():
            for each in self._late(role):
                asked.setdefault(each.pair, each)
        order = {role: number for number, role in enumerate(self._roles())}
        return tuple(sorted(asked.values(), key=lambda each: (order[each.role], each.person)))

    def eligible(self, role: str) -> tuple[str, ...]:
        """Whoever may decide in this role and has not yet."""
        return tuple(each for each in sorted(self.facts.people) if each not in self.decided and self.may(each, role))

    def may(self, person: str, role: str) -> bool:
        try:
            quorum.eligible(person, role, facts=self.facts, barred=self.barred)
        except Refused:
            return False
        return True

    def changes_at(self) -> Iterator[datetime]:
        """The times, still to come, at which somebody else is to be asked though nothing happens."""
        for role in self._roles():
            yield from (at for at in self._late_at(role) if at > self.now)
            for person in self.eligible(role):
                yield from (at for at in _turns(self.facts.people[person]) if at > self.now)
                for principal in self._principals(person, role):
                    yield from (at for at in _turns(self.facts.people[principal]) if at > self.now)

    def _roles(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(seat.role for seat in self.seats))

    def _first(self, role: str) -> Iterator[Wanted]:
        reserve = self._reserve(role)
        for person in self.eligible(role):
            if self._missing(person) or person in reserve:
                continue
            gone = (each for each in self._principals(person, role) if self._missing(each))
            yield Wanted(role, person, next(gone, None))

    def _reserve(self, role: str) -> frozenset[str]:
        """Deputies of whoever is asked or has decided, their deputies, and so on."""
        able = {each: self._principals(each, role) for each in self.eligible(role)}
        deputies = {each for each, found in able.items() if found and not any(map(self._missing, found))}
        known = {each for each in able if each not in deputies and not self._missing(each)} | self.decided
        while more := {each for each in deputies - known if not known.isdisjoint(able[each])}:
            known |= more
        return frozenset(deputies & known)

    def _ask_everybody(self, role: str, asked: dict[tuple[str, str], Wanted]) -> None:
        for person in self.eligible(role):
            asked.setdefault((role, person), Wanted(role, person))

    def _late(self, role: str) -> Iterator[Wanted]:
        if all(at > self.now for at in self._late_at(role)):
            return
        for person in self.eligible(role):
            principals = self._principals(person, role)
            if principals and not self._missing(person):
                silent = (each for each in principals if each not in self.decided)
                yield Wanted(role, person, next(silent, None))

    def _late_at(self, role: str) -> tuple[datetime, ...]:
        """When those who stand in for others are to be asked: by the oldest question that can still be answered. Empty:
        there is no such question, or nobody to ask.
        """
        able = self.eligible(role)
        found = (each for each in self.told if each.role == role and each.state == "open")
        asked = [each.asked_at for each in found if each.person in able]
        deputies = any(self._principals(each, role) for each in able)
        return (min(asked) + self.deputies_after,) if asked and deputies else ()

    def _unfilled(self, asked: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """The roles whose seats would stay empty even if everybody who is asked approved, as strongly as they can."""
        roles: dict[str, frozenset[str]] = {}
        for role, person in asked:
            roles[person] = roles.get(person, frozenset()) | {role}
        able = [
            quorum.Voter(person, held, quorum.strongest(person, facts=self.facts, now=self.now))
            for person, held in roles.items()
        ]
        return tuple(seat.role for seat in quorum.outstanding(self.seats, able))

    def _principals(self, person: str, role: str) -> tuple[str, ...]:
        """In whose place this person would decide: people who may decide in that role themselves."""
        return tuple(each for each in self.facts.people[person].stands_in_for if self.may(each, role))

    def _missing(self, person: str) -> bool:
        return person in self._unreachable or is_away(self.facts.people[person], self.now)


def is_away(person: Person, now: datetime) -> bool:
    return any(absence.starts_at <= now < absence.ends_at for absence in person.absences)


def unreachable(told: Iterable[Told], facts: Facts) -> frozenset[str]:
    """People of whom it is known that no message got to them."""
    found = {each.person for each in told if each.unreachable}
    reached = {each.person for each in told if each.reached}
    return frozenset((found - reached) & set(facts.people))


def _turns(person: Person) -> Iterator[datetime]:
    for absence in person.absences:
        yield absence.starts_at
        yield absence.ends_at
