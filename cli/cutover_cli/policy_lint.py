"""All of a policy's faults, and what is worth a warning. What is looked at stands in ``cutover_cli.linting``."""

from collections.abc import Collection, Iterator
from datetime import datetime

from cutover.contracts.policy import Facts, Rules
from cutover.domain.record import Fault
from cutover_cli.linting import deputies, emergency, history, judging, means, people, places, trust
from cutover_cli.linting.judging import SHORTEST_CLOSE_MARGIN

__all__ = ["SHORTEST_CLOSE_MARGIN", "lint", "since", "warnings"]


def lint(rules: Rules, facts: Facts, *, targets: Collection[str]) -> tuple[Fault, ...]:
    """All faults, none where the policy can be used. `targets` are the deployment's.

    Pointers lead into the rules under `/rules` and into the facts under `/facts`.
    """

    def every() -> Iterator[Fault]:
        yield from places.faults(rules, facts, targets)
        yield from people.faults(rules, facts)
        yield from means.faults(facts)
        yield from deputies.faults(facts)
        yield from emergency.faults(rules, facts)
        yield from judging.faults(rules, facts)
        yield from trust.faults(facts)

    return tuple(every())


def since(new: Rules | Facts, old: Rules | Facts) -> tuple[Fault, ...]:
    """The faults of a change: what the older one said and the newer one may not unsay."""
    return tuple(history.faults(new, old))


def warnings(rules: Rules, facts: Facts, *, now: datetime) -> tuple[Fault, ...]:
    """What contradicts nothing, and that its owners should know at `now`."""

    def every() -> Iterator[Fault]:
        yield from people.warnings(rules, facts)
        yield from means.warnings(facts)
        yield from deputies.warnings(rules, facts, now)
        yield from emergency.warnings(rules, facts)
        yield from judging.warnings(rules, now)
        yield from trust.warnings(facts, now)

    return tuple(every())
