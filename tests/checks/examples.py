"""What an example of a rule is: a context, and exactly what the rule finds in it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from cutover.domain.checks.context import Context

Found = tuple[str, str]
"""A finding as an example expects it: its code, and its field in the bundle."""


@dataclass(frozen=True, slots=True)
class Example:
    """``about`` in a few words; ``context`` makes what the rule reads; ``finds``: all that it finds there, in any
    order, each as often as it does.
    """

    about: str
    context: Callable[[], Context] = field(repr=False)
    finds: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True)
class Examples:
    """Of one rule. What passes finds nothing, what fails finds something, what is hostile finds exactly what it says.

    Hostile is what nobody would write who means well: markup, marks that turn text around, names as long as they may
    be, huge numbers, other types, the same name twice, empty lists, kinds that do not exist.
    """

    passing: tuple[Example, ...]
    failing: tuple[Example, ...]
    hostile: tuple[Example, ...]


def example(about: str, context: Callable[[], Context], *finds: Found) -> Example:
    """``example("a person owns it", lambda: scene(...), ("OWNER_IS_A_PERSON", "/components/0/catalog/owner"))``."""
    return Example(about, context, finds)
