"""Tables of the documentation that are made from data: statuses, transitions, checks, and what a gap is called."""

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence

from cutover.domain.assembling import gaps
from cutover.domain.assembling.fields import Gap
from cutover.domain.checks import FAMILIES
from cutover.domain.record import FINAL, LIVE, Status
from cutover.domain.transitions import TABLE, Transition

OPENED = Status.COLLECTING
"""Where a revision begins."""
_OF = {"release": "", "either": "too", "rehearsal": "only"}
_CODE = re.compile(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"')


def statuses() -> str:
    """Each status: whether it is live or final, and by which rows it is reached and left."""
    rows = []
    for status in Status:
        kind = "final" if status in FINAL else "live" if status in LIVE else "neither"
        reached = [row for row in TABLE.values() if row.target is status or (row.opens and status is OPENED)]
        left = [row for row in TABLE.values() if row.target is not None and status in _sources(row)]
        rows.append((f"`{status}`", kind, _numbers(reached), _numbers(left)))
    return _table(("status", "is", "reached by", "left by"), rows)


def transitions() -> str:
    """Each row of the protocol, with who may take it from where."""
    rows = []
    for row in TABLE.values():
        target = f"`{row.target}`" if row.target else "the same"
        for writer, found in row.writers.items():
            opens = f"N+1, `{OPENED}`" if row.opens else ""
            of, signal = _OF[row.of], row.signal or ""
            rows.append((str(row.number), row.event, _from(found), target, opens, f"`{writer}`", signal, of))
    return _table(("#", "event", "from", "to", "opens", "written by", "relay", "of a rehearsal"), rows)


def checks() -> str:
    """Each rule of each family with what it asks, and the codes of the holds that it opens."""
    rows = [
        (f"`{rule.id}`", family, _first_line(rule.check), _codes(rule.check))
        for family, rules in FAMILIES.items()
        for rule in rules
    ]
    return _table(("rule", "family", "asks that", "codes"), rows)


def missing_fields() -> str:
    """Each kind of gap in a bundle: the rule that it breaks, its code, and what would mend it."""
    rows = [(f"`{gap.rule}`", f"`{gap.code}`", gap.wanted, gap.mend) for gap in _gaps()]
    return _table(("rule", "code", "wanted", "what mends it"), rows)


MADE = {"statuses": statuses, "transitions": transitions, "checks": checks, "missing-fields": missing_fields}


def fill(text: str) -> str:
    """A Markdown page with every made part between its two marks replaced by what it should be.

    Marks are ``<!-- made: NAME -->`` and ``<!-- end: NAME -->``. KeyError for a name that nobody makes.
    """
    return re.sub(
        r"(<!-- made: ([a-z-]+) -->\n).*?(<!-- end: \2 -->)",
        lambda found: f"{found[1]}{MADE[found[2]]()}{found[3]}",
        text,
        flags=re.DOTALL,
    )


def _gaps() -> Iterator[Gap]:
    for value in vars(gaps).values():
        if isinstance(value, Gap):
            yield value
        elif isinstance(value, dict):
            yield from (each for each in value.values() if isinstance(each, Gap))


def _first_line(function: object) -> str:
    said = inspect.getdoc(function)
    if not said:
        raise AssertionError(f"a rule without a docstring: {function}")
    return said.splitlines()[0].rstrip(".")


def _codes(function: object) -> str:
    if not inspect.isfunction(function):
        raise AssertionError(f"a rule is a function: {function}")
    found = dict.fromkeys(_CODE.findall(inspect.getsource(function)))
    return ", ".join(f"`{code}`" for code in found) or "the source's own"


def _from(found: frozenset[Status]) -> str:
    """Statuses in the order of the way; all live ones by that name."""
    named = ["any live one"] if found >= LIVE else []
    rest = [f"`{status}`" for status in Status if status in (found - LIVE if named else found)]
    return ", ".join([*named, *rest]) or "nothing yet"


def _sources(row: Transition) -> set[Status]:
    return {status for found in row.writers.values() for status in found}


def _numbers(rows: Iterable[Transition]) -> str:
    return ", ".join(str(row.number) for row in rows) or "-"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
