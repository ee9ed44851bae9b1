"""Many calls of one service, in turn or some at a time: what comes back is in the order of what went in."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

A = TypeVar("A")
B = TypeVar("B")


class Together(Protocol):
    """``call`` for each of ``items``. Raises what the first of them raised, in their order."""

    def __call__(self, call: Callable[[A], B], items: Iterable[A]) -> list[B]: ...


def one_by_one(call: Callable[[A], B], items: Iterable[A]) -> list[B]:
    """As it is where nothing is waited for: over fakes, so that a schedule is the same each time."""
    return [call(item) for item in items]
