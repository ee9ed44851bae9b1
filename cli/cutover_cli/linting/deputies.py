"""Who stands in for whom, and whether anybody is there while a window is open."""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime

from cutover.contracts.base import format_instant
from cutover.contracts.manifest import RequiredSigner, Window
from cutover.contracts.people import Person
from cutover.contracts.policy import Facts, Rules
from cutover.domain.record import Fault
from cutover_cli.linting import at


def faults(facts: Facts) -> Iterator[Fault]:
    for person_id, person in facts.people.items():
        for number, other in enumerate(person.stands_in_for):
            for code, message in _deputy(facts, person_id, other):
                yield at(code, message, "facts", "people", person_id, "stands_in_for", number)
    for circle in _circles(facts):
        message = f"{' stands in for '.join((*circle, circle[0]))}: each waits for the other to be away"
        yield at("DEPUTIES_IN_A_CIRCLE", message, "facts", "people", circle[0], "stands_in_for")


def _deputy(facts: Facts, person_id: str, other: str) -> Iterator[tuple[str, str]]:
    """Standing in gives no role: who is asked in somebody's place must hold theirs."""
    if other == person_id:
        yield "DEPUTY_OF_THEMSELVES", f"{person_id} stands in for themselves"
    elif other not in facts.people:
        yield "PERSON_UNKNOWN", f"{other} is no person of the facts"
    elif not set(facts.people[person_id].roles) & set(facts.people[other].roles):
        yield "DEPUTY_WITHOUT_ROLE", f"{person_id} holds no role of {other}, and could never decide in their place"


def _circles(facts: Facts) -> Iterator[tuple[str, ...]]:
    """Each circle once, from its first name on; somebody who stands in for themselves is no circle."""
    found: set[frozenset[str]] = set()
    for start in sorted(facts.people):
        circle = _way_back(facts, start)
        if circle and frozenset(circle) not in found:
            found.add(frozenset(circle))
            yield circle


def _way_back(facts: Facts, start: str) -> tuple[str, ...]:
    """The shortest way from somebody over those whom they stand in for back to them; empty where there is none."""
    ways: deque[tuple[str, ...]] = deque([(start,)])
    known = {start}
    while ways:
        way = ways.popleft()
        for other in sorted(set(facts.people[way[-1]].stands_in_for) & facts.people.keys()):
            if other == start and len(way) > 1:
                return way
            if other not in known:
                known.add(other)
                ways.append((*way, other))
    return ()


def warnings(rules: Rules, facts: Facts, now: datetime) -> Iterator[Fault]:
    """Windows, still to come, for which too few people of a role are there."""
    for target, signers in rules.signers.items():
        calendar = facts.calendars.get(target)
        for number, window in enumerate(calendar.windows if calendar else ()):
            if window.closes_at <= now:
                continue
            for seat, there in _scarce(signers, facts.people.values(), window):
                opens = format_instant(window.opens_at)
                message = f"{window.id} ({opens}): {there} of {seat.count} needed as {seat.role} are there all the time"
                yield at("ROLE_EMPTY_IN_WINDOW", message, "facts", "calendars", target, "windows", number)


def _scarce(
    signers: Iterable[RequiredSigner], people: Iterable[Person], window: Window
) -> Iterator[tuple[RequiredSigner, int]]:
    """The seats that absences leave empty, though enough people hold their roles."""
    everybody = tuple(people)
    for seat in signers:
        holders = [each for each in everybody if seat.role in each.roles]
        there = [each for each in holders if not _away(each, window)]
        if len(there) < seat.count <= len(holders):
            yield seat, len(there)


def _away(person: Person, window: Window) -> bool:
    """At any time of the window; both are half-open."""
    return any(each.starts_at < window.closes_at and window.opens_at < each.ends_at for each in person.absences)
