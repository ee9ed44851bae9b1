"""A small explicit-state model checker: breadth first over hashable states, so that each trace is a shortest one."""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import NamedTuple, TypeVar

S = TypeVar("S", bound=Hashable)
REACHABLE = "an end can be reached"


class Result(NamedTuple):
    """What was explored; ``violated`` names the broken property, ``trace`` the steps that lead there."""

    states: int
    transitions: int
    violated: str = ""
    trace: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.states:,} states, {self.transitions:,} transitions", f"not so: {self.violated}"]
        return "\n".join(lines[: 1 + bool(self.violated)] + [f"{n:4}. {text}" for n, text in enumerate(self.trace, 1)])


def check(
    start: S,
    steps: Callable[[S], Iterable[tuple[str, S, bool]]],
    invariants: Mapping[str, Callable[[S], bool]],
    end: Callable[[S], bool],
) -> Result:
    """Explore everything, or up to the first state that breaks an invariant. Then show that each state reaches an
    ``end`` by steps that help alone. A step is its text, the state after it, and whether it helps: without it, it is
    bad luck or a choice of the surroundings, and nothing may depend on it."""
    numbers, parents, helped = {start: 0}, [(0, "")], list[list[int]]([[]])
    todo, transitions, good = deque([start]), 0, bytearray()

    def result(violated: str = "", at: int = 0) -> Result:
        trace = []
        while at:
            at, text = parents[at]
            trace.append(text)
        return Result(len(numbers), transitions, violated, tuple(reversed(trace)))

    while todo:
        state = todo.popleft()
        number = numbers[state]
        for name, holds in invariants.items():
            if not holds(state):
                return result(name, number)
        good.append(end(state))
        for text, after, helps in steps(state):
            transitions += 1
            reached = numbers.setdefault(after, len(parents))
            if reached == len(parents):
                parents.append((number, text))
                helped.append([])
                todo.append(after)
            if helps:
                helped[reached].append(number)
    lost = _out_of_reach(good, helped)
    return result() if lost is None else result(REACHABLE, lost)


def _out_of_reach(good: bytearray, helped: list[list[int]]) -> int | None:
    """The first state from which none of the good ones is reached; found backwards, from the good ones."""
    todo = [number for number, ended in enumerate(good) if ended]
    while todo:
        new = {number for number in helped[todo.pop()] if not good[number]}
        for number in new:
            good[number] = 1
        todo.extend(new)
    return None if all(good) else good.index(0)
