"""The checks as a whole: named, owned, pure, and each of them with a case on the road."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cutover.contracts.holds import Finding, Findings
from cutover.domain import canonical, checks, holds, lineage
from cutover.domain.assembling import gaps
from cutover.domain.assembling.fields import Gap
from cutover.domain.checks.context import Context, Problem, Rule
from cutover.domain.statements import open_dsse
from cutover.errors import Refused
from cutover_cli.documentation.reading import codes_of
from tests.architecture.test_imports import FILES
from tests.checks.test_examples import EXAMPLES
from tests.unit.test_assembling import DRAFT, PACKAGE, SET

UNIT = Path(__file__).resolve().parent
WORKFLOW = UNIT.parent / "workflow"
RULES = {rule.id: (family, rule) for family, rules in checks.FAMILIES.items() for rule in rules}


def context(**changes: Any) -> Context:
    draft = DRAFT.bundle
    known: dict[str, Any] = {
        "candidate": PACKAGE.candidate, "bundle": draft, "evidence_set": PACKAGE.evidence_set,
        "trace": lineage.trace(draft, canonical.digest_model(draft)), "documents": PACKAGE.documents,
        "rules": PACKAGE.rules, "facts": PACKAGE.facts, "window": PACKAGE.deployment.the_window(),
        "statements": open_dsse,
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


def many(count: int, code: str = "A_PROBLEM") -> list[Problem]:
    return [
        Problem(
            code=code, field=f"/x/{number}", subject=SET, found=f"no {number}", wanted="b", mend="c", evidence=(SET,)
        )
        for number in range(count)
    ]


def findings_of(problems: list[Problem], monkeypatch: pytest.MonkeyPatch) -> tuple[Finding, ...]:
    monkeypatch.setitem(checks.FAMILIES, "artifacts", (Rule("artifacts.many", lambda _: problems),))
    return run("artifacts").findings


def test_what_one_rule_finds_is_told_one_by_one_up_to_a_bound_and_then_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record of a megabyte can have many thousand faults: nobody reads so many, and each is a message."""
    assert len(findings_of(many(checks.MOST), monkeypatch)) == checks.MOST
    *told, counted = findings_of(many(8_600), monkeypatch)
    assert [each.field for each in told] == [f"/x/{number}" for number in range(checks.MOST)]
    assert (counted.code, counted.outcome, counted.field) == ("A_PROBLEM", "hold", f"/x/{checks.MOST}")
    assert counted.found == f"one of {8_600 - checks.MOST} more: no {checks.MOST}"
    assert counted.evidence == (SET,)


def test_what_is_only_counted_has_a_hold_of_its_own_for_each_code(monkeypatch: pytest.MonkeyPatch) -> None:
    found = findings_of([*many(checks.MOST + 7), *many(3, "ANOTHER"), *many(2)], monkeypatch)
    assert [(each.code, each.found.split(" more")[0]) for each in found[checks.MOST :]] == [
        ("A_PROBLEM", "one of 9"), ("ANOTHER", "one of 3"),
    ]  # fmt: skip
    assert len({holds.mark_of(each) for each in found}) == checks.MOST + 2


def test_a_waiver_of_what_is_only_counted_is_of_exactly_that(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = many(checks.MOST + 3), many(checks.MOST + 4)
    marks = [holds.mark_of(findings_of(each, monkeypatch)[-1]) for each in (one, one, other, [*one[:-1], other[-1]])]
    assert marks[0] == marks[1]
    assert len(set(marks)) == 3


def test_a_rule_that_the_policy_does_not_name_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem(code="A_PROBLEM", field="", subject=SET, found="a", wanted="b", mend="c")
    monkeypatch.setitem(checks.FAMILIES, "artifacts", (Rule("artifacts.new", lambda _: [problem]),))
    assert [finding.outcome for finding in run("artifacts").findings] == ["hold"]


@pytest.mark.parametrize("outcome", ["warn", "hold", "deny"])
def test_a_rule_that_raises_is_a_hold_that_nothing_softens(outcome: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the rule and the kind of the error, not its words; what it had found by then is not believed."""

    def broken(_context: Context) -> Iterator[Problem]:
        yield Problem(code="A_PROBLEM", field="/x", subject=SET, found="a", wanted="b", mend="c")
        raise ZeroDivisionError("of a secret")

    monkeypatch.setitem(checks.FAMILIES, "artifacts", (Rule("artifacts.broken", broken),))
    rules = PACKAGE.rules.model_copy(update={"severities": {"artifacts.broken": outcome}})
    (found,) = run("artifacts", rules=rules).findings
    assert (found.rule, found.code, found.outcome, found.field) == ("artifacts.broken", "CHECK_FAILED", "hold", "")
    assert found.found == "the rule artifacts.broken failed with ZeroDivisionError"
    assert not holds.waivable(found)


def test_the_others_are_heard_when_one_rule_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, number = Problem(code="A_PROBLEM", field="/x", subject=SET, found="a", wanted="b", mend="c"), 1
    rules = (
        Rule("artifacts.first", lambda _: [problem]), Rule("artifacts.broken", lambda _: [[problem][number]]),
        Rule("artifacts.last", lambda _: [problem]),
    )  # fmt: skip
    monkeypatch.setitem(checks.FAMILIES, "artifacts", rules)
    report = run("artifacts")
    assert [each.code for each in report.findings] == ["A_PROBLEM", "CHECK_FAILED", "A_PROBLEM"]
    assert report.rules == ("artifacts.first", "artifacts.broken", "artifacts.last")


def test_what_is_no_finding_fails_the_rule_that_said_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that no document can carry is the rule's fault, and no reason to say nothing."""
    endless = Problem(code="A_PROBLEM", field="/x", subject=SET, found="a" * 5_000, wanted="b", mend="c")
    monkeypatch.setitem(checks.FAMILIES, "artifacts", (Rule("artifacts.endless", lambda _: [endless]),))
    assert [each.code for each in run("artifacts").findings] == ["CHECK_FAILED"]


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


def test_every_code_of_a_rule_has_an_example() -> None:
    """A check without an example that it stops would be a promise only."""
    proved = {
        code
        for of_family in EXAMPLES.values()
        for examples in of_family.values()
        for example in (*examples.failing, *examples.hostile)
        for code, _ in example.finds
    }
    ruled = {code for rules in checks.FAMILIES.values() for rule in rules for code in codes_of(rule.check)}
    assert ruled <= proved


def test_every_code_of_a_gap_and_of_bind_has_a_case() -> None:
    """On the whole road, or where evidence is assembled."""
    found = (value.values() if isinstance(value, dict) else (value,) for value in vars(gaps).values())
    named = {gap.code for several in found for gap in several if isinstance(gap, Gap)}
    named |= codes_in([path for path in FILES if path.name in {"binding.py", "weighing.py"}])
    road = [WORKFLOW / "test_held.py", WORKFLOW / "test_binding.py"]
    cases = [*road, UNIT / "test_weighing.py", *UNIT.glob("test_assembling*.py")]
    tested = "".join(path.read_text() for path in cases)
    # A case for each of several fields is written with the part of the code that differs, or with the field's name.
    parts = {code: re.fullmatch(r"(?:ROLLBACK|WAIVER|FLAG|CATALOG)_(\w+)_MISSING", code) for code in named}
    written = {code: {code, *((part[1], part[1].lower()) if (part := parts[code]) else ())} for code in named}
    unproved = {code for code, words in written.items() if not any(f'"{word}"' in tested for word in words)}
    # The candidate's own contract leaves it no gap.
    assert unproved - {"CANDIDATE_INCOMPLETE"} == set()
