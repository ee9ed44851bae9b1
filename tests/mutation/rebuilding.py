"""A plugin of pytest for mutation testing alone: the table of transitions is made anew before each test.

A mutant runs in a copy of a process that has made the table already, from the code as it was.
"""

from cutover.domain import transitions


def pytest_runtest_setup() -> None:
    rows = transitions._rows()
    transitions.TABLE.clear()
    transitions.TABLE.update({row.event: row for row in rows})
