"""Which kinds of value each field of a document's type admits, read from the type itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from cutover.contracts.bundle import Held, Sourced, Waived

ITEM = "*"
"""Stands in a pointer for every index of an array."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field that groups nothing: where it stands, and what may stand there.

    ``kinds``: ``sourced``, ``waived``, ``held``, ``absent`` (null), or ``plain``.
    """

    pointer: str
    kinds: frozenset[str]


def coverage(model: type[BaseModel]) -> tuple[Leaf, ...]:
    """Every leaf of a document's type, in the order of its pointers; ``*`` stands for an index."""
    found: dict[str, set[str]] = {}
    for where, kind in _leaves(model, ""):
        found.setdefault(where, set()).add(kind)
    return tuple(Leaf(where, frozenset(found[where])) for where in sorted(found))


def _leaves(kind: Any, where: str) -> Iterator[tuple[str, str]]:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        yield from _leaves(arguments[0], where)
    elif origin in {Union, UnionType}:
        for each in arguments:
            yield from _leaves(each, where)
    elif origin is tuple:
        for each in arguments:
            if each is not Ellipsis:
                yield from _leaves(each, f"{where}/{ITEM}")
    elif isinstance(kind, type) and issubclass(kind, (Sourced, Waived, Held)):
        yield where, _name(kind)
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, info in kind.model_fields.items():
            yield from _leaves(info.annotation, f"{where}/{info.alias or name}")
    else:
        yield where, "absent" if kind is NoneType else "plain"


def _name(kind: type[BaseModel]) -> str:
    return next(base.__name__.lower() for base in (Sourced, Waived, Held) if issubclass(kind, base))
