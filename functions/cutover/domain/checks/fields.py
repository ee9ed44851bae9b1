"""What the checks of the bundle's fields share: names under the rules' table, and words about values of others."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from cutover.contracts.base import Digest
from cutover.contracts.bundle import Sourced
from cutover.domain import bounded, canonical
from cutover.domain.checks.context import Context, Problem
from cutover.domain.rendering import Kind, known, render

SHOWN, LISTED = 60, 8
"""So many characters of one value, and so many values of a list, are shown; a message is no page."""


def sourced(field: Any) -> Sourced[Any] | None:
    """The field where it has a source; None for a gap, which is a hold of its own, and for what is not stated."""
    return field if isinstance(field, Sourced) else None


def many(field: Any) -> tuple[Any, ...]:
    """The items of a list in the bundle; none where a gap stands in its place."""
    return field if isinstance(field, tuple) else ()


def shown(value: object) -> str:
    """One value of somebody else's, as JSON writes it, short enough for a message: ``true`` is not ``1`` or ``"1"``."""
    if isinstance(value, str):
        cut = value if len(value) <= SHOWN else value[: SHOWN - 1] + "\N{HORIZONTAL ELLIPSIS}"
        return bounded.line(json.dumps(cut, ensure_ascii=False))
    if isinstance(value, (bool, int)) and abs(value) < canonical.INTEGER_LIMIT:
        return json.dumps(value)
    return "something else than text, a number below 2^53, true or false"


def listed(values: Iterable[object], *, empty: str = "nothing") -> str:
    """Several values in their order, the first few of them by name."""
    every = tuple(values)
    more = f" and {len(every) - LISTED} more" if len(every) > LISTED else ""
    return bounded.line(", ".join(shown(each) for each in every[:LISTED]) + more, empty=empty)


def about(evidence: Digest, *others: str) -> Digest:
    """What a hold is about that rests on a record and on something beside it, so that a waiver answers for both."""
    return canonical.digest(canonical.encode([evidence, *others]))


def rendered(context: Context, kind: Kind, said: object) -> str:
    """A name as the rules' table has it; itself where the table does not know it."""
    return render(context.rules.rendering, kind, str(said))


def environments(context: Context) -> tuple[str, ...]:
    """Those of the release, as the rules' table has them."""
    return tuple(rendered(context, "environment", each) for each in context.candidate.environments)


def unknown(context: Context, kind: Kind, names: Iterable[tuple[str, Any]]) -> Iterator[Problem]:
    """Row 18: a hold for each name that the rules' table does not have. ``names``: field of the bundle, and its value.

    What has no source is passed over: it is a gap, and held as one.
    """
    for field, value in names:
        found = sourced(value)
        if found is not None:
            yield from name_unknown(context, kind, str(found.value), field=field, evidence=found.from_.evidence)


def name_unknown(context: Context, kind: Kind, said: str, *, field: str, evidence: Digest) -> Iterator[Problem]:
    """A hold, unless the rules' table has this one name."""
    table = context.rules.rendering
    if known(table, kind, said):
        return
    ours = {"component": table.components, "cohort": table.cohorts, "environment": table.environments}[kind]
    yield Problem(
        code="NAME_UNKNOWN",
        field=field,
        subject=evidence,
        found=bounded.line(f"the {kind} {shown(said)}, which the rules do not know"),
        wanted=bounded.line(f"a {kind} that the rules render: {listed(sorted(ours), empty='they name none')}"),
        mend="correct the name at its source, or have the policy's owners add this spelling to rendering of the rules",
        evidence=(evidence,),
    )
