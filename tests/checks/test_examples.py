"""No rule without its examples: one that it passes, one that it holds, one of somebody hostile."""

import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any, Literal

import pytest

from cutover.contracts.holds import Finding
from cutover.domain import canonical, checks, holds
from cutover.domain.checks.context import Rule
from tests.checks.examples import Example, Examples

RULES: dict[str, Rule] = {rule.id: rule for rules in checks.FAMILIES.values() for rule in rules}
Kind = Literal["passing", "failing", "hostile"]


def examples_of(family: str) -> Mapping[str, Examples]:
    """By rule. Those of a family stand in the file of its name; a family may spread its own over several."""
    found: dict[str, Examples] = {}
    for name in (family, *ALSO.get(family, ())):
        if importlib.util.find_spec(f"tests.checks.{name}") is not None:
            found |= importlib.import_module(f"tests.checks.{name}").EXAMPLES
    return found


ALSO = {"attestations": ("provenance",)}
EXAMPLES: dict[str, Mapping[str, Examples]] = {family: examples_of(family) for family in checks.FAMILIES}


def every(*kinds: Kind) -> list[Any]:
    return [
        pytest.param(family, rule, example, id=f"{rule}: {kind}: {example.about}")
        for family, of_family in EXAMPLES.items()
        for rule, examples in of_family.items()
        for kind in kinds
        for example in getattr(examples, kind)
    ]


def findings(family: str, rule: str, example: Example) -> tuple[Finding, ...]:
    """What this rule of its family finds, in the family's report, whose contract bounds every message."""
    report = checks.run(family, example.context())
    return tuple(each for each in report.findings if each.rule == rule)


@pytest.mark.parametrize("family", checks.FAMILIES)
def test_every_rule_has_an_example_of_each_kind(family: str) -> None:
    if not EXAMPLES[family]:
        pytest.skip("its examples are not written yet")
    assert set(EXAMPLES[family]) == {rule.id for rule in checks.FAMILIES[family]}
    for rule, examples in EXAMPLES[family].items():
        assert examples.passing, f"{rule}: nothing passes"
        assert examples.failing, f"{rule}: nothing fails"
        assert examples.hostile, f"{rule}: nobody is hostile"
        assert not any(each.finds for each in examples.passing), f"{rule}: what passes finds nothing"
        assert all(each.finds for each in examples.failing), f"{rule}: what fails finds something"


@pytest.mark.parametrize(("family", "rule", "example"), every("passing", "failing", "hostile"))
def test_the_rule_finds_exactly_what_is_there(family: str, rule: str, example: Example) -> None:
    found = findings(family, rule, example)
    assert sorted((each.code, each.field) for each in found) == sorted(example.finds), [each.found for each in found]


@pytest.mark.parametrize(("family", "rule", "example"), every("failing", "hostile"))
def test_a_finding_can_be_read_and_acted_upon(family: str, rule: str, example: Example) -> None:
    for each in findings(family, rule, example):
        for said in (each.found, each.wanted, each.mend):
            assert said.isprintable(), ascii(said)
            assert len(said.encode()) <= 1024, "a line or two, not a page"
        assert each.found != each.wanted
        assert len(each.mend) > len("mend it!"), "what would mend it"


@pytest.mark.parametrize(("family", "rule", "example"), every("failing", "hostile"))
def test_each_finding_opens_a_hold_of_its_own(family: str, rule: str, example: Example) -> None:
    """Two findings of one fingerprint would be one hold, and one waiver would answer both."""
    marks = [holds.mark_of(each) for each in findings(family, rule, example)]
    assert len(set(marks)) == len(marks)


@pytest.mark.parametrize(("family", "rule", "example"), every("failing"))
def test_a_rule_is_pure(family: str, rule: str, example: Example) -> None:
    """Twice on the same recorded inputs: the same bytes."""
    context = example.context()
    first, second = (checks.run(family, context) for _ in range(2))
    assert canonical.encode_model(first) == canonical.encode_model(second)
