"""Row 6: every environment of the release has cohorts, each of a size, each where the release goes.

A share is how much of its environment a cohort itself is: 10 for the canary, and 90 for everyone else. The cohorts of
one environment are parts of it, so their shares add up to no more than 100; to less, where some wait for another
release.
"""

from collections.abc import Iterator

from cutover.contracts.bundle import Sourced
from cutover.domain import bounded
from cutover.domain.checks.context import Context, Problem, Rule
from cutover.domain.checks.fields import about, environments, listed, many, rendered, shown, sourced, unknown

WHOLE = 100
"""Per cent."""


def present(context: Context) -> Iterator[Problem]:
    """Every environment of the release has a cohort."""
    cohorts = many(context.bundle.cohorts)
    places = [sourced(each.environment) for each in cohorts]
    if not isinstance(context.bundle.cohorts, tuple) or None in places:
        return  # a gap: it is held already, and mending it may be what is missing here
    having = {rendered(context, "environment", place.value) for place in places if place is not None}
    evidence = tuple(dict.fromkeys(each.name.from_.evidence for each in cohorts))
    plan = evidence[0] if evidence else about("", context.candidate.rollout.model_dump_json())
    for name in environments(context):
        if name not in having:
            yield Problem(
                code="COHORT_MISSING",
                field="/cohorts",
                subject=about(plan, name),
                found=bounded.line(f"no cohort in {shown(name)}; there are some in {listed(sorted(having))}"),
                wanted="at least one cohort in every environment of the release",
                mend="add the environment's cohorts to the rollout plan; answer with its new version, or announce that",
                evidence=evidence,
            )


def sized(context: Context) -> Iterator[Problem]:
    """Every cohort has a share of its environment: more than nothing."""
    for number, cohort in enumerate(many(context.bundle.cohorts)):
        share = sourced(cohort.share_percent)
        if share is not None and share.value <= 0:
            yield Problem(
                code="COHORT_UNSIZED",
                field=f"/cohorts/{number}/share_percent",
                subject=share.from_.evidence,
                found=bounded.line(f"cohort {shown(cohort.name.value)} has a share of {shown(share.value)} %"),
                wanted="how much of its environment the cohort is: 1 to 100 %",
                mend="size the cohort in the rollout plan; answer with its new version, or announce that",
                evidence=(share.from_.evidence,),
            )


def shares_fit(context: Context) -> Iterator[Problem]:
    """The cohorts of one environment are together no more than all of it."""
    shares: dict[str, list[Sourced[int]]] = {}
    for cohort in many(context.bundle.cohorts):
        place, share = sourced(cohort.environment), sourced(cohort.share_percent)
        if place is not None and share is not None:
            shares.setdefault(rendered(context, "environment", place.value), []).append(share)
    for name, every in shares.items():
        total = sum(max(0, share.value) for share in every)  # what is below nothing is held, and evens out nothing
        if total > WHOLE:
            yield Problem(
                code="COHORT_SHARES_EXCEED",
                field="/cohorts",
                subject=about(every[0].from_.evidence, name),
                found=bounded.line(f"the cohorts in {shown(name)} have shares of {shown(total)} % together"),
                wanted=f"each cohort's own share of the environment, and no more than {WHOLE} % of it together",
                mend="size the cohorts in the rollout plan; answer with its new version, or announce that",
                evidence=(every[0].from_.evidence,),
            )


def in_scope(context: Context) -> Iterator[Problem]:
    """Every cohort is in an environment of the release."""
    going = environments(context)
    for number, cohort in enumerate(many(context.bundle.cohorts)):
        place = sourced(cohort.environment)
        if place is not None and rendered(context, "environment", place.value) not in going:
            yield Problem(
                code="COHORT_OUT_OF_SCOPE",
                field=f"/cohorts/{number}/environment",
                subject=about(place.from_.evidence, *going),
                found=bounded.line(f"cohort {shown(cohort.name.value)} is in {shown(place.value)}"),
                wanted=bounded.line(f"a cohort in an environment of the release: {listed(going)}"),
                mend="take the cohort out of the rollout plan, or announce the release for its environment too",
                evidence=(place.from_.evidence,),
            )


def unique(context: Context) -> Iterator[Problem]:
    """No cohort stands twice in one environment."""
    first: dict[tuple[str, str], int] = {}
    for number, cohort in enumerate(many(context.bundle.cohorts)):
        place = sourced(cohort.environment)
        where = rendered(context, "environment", place.value) if place is not None else ""
        other = first.setdefault((rendered(context, "cohort", cohort.name.value), where), number)
        if other != number:
            yield Problem(
                code="COHORT_REPEATED",
                field=f"/cohorts/{number}/name",
                subject=cohort.name.from_.evidence,
                found=bounded.line(f"cohort {shown(cohort.name.value)} stands at /cohorts/{other} already"),
                wanted="each cohort once in an environment",
                mend="give the cohorts names of their own in the rollout plan; answer with its new version",
                evidence=(cohort.name.from_.evidence,),
            )


def names_known(context: Context) -> Iterator[Problem]:
    """The rollout plan names only cohorts and environments that the rules know."""
    cohorts = tuple(enumerate(many(context.bundle.cohorts)))
    yield from unknown(context, "cohort", ((f"/cohorts/{number}/name", each.name) for number, each in cohorts))
    places = ((f"/cohorts/{number}/environment", each.environment) for number, each in cohorts)
    yield from unknown(context, "environment", places)


RULES = (
    Rule("rollout.present", present, reads=("rollout",)),
    Rule("rollout.sized", sized, reads=("rollout",)),
    Rule("rollout.shares-fit", shares_fit, reads=("rollout",)),
    Rule("rollout.in-scope", in_scope, reads=("rollout",)),
    Rule("rollout.unique", unique, reads=("rollout",)),
    Rule("rollout.names-known", names_known, reads=("rollout",)),
)
