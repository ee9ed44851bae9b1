"""The parts of the documentation that are made from data: statuses, transitions, checks, and who may do what."""

import re
from collections.abc import Iterable

from cutover.domain.record import FINAL, LIVE, Status
from cutover.domain.transitions import TABLE, Transition
from cutover_cli.documentation import families, who
from cutover_cli.documentation.markdown import table

OPENED = Status.COLLECTING
"""Where a revision begins."""
_OF = {"release": "", "either": "too", "rehearsal": "only"}


def statuses() -> str:
    """Each status: whether it is live or final, and by which rows it is reached and left."""
    rows = []
    for status in Status:
        kind = "final" if status in FINAL else "live" if status in LIVE else "neither"
        reached = [row for row in TABLE.values() if row.target is status or (row.opens and status is OPENED)]
        left = [row for row in TABLE.values() if row.target is not None and status in _sources(row)]
        rows.append((f"`{status}`", kind, _numbers(reached), _numbers(left)))
    return table(("status", "is", "reached by", "left by"), rows)


def transitions() -> str:
    """Each row of the protocol, with who may take it from where."""
    rows = []
    for row in TABLE.values():
        target = f"`{row.target}`" if row.target else "the same"
        for writer, found in row.writers.items():
            opens = f"N+1, `{OPENED}`" if row.opens else ""
            of, signal = _OF[row.of], row.signal or ""
            rows.append((str(row.number), row.event, _from(found), target, opens, f"`{writer}`", signal, of))
    return table(("#", "event", "from", "to", "opens", "written by", "relay", "of a rehearsal"), rows)


MADE = {
    "statuses": statuses,
    "transitions": transitions,
    "codes": families.index,
    "families": families.families,
    "failures": families.failures,
    "people": who.people,
    "purposes": who.purposes,
    "functions": who.functions,
}


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


def _from(found: frozenset[Status]) -> str:
    """Statuses in the order of the way; all live ones by that name."""
    named = ["any live one"] if found >= LIVE else []
    rest = [f"`{status}`" for status in Status if status in (found - LIVE if named else found)]
    return ", ".join([*named, *rest]) or "nothing yet"


def _sources(row: Transition) -> set[Status]:
    return {status for found in row.writers.values() for status in found}


def _numbers(rows: Iterable[Transition]) -> str:
    return ", ".join(str(row.number) for row in rows) or "-"
