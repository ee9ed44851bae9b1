"""What is of interest in a manifest: shapes of objects and arrays, and the ones that are open while it is read.

A path is remembered only where a shape is, so that is what pointers lead to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cutover.domain.dependencies.tally import Tally
    from cutover.domain.dependencies.walking import Walker

OTHER: Final = object()
"""Stands for a value that is no text and has no shape."""


@dataclass(eq=False, slots=True)
class Shape:
    """An object's (``keys``, ``texts``) or an array's (``items``) part of interest, and what to do at its end."""

    name: str
    keys: dict[str, Shape] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()
    items: Shape | None = None
    tally: int = 0
    closed: Callable[[Tally, Frame, Walker], None] | None = None
    is_array: bool = False


class Frame:
    """One open object or array that has a shape. ``facts``: its keys, with their values where those are wanted."""

    __slots__ = ("facts", "index", "key", "parent", "shape")

    def __init__(self, shape: Shape, parent: Frame | None) -> None:
        self.shape = shape
        self.parent = parent
        self.key = ""
        self.index = -1
        self.facts: dict[str, Any] = {}

    @property
    def where(self) -> str:
        """The part of a pointer that is open in here, where it is one that the shape knows."""
        if self.shape.is_array:
            return str(self.index) if self.index >= 0 else ""
        return self.key if self.key in self.shape.keys or self.key in self.shape.texts else ""

    def text(self, key: str) -> str | None:
        """The text under ``key``, None where there is none or something else."""
        value = self.facts.get(key)
        return value if isinstance(value, str) else None
