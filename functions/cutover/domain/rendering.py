"""Names of components, cohorts and environments, rendered by the rules' table: pure (row 18).

Nothing else is normalised. A name that the table does not know stays as it was said, and a check holds it: rendering
never guesses.
"""

from typing import Literal

from cutover.contracts.policy import Rendering

Kind = Literal["component", "cohort", "environment"]


def render(table: Rendering, kind: Kind, said: str) -> str:
    """Our name for what a source system calls ``said``; itself where the table does not know it."""
    found = _ours(table, kind, said)
    return said if found is None else found


def known(table: Rendering, kind: Kind, said: str) -> bool:
    """Whether the table has the name, as ours or as one of its spellings."""
    return _ours(table, kind, said) is not None


def _ours(table: Rendering, kind: Kind, said: str) -> str | None:
    names = {"component": table.components, "cohort": table.cohorts, "environment": table.environments}[kind]
    if said in names:
        return said
    return next((ours for ours, spellings in sorted(names.items()) if said in spellings), None)
