"""The checks: one file for each family, one small pure function for each rule.

``run`` is what a Verify branch calls. A rule that raises fails its whole branch: Bind then holds
the release with ``CHECK_FAILED``, because a family that did not report never passes.
"""

from cutover.contracts.holds import Finding, Findings
from cutover.domain.checks import artifacts, attestations, lineage, rollback, waivers
from cutover.domain.checks.context import Context, Problem, Rule
from cutover.errors import Refused

FAMILIES: dict[str, tuple[Rule, ...]] = {
    "artifacts": artifacts.RULES,
    "attestations": attestations.RULES,
    "rollback": rollback.RULES,
    "waivers": waivers.RULES,
    "lineage": lineage.RULES,
}


def run(family: str, context: Context) -> Findings:
    """The report of one family. ``Refused`` (``FAMILY_UNKNOWN``) for a family that does not exist."""
    rules = FAMILIES.get(family)
    if rules is None:
        raise Refused("FAMILY_UNKNOWN", f"there is no family of checks called {family!r}")
    findings = tuple(_finding(rule, family, problem, context) for rule in rules for problem in rule.check(context))
    return Findings(
        cutover=context.bundle.cutover,
        revision=context.bundle.revision,
        family=family,
        rules=tuple(rule.id for rule in rules),
        findings=findings,
    )


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
