"""Row 8: the way back was tried, and not too long ago. Missing fields are gaps of the bundle itself."""

from collections.abc import Iterator
from datetime import timedelta

from cutover.contracts.records import RollbackPlan
from cutover.domain.assembling.index import valid
from cutover.domain.checks.context import Context, Problem, Rule


def drill_recent(context: Context) -> Iterator[Problem]:
    """Each step was drilled within the age that the rules allow, and not in the future."""
    found = context.index.find("rollback", context.candidate.rollback.plan)
    plan = valid(RollbackPlan, found)
    if found is None or plan is None:
        return
    oldest = context.as_of - timedelta(seconds=context.rules.drill_max_age)
    for number, step in enumerate(plan.steps):
        if step.drilled_at is not None and not oldest <= step.drilled_at <= context.as_of:
            late = step.drilled_at > context.as_of
            yield Problem(
                code="ROLLBACK_DRILL_IN_FUTURE" if late else "ROLLBACK_DRILL_STALE",
                field=f"/rollback/steps/{number}/drilled_at",
                subject=found.evidence.sha256,
                found=f"drilled at {step.drilled_at.isoformat()}",
                wanted=f"a drill between {oldest.isoformat()} and {context.as_of.isoformat()}",
                mend="drill this step and record the date in a new version of the plan",
                evidence=(found.evidence.sha256,),
            )


RULES = (Rule("rollback.drill-recent", drill_recent),)
