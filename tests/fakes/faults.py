"""Failures on demand at every call of a port, without touching the code under test.

``faulty(port, "records", faults)`` behaves as ``port`` does. Each call passes two points: ``before`` (nothing was
done) and ``after`` (it was done, and the answer is lost). ``faults`` decides what is raised there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Literal, TypeVar, cast

from cutover.errors import DependencyUnavailable

T = TypeVar("T")
When = Literal["before", "after"]


class Killed(BaseException):
    """The function's process ended here. Not an ``Exception``: no code under test may catch it."""


@dataclass
class _Planned:
    call: str
    when: When
    error: BaseException
    skip: int
    times: int


@dataclass
class Faults:
    """A plan of failures. Points are counted from 0 over all wrapped ports, in the order in which they pass."""

    kill_at: int | None = None
    points: list[tuple[str, When]] = field(default_factory=list)
    _plan: list[_Planned] = field(default_factory=list)

    def before(self, call: str, error: BaseException | None = None, *, skip: int = 0, times: int = 1) -> None:
        """Let ``call`` (such as ``records.commit``) fail ``times`` times, after ``skip`` good ones."""
        self._add(call, "before", error, skip, times)

    def after(self, call: str, error: BaseException | None = None, *, skip: int = 0, times: int = 1) -> None:
        """Let ``call`` take effect and its answer be lost."""
        self._add(call, "after", error, skip, times)

    @property
    def calls(self) -> list[str]:
        """Every call that was tried, in order."""
        return [call for call, when in self.points if when == "before"]

    @property
    def spent(self) -> bool:
        """Whether everything that was planned has happened: a test that planned in vain must fail."""
        return not self._plan and (self.kill_at is None or len(self.points) > self.kill_at)

    def reach(self, call: str, when: When) -> None:
        self.points.append((call, when))
        if self.kill_at == len(self.points) - 1:
            raise Killed(f"{when} {call}")
        for planned in [one for one in self._plan if (one.call, one.when) == (call, when)]:
            if planned.skip:
                planned.skip -= 1
                continue
            planned.times -= 1
            if not planned.times:
                self._plan.remove(planned)
            raise planned.error

    def _add(self, call: str, when: When, error: BaseException | None, skip: int, times: int) -> None:
        error = error or DependencyUnavailable(f"{when} {call}, as the test planned")
        self._plan.append(_Planned(call, when, error, skip, times))


class _Faulty:
    def __init__(self, port: object, name: str, faults: Faults) -> None:
        self._port = port
        self._name = name
        self._faults = faults

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._port, attribute)
        return self._guarded(attribute, found) if callable(found) else found

    def _guarded(self, attribute: str, method: Callable[..., Any]) -> Callable[..., Any]:
        call = f"{self._name}.{attribute}"

        @wraps(method)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            self._faults.reach(call, "before")
            result = method(*args, **kwargs)
            self._faults.reach(call, "after")
            return result

        return guarded


def faulty(port: T, name: str, faults: Faults) -> T:
    """``port`` with ``faults`` at its calls."""
    return cast("T", _Faulty(port, name, faults))
