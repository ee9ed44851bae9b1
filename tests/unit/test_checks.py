"""The checks as a whole: named, owned, pure, and each of them with a case on the road."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from cutover.contracts.holds import Findings
from cutover.domain import canonical, checks, lineage
from cutover.domain.assembling import gaps
from cutover.domain.assembling.fields import Gap
from cutover.domain.checks.context import Context, Problem, Rule
from cutover.errors import Refused
from tests.architecture.test_imports import FILES
from tests.unit.test_assembling import DRAFT, PACKAGE, SET

TESTS = Path(__file__).resolve().parents[1] / "workflow"
RULES = {rule.id: (family, rule) for family, rules in checks.FAMILIES.items() for rule in rules}


def context(**changes: Any) -> Context:
    draft = DRAFT.bundle
    known: dict[str, Any] = {
        "candidate": PACKAGE.candidate, "bundle": draft, "evidence_set": PACKAGE.evidence_set,
        "trace": lineage.trace(draft, canonical.digest_model(draft)), "documents": PACKAGE.documents,
        "rules": PACKAGE.rules, "facts": PACKAGE.facts, "window": PACKAGE.deployment.the_window(),
    }  # fmt: skip
    return Context(**{**known, **changes})


def run(family: str, **changes: Any) -> Findings:
    return checks.run(family, context(**changes))


@pytest.mark.parametrize("family", checks.FAMILIES)
def test_a_release_in_order_has_no_findings(family: str) -> None:
    report = run(family)
    assert (report.family, report.findings) == (family, ())
    assert report.rules == tuple(rule.id for rule in checks.FAMILIES[family])
    assert report.rules, "a family without rules would pass everything"


def test_rules_are_named_once_and_after_their_family() -> None:
    assert len(RULES) == sum(len(rules) for rules in checks.FAMILIES.values())
    assert all(name.startswith(family + ".") for name, (family, _) in RULES.items())


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        run("astrology")
    assert refused.value.code == "FAMILY_UNKNOWN"


@pytest.mark.parametrize("outcome", ["warn", "hold", "deny"])
def test_the_policy_says_how_severe_a_rule_is_and_whose_it_is(outcome: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem(code="A_PROBLEM", field="/x", subject=SET, found="a", wanted="b", mend="c", evidence=(SET,))
    monkeypatch.setitem(checks.FAMILIES, "artifacts", (Rule("artifacts.always", lambda _: [problem]),))
    rules = PACKAGE.rules.model_copy(
        update={"severities": {"artifacts.always": outcome}, "families": {"artifacts": "operations"}}
    )
    (found,) = run("artifacts", rules=rules).findings
    assert (found.outcome, found.owner, found.rule) == (outcome, "operations", "artifacts.always")
    assert (found.code, found.field, found.subject, found.evidence) == ("A_PROBLEM", "/x", SET, (SET,))


def test_a_rule_that_the_policy_does_not_name_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem(code="A_PROBLEM", field="", subject=SET, found="a", wanted="b", mend="c")
    monkeypatch.setitem(checks.FAMILIES, "artifacts", (Rule("artifacts.new", lambda _: [problem]),))
    assert [finding.outcome for finding in run("artifacts").findings] == ["hold"]


def test_a_rule_that_raises_gives_no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_context: Context) -> list[Problem]:
        raise ZeroDivisionError

    monkeypatch.setitem(checks.FAMILIES, "artifacts", (Rule("artifacts.broken", broken),))
    with pytest.raises(ZeroDivisionError):
        run("artifacts")


def test_checks_are_pure() -> None:
    """Twice on the same recorded inputs: the same bytes."""
    for family in checks.FAMILIES:
        assert canonical.encode_model(run(family)) == canonical.encode_model(run(family))


def test_evidence_is_looked_up_in_one_index() -> None:
    one = context()
    assert one.index is one.index
    assert one.index.find("change", PACKAGE.candidate.change) is not None


# --- no code without its case ------------------------------------------------------------------------------


def codes_in(paths: list[Path]) -> set[str]:
    """Every constant that looks like a reason code."""
    found = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            value = node.value if isinstance(node, ast.Constant) else None
            if isinstance(value, str) and re.fullmatch(r"[A-Z]+(_[A-Z]+)+", value):
                found.add(value)
    return found


def test_every_code_of_a_hold_has_a_case_on_the_road() -> None:
    """A check without an example that it stops would be a promise only."""
    checking = [path for path in FILES if "domain/checks" in str(path) or path.name == "binding.py"]
    named = codes_in(checking) | {gap.code for gap in vars(gaps).values() if isinstance(gap, Gap)}
    for fields in (gaps.ROLLBACK_FIELDS, gaps.WAIVER_FIELDS):
        named |= {gap.code for gap in fields.values()}
    tested = "".join((TESTS / name).read_text() for name in ("test_held.py", "test_binding.py"))
    patterns = {"ROLLBACK_{code}_MISSING": "ROLLBACK_", "WAIVER_{code}_MISSING": "WAIVER_"}
    built = {code for code in named for prefix in patterns.values() if re.fullmatch(prefix + r"\w+_MISSING", code)}
    unproved = {code for code in named - built if f'"{code}"' not in tested}
    parts = {code.removesuffix("_MISSING").partition("_")[2] for code in built}
    unproved |= {part for part in parts if f'"{part}"' not in tested and f"_{part}_MISSING" not in tested}
    # The candidate's own contract leaves it no gap; an unknown family is no hold but a branch that fails.
    assert unproved - {"CANDIDATE_INCOMPLETE", "FAMILY_UNKNOWN"} == set()
