"""The checks: one file for each family, one small pure function for each rule.

``run`` is what a Verify branch calls. A rule that raises is one blocking hold, ``CHECK_FAILED``, which no severity
softens; a family that does not report at all is held by Bind under the same code. Of what one rule finds, ``MOST`` are
told one by one: a small record can have thousands of faults, and each would be a hold, a message and a page.
"""

from collections.abc import Iterator
from dataclasses import replace

from cutover.contracts.holds import Finding, Findings
from cutover.domain import bounded, canonical
from cutover.domain.checks import (
    artifacts,
    attestations,
    catalog,
    change,
    dependencies,
    flags,
    lineage,
    overlays,
    rollback,
    rollout,
    waivers,
)
from cutover.domain.checks.context import Context, Problem, Rule
from cutover.domain.holds import CHECK_FAILED
from cutover.errors import Refused, TransientError

FAMILIES: dict[str, tuple[Rule, ...]] = {
    "artifacts": artifacts.RULES,
    "attestations": attestations.RULES,
    "dependencies": dependencies.RULES,
    "change": change.RULES,
    "rollout": rollout.RULES,
    "flags": flags.RULES,
    "rollback": rollback.RULES,
    "overlays": overlays.RULES,
    "catalog": catalog.RULES,
    "waivers": waivers.RULES,
    "lineage": lineage.RULES,
}
MOST = 50


def run(family: str, context: Context) -> Findings:
    """The report of one family. ``Refused`` (``FAMILY_UNKNOWN``) for a family that does not exist."""
    rules = FAMILIES.get(family)
    if rules is None:
        raise Refused("FAMILY_UNKNOWN", f"there is no family of checks called {family!r}")
    findings = tuple(finding for rule in rules for finding in _findings(rule, family, context))
    return Findings(
        cutover=context.bundle.cutover,
        revision=context.bundle.revision,
        family=family,
        rules=tuple(rule.id for rule in rules),
        findings=findings,
    )


def _findings(rule: Rule, family: str, context: Context) -> tuple[Finding, ...]:
    try:
        return tuple(_finding(rule, family, problem, context) for problem in _bounded(tuple(rule.check(context))))
    except TransientError:
        raise  # a store that did not answer is no finding: the state machine asks again
    except Exception as error:  # noqa: BLE001 - whatever a rule raises, the release is held and the others are heard
        problem = Problem(
            code=CHECK_FAILED,
            field="",
            subject=canonical.digest_model(context.evidence_set),
            found=f"the rule {rule.id} failed with {type(error).__name__}",
            wanted="every rule comes to an answer",
            mend="report this rule with the evidence of this revision: whatever it was given, the fault is the rule's",
        )
        return (_finding(rule, family, problem, context).model_copy(update={"outcome": "hold"}),)


def _bounded(problems: tuple[Problem, ...]) -> Iterator[Problem]:
    """The first ``MOST``, and then one for each code of the rest: how many more there are.

    Its subject is what it stands for, so that a waiver of it is of exactly that.
    """
    yield from problems[:MOST]
    rest: dict[str, list[Problem]] = {}
    for each in problems[MOST:]:
        rest.setdefault(each.code, []).append(each)
    for first, *others in rest.values():
        stands_for = [[each.field, each.subject, each.found] for each in (first, *others)]
        found = bounded.line(f"one of {len(stands_for)} more: {first.found}")
        yield replace(first, subject=canonical.digest(canonical.encode(stands_for)), found=found)


def _finding(rule: Rule, family: str, problem: Problem, context: Context) -> Finding:
    return Finding(
        rule=rule.id,
        family=family,
        outcome=context.rules.severities.get(rule.id, "hold"),
        code=problem.code,
        field=problem.field,
        subject=problem.subject,
        owner=context.rules.families.get(family, "release-engineering"),
        found=problem.found,
        wanted=problem.wanted,
        mend=problem.mend,
        evidence=problem.evidence,
    )
