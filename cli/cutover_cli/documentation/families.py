"""The page of the checks: every family with its rules and its gaps, and an index by the code of a hold."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

from cutover.domain.assembling import gaps
from cutover.domain.assembling.fields import Gap
from cutover.domain.checks import FAMILIES
from cutover.domain.checks.context import Rule
from cutover.domain.failures import FAILURES
from cutover.domain.waiving import family_of
from cutover_cli.documentation.markdown import anchor, code, table
from cutover_cli.documentation.reading import codes_of, first_line, mends_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule, or one missing field: the codes of its holds, what it asks, and what mends it."""

    family: str
    rule: str
    codes: tuple[str, ...]
    asks: str
    mends: tuple[str, ...]
    gap: bool = False

    def place(self, name: str) -> str:
        """Where the family's section says more of a code."""
        return f"{self.family}-{name.lower()}"


def families() -> str:
    """A section for each family: what it is about, what it reads, its rules, and the fields that it misses."""
    return "\n".join(_section(family, rules) for family, rules in FAMILIES.items())


def index() -> str:
    """Every code in the order of the alphabet: what it means, and the families that give it, linked."""
    by_code: dict[str, list[Entry]] = {}
    for family, rules in FAMILIES.items():
        for entry in (*_ruled(family, rules), *_missed(family)):
            for name in entry.codes:
                by_code.setdefault(name, []).append(entry)
    rows = (
        (f"{anchor(name.lower())}{code(name)}", _meaning(found), _links(name, found))
        for name, found in sorted(by_code.items())
    )
    return table(("code", "what is asked", "family"), rows)


def failures() -> str:
    """Why a record could not be had, by code."""
    rows = (
        (f"{anchor(name.lower())}{code(name)}", failure.means, failure.mend)
        for name, failure in sorted(FAILURES.items())
    )
    return table(("code", "what happened", "what mends it"), rows)


def _section(family: str, rules: tuple[Rule, ...]) -> str:
    ruled, missed = _ruled(family, rules), _missed(family)
    placed: set[str] = set()
    said = [f"### {family}\n", f"{_about(family)}\n", f"{_reads(rules)}\n"]
    head = ("codes", "the rule asks that", "what mends it", "rule")
    said.append(table(head, [_row(each, placed) for each in ruled]))
    if missed:
        said.append("Where a field is missing:\n")
        said.append(table(("code", "what is wanted", "what mends it", "rule"), [_row(each, placed) for each in missed]))
    return "\n".join(said)


def _row(entry: Entry, placed: set[str]) -> tuple[str, str, str, str]:
    """``placed``: the anchors that stand already; a code that a family gives twice has its anchor at the first."""
    codes = []
    for name in entry.codes:
        place = entry.place(name)
        codes.append(code(name) if place in placed else anchor(place) + code(name))
        placed.add(place)
    said = "<br>".join(codes) or OF_SOURCES
    return said, entry.asks, " — or: ".join(entry.mends) or "as the finding says", code(entry.rule)


def _ruled(family: str, rules: tuple[Rule, ...]) -> list[Entry]:
    return [
        Entry(family, rule.id, codes_of(rule.check), first_line(rule.check), mends_of(rule.check)) for rule in rules
    ]


def _missed(family: str) -> list[Entry]:
    found = (gap for gap in _gaps() if family_of(gap.rule) == family)
    return [Entry(family, gap.rule, (gap.code,), gap.wanted, (gap.mend,), gap=True) for gap in found]


def _gaps() -> Iterator[Gap]:
    for value in vars(gaps).values():
        if isinstance(value, Gap):
            yield value
        elif isinstance(value, dict):
            yield from (each for each in value.values() if isinstance(each, Gap))


def _about(family: str) -> str:
    """The docstring of the family's file, as Markdown, without the row that it begins with."""
    said = inspect.getdoc(import_module(f"cutover.domain.checks.{family}"))
    if not said:
        raise AssertionError(f"a family without a docstring: {family}")
    head, colon, rest = said.partition(": ")
    if colon and head.startswith(("Row ", "Rows ")):
        said = rest[0].upper() + rest[1:]
    return said.replace("``", "`")


def _reads(rules: tuple[Rule, ...]) -> str:
    sections = _once(section for rule in rules for section in rule.reads)
    evidence = " and ".join(code(each) for each in sections)
    return f"Beside the candidate and the bundle it reads the evidence of {evidence}." if evidence else _NOTHING_ELSE


OF_SOURCES = "[those of the sources](#when-a-record-could-not-be-had)"
FEW = 2
_NOTHING_ELSE = "It reads the candidate and the bundle, and looks at all evidence through them."


def _meaning(found: list[Entry]) -> str:
    """What the code is about, once; of one that many families give, what those have in common is its name."""
    asked = _once(f"missing: {each.asks}" if each.gap else each.asks for each in found)
    return "<br>".join(asked) if len(asked) <= FEW else asked[0] + "<br>and likewise in the other families"


def _links(name: str, found: list[Entry]) -> str:
    return ", ".join(_once(f"[{each.family}](#{each.place(name)})" for each in found))


def _once(values: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
