"""No rule without its examples: one that it passes, one that it holds, one of somebody hostile."""

import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from cutover.contracts.candidate import Reference
from cutover.contracts.evidence import Section
from cutover.contracts.holds import Finding
from cutover.domain import canonical, checks, holds
from cutover.domain.assembling.index import EvidenceIndex, Found
from cutover.domain.checks.context import Context, Rule
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


@pytest.mark.parametrize("family", checks.FAMILIES)
def test_every_rule_has_an_example_of_each_kind(family: str) -> None:
    assert set(EXAMPLES[family]) == {rule.id for rule in checks.FAMILIES[family]}
    for rule, examples in EXAMPLES[family].items():
        assert examples.passing, f"{rule}: nothing passes"
        assert examples.failing, f"{rule}: nothing fails"
        assert examples.hostile, f"{rule}: nobody is hostile"
        assert not any(each.finds for each in examples.passing), f"{rule}: what passes finds nothing"
        assert all(each.finds for each in examples.failing), f"{rule}: what fails finds something"


@pytest.mark.parametrize(("family", "rule", "example"), every("passing", "failing", "hostile"))
def test_the_rule_finds_exactly_what_is_there(family: str, rule: str, example: Example) -> None:
    context = example.context()
    found = [each for each in checks.run(family, context).findings if each.rule == rule]
    assert sorted((each.code, each.field) for each in found) == sorted(example.finds), [each.found for each in found]
    for each in found:
        assert_actionable(each)
        assert leads_somewhere(context.bundle, each.field), each.field


def assert_actionable(finding: Finding) -> None:
    """A person can read it, on a line or two, and is told what to do."""
    for said in (finding.found, finding.wanted, finding.mend):
        assert said.isprintable(), ascii(said)
        assert len(said.encode()) <= 1024, "a line or two, not a page"
    assert finding.found != finding.wanted
    assert len(finding.mend.split()) > 2, "what would mend it"


def leads_somewhere(model: Any, field: str) -> bool:
    """Whether a field of a finding is one of the bundle, or one of its groups. None is the whole."""
    for part in field.split("/")[1:]:
        if isinstance(model, BaseModel):
            names = {info.alias or name: name for name, info in type(model).model_fields.items()}
            if part not in names:
                return False
            model = getattr(model, names[part])
        elif isinstance(model, tuple) and part.isdecimal() and int(part) < len(model):
            model = model[int(part)]
        else:
            return False
    return True


class Watched(EvidenceIndex):
    """Remembers which sections were looked into."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.evidence_set, context.documents)
        self.sections: set[Section] = set()

    def find(self, section: Section, reference: Reference | None, *, payload: bool = False) -> Found | None:
        self.sections.add(section)
        return super().find(section, reference, payload=payload)


@pytest.mark.parametrize(("family", "rule", "example"), every("passing", "failing"))
def test_a_rule_reads_what_it_says_that_it_reads(family: str, rule: str, example: Example) -> None:
    context = example.context()
    watched = Watched(context)
    object.__setattr__(context, "index", watched)
    list(RULES[rule].check(context))
    assert watched.sections <= set(RULES[rule].reads)


@pytest.mark.parametrize(("family", "rule", "example"), every("passing", "failing", "hostile"))
def test_no_two_findings_share_a_mark(family: str, rule: str, example: Example) -> None:
    """A waiver of one of them would be taken for one of the other, whichever the other is by then."""
    found = checks.run(family, example.context()).findings
    assert sorted({holds.mark_of(each) for each in found}) == sorted(holds.mark_of(each) for each in found)


@pytest.mark.parametrize(("family", "rule", "example"), every("failing"))
def test_a_rule_is_pure(family: str, rule: str, example: Example) -> None:
    """Twice on the same recorded inputs: the same bytes."""
    context = example.context()
    first, second = (checks.run(family, context) for _ in range(2))
    assert canonical.encode_model(first) == canonical.encode_model(second)
