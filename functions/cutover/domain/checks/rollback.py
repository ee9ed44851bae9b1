"""Row 8: the way back was tried, and not too long ago. Missing fields are gaps of the bundle itself.

Of what class a step is, is stated and shown; whether it suffices is for people to say.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cutover.contracts.base import format_instant, parse_instant
from cutover.domain import bounded
from cutover.domain.checks.context import Context, Problem, Rule
from cutover.domain.checks.fields import many, shown, sourced


def drill_recent(context: Context) -> Iterator[Problem]:
    """Each step was drilled within the age that the rules allow, and not in the future."""
    oldest = context.as_of - timedelta(seconds=context.rules.drill_max_age)
    for number, step in enumerate(many(context.bundle.rollback.steps)):
        drilled = sourced(step.drilled_at)
        code = _age(drilled.value, oldest, context.as_of) if drilled is not None else None
        if drilled is not None and code is not None:
            yield Problem(
                code=code,
                field=f"/rollback/steps/{number}/drilled_at",
                subject=drilled.from_.evidence,
                found=bounded.line(f"step {shown(step.name.value)} was drilled at {shown(drilled.value)}"),
                wanted=f"a drill between {format_instant(oldest)} and {format_instant(context.as_of)}",
                mend="drill this step and record the date in a new version of the plan; answer with that version",
                evidence=(drilled.from_.evidence,),
            )


def _age(said: object, oldest: datetime, latest: datetime) -> str | None:
    try:
        drilled = parse_instant(said)
    except ValueError:
        return "ROLLBACK_DRILL_UNREADABLE"
    if drilled > latest:
        return "ROLLBACK_DRILL_IN_FUTURE"
    return "ROLLBACK_DRILL_STALE" if drilled < oldest else None


def steps_unique(context: Context) -> Iterator[Problem]:
    """No two steps have one name, so that nobody takes one for the other."""
    first: dict[object, int] = {}
    for number, step in enumerate(many(context.bundle.rollback.steps)):
        other = first.setdefault(step.name.value, number)
        if other != number:
            yield Problem(
                code="ROLLBACK_STEP_REPEATED",
                field=f"/rollback/steps/{number}/name",
                subject=step.name.from_.evidence,
                found=bounded.line(f"the name {shown(step.name.value)} stands at /rollback/steps/{other} already"),
                wanted="a name of its own for each step",
                mend="name the steps apart in the plan; answer with its new version, or announce that",
                evidence=(step.name.from_.evidence,),
            )


RULES = (
    Rule("rollback.drill-recent", drill_recent, reads=("rollback",)),
    Rule("rollback.steps-unique", steps_unique, reads=("rollback",)),
)
