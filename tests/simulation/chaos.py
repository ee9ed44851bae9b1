"""What can go wrong at a call of a port, drawn from a seeded source.

Each function runs as an ``Invocation`` with Lambda's timeout. At each of its calls one of ``KINDS`` can happen:

===========  ==========================================================================================
fail         the service fails before it does anything
throttle     the same, for the next few calls of that port too
lost         it is done, and the answer is lost
hang         no answer until the function's own timeout ends it; the effect may or may not have happened
kill-before  the process ends before the call
kill-after   the process ends after the call
pause        the process stands still; others act, time passes; then it goes on (unless its time was over)
stale        an eventually consistent reading (``records.due``) is an old one
===========  ==========================================================================================
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar, cast

from cutover.errors import AmbiguousCompletion, DependencyUnavailable
from cutover.runtime.observability import metrics
from tests.fakes.clock import FakeClock
from tests.fakes.faults import Killed
from tests.simulation.effects import weight

T = TypeVar("T")
Kind = Literal["fail", "throttle", "lost", "hang", "kill-before", "kill-after", "pause", "stale"]
KINDS: tuple[Kind, ...] = ("fail", "throttle", "lost", "hang", "kill-before", "kill-after", "pause", "stale")
STALE_READS = frozenset({"records.due"})
"""Readings that are eventually consistent in the real adapter."""
DEPTH = 3
"""At most so many functions stand within one another."""


class FunctionEnded(Exception):
    """What whoever called a function sees when its process ended: an error of Lambda's."""


@dataclass
class Invocation:
    """One run of a function. ``read``: what each call answered last, and as which of its calls."""

    function: str
    serial: int
    deadline: datetime
    event: Any = None
    read: dict[str, tuple[Any, int]] = field(default_factory=dict)
    calls: int = 0


Given = tuple[tuple[Any, ...], dict[str, Any]]
"""The arguments of a call."""
Watch = Callable[[Invocation, str, tuple[Any, ...], dict[str, Any]], None]
Watched = Callable[[Invocation, str], None]


class Chaos:
    """Lets calls fail. ``rate`` is the chance of a fault at one call, times its ``weight``."""

    def __init__(self, source: random.Random, clock: FakeClock, timeouts: Mapping[str, int]) -> None:
        self.source = source
        self.clock = clock
        self.timeouts = timeouts
        self.rate = 0.0
        self.kinds: tuple[Kind, ...] = KINDS
        self.stack: list[Invocation] = []
        self.met: Counter[tuple[str, str]] = Counter()
        self.flip: Callable[[], bool] = lambda: self.source.random() < 0.5
        """Whether what hung has happened nevertheless."""
        self.throttled: Counter[str] = Counter()
        self.skews: dict[str, timedelta] = {}
        self.meanwhile: Callable[[], None] = lambda: None
        self.stale: Callable[[str, tuple[Any, ...], dict[str, Any]], Any] = lambda *_: None
        self.before: Watch = lambda *_: None
        self.after: Watched = lambda *_: None
        self.trace: Callable[[str], None] = lambda _line: None
        self._serial = 0

    @property
    def function(self) -> str:
        """The function that runs at this moment; empty outside of all."""
        return self.stack[-1].function if self.stack else ""

    def now(self) -> datetime:
        """The clock of the function that runs at this moment: off by its own skew."""
        return self.clock.now() + self.skews.get(self.function, timedelta())

    def invoke(self, function: str, event: Any, call: Callable[[], T]) -> T:
        """Run a function. ``FunctionEnded`` when its process ended on the way."""
        self._serial += 1
        deadline = self.clock.now() + timedelta(seconds=self.timeouts.get(function, 30))
        self.stack.append(Invocation(function, self._serial, deadline, event))
        try:
            return call()
        except Killed as killed:
            raise FunctionEnded(str(killed)) from None
        finally:
            self.stack.pop()
            metrics.clear_metrics()  # nobody reads them, and an invocation that ended would leave its own behind

    def call(self, name: str, method: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        """One call of a port by the function that runs."""
        if not self.stack:
            return method(*args, **kwargs)
        invocation = self.stack[-1]
        kind = self.draw(name)
        if kind is not None:
            self.met[kind, name] += 1
            self.trace(f"{kind} at {name} of {invocation.function}")
        self._before(kind, invocation, name)
        if kind == "hang":
            self._hang(invocation, name, lambda: method(*args, **kwargs), (args, kwargs))
        result = self._effect(kind, invocation, name, lambda: method(*args, **kwargs), (args, kwargs))
        if kind == "kill-after":
            raise Killed(f"after {name}")
        if kind == "lost":
            error = AmbiguousCompletion if name == "deployment.send" else DependencyUnavailable
            raise error(f"the answer of {name} was lost")
        return result

    def _before(self, kind: Kind | None, invocation: Invocation, name: str) -> None:
        if kind == "pause":
            self.meanwhile()
        if self.clock.now() >= invocation.deadline:
            raise Killed(f"timed out before {name}")
        if kind == "kill-before":
            raise Killed(f"before {name}")
        if kind in {"fail", "throttle"}:
            raise DependencyUnavailable(f"{name} does not answer")

    def _effect(
        self, kind: Kind | None, invocation: Invocation, name: str, done: Callable[[], T], given: Given
    ) -> T:  # fmt: skip
        self.before(invocation, name, *given)
        try:
            result = cast("T", self.stale(name, *given)) if kind == "stale" else done()
        finally:
            self.after(invocation, name)
        invocation.calls += 1
        invocation.read[name] = (result, invocation.calls)
        return result

    def _hang(self, invocation: Invocation, name: str, done: Callable[[], object], given: Given) -> None:
        if self.flip():
            try:
                self._effect(None, invocation, name, done, given)
            except Exception as error:  # noqa: BLE001 - nobody hears this answer
                self.trace(f"and nobody hears {type(error).__name__}")
        self.clock.move_to(max(self.clock.now(), invocation.deadline))
        raise Killed(f"hung at {name}")

    def draw(self, name: str) -> Kind | None:
        """What goes wrong at this call; mostly nothing."""
        port = name.partition(".")[0]
        if self.throttled[port] > 0:
            self.throttled[port] -= 1
            return "throttle"
        if self.rate == 0.0 or self.source.random() >= self.rate * weight(name):
            return None
        kind = self.source.choice(self.kinds)
        if kind == "stale" and name not in STALE_READS:
            return None
        if kind == "pause" and len(self.stack) >= DEPTH:
            return None
        if kind == "throttle":
            self.throttled[port] = self.source.randint(1, 4)
        return kind


class _Guarded:
    """A port whose calls go through ``chaos``."""

    def __init__(self, port: object, name: str, chaos: Chaos) -> None:
        self._port = port
        self._name = name
        self._chaos = chaos

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._port, attribute)
        if not callable(found):
            return found
        chaos, name = self._chaos, f"{self._name}.{attribute}"

        def guarded(*args: Any, **kwargs: Any) -> Any:
            return chaos.call(name, found, args, kwargs)

        return guarded


def guarded(port: T, name: str, chaos: Chaos) -> T:
    """``port`` with ``chaos`` at its calls."""
    return cast("T", _Guarded(port, name, chaos))
