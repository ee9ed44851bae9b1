"""One seeded run: the world, what goes wrong in it, who looks on, and how an actor does something in it."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.simulation.chaos import Chaos, FunctionEnded, Invocation
from tests.simulation.environment import Environment, Message
from tests.simulation.observer import Observer
from tests.simulation.violation import Violation

Say = Callable[[str], None]
PAUSED_FOR = 20
"""Seconds: at most so much passes while a function stands still; some functions' time is over then."""


class Simulation:
    """A copied world under one seed. ``say`` is told of everything that happens, a line each."""

    def __init__(
        self, world: Environment, seed: int, say: Say = lambda _line: None, chaos: type[Chaos] = Chaos
    ) -> None:
        self.seed = seed
        self.source = random.Random(seed)  # noqa: S311 - it must repeat
        self.world = world
        self.chaos: Chaos = world.arm(self.source, chaos)
        self.observer = Observer(world)
        self.observer.start()
        self.done: Counter[str] = Counter()
        self.posted: list[tuple[str, str]] = []
        """Forms that were sent: they can be sent again."""
        self.past: list[tuple[str, list[Any]]] = []
        """Batches of streams that were delivered: they can come again."""
        self.failures: list[tuple[str, list[Any]]] = []
        """Batches that were given up: what lies in the failure queues."""
        self.dead: list[Message] = []
        """Messages in the dead-letter queues."""
        self.known: dict[str, Any] = {}
        """What an actor keeps for later."""
        self._say = say
        self.chaos.trace = self.tell
        self.chaos.after = self._wrote
        self.chaos.before = self.observer.before
        self.chaos.stale = self._stale

    def tell(self, line: str) -> None:
        indent = "  " * (len(self.chaos.stack) + 1)
        self._say(f"{self.world.clock.now():%d %H:%M:%S}{indent}{line}")

    def call(self, function: Callable[[], Any], what: str) -> Any:
        """Do something that may end in an error of a function; None then. Violations pass."""
        self.tell(what)
        self.done[what.partition(" ")[0]] += 1
        try:
            return function()
        except Exception as error:  # noqa: BLE001 - whoever calls a function sees only that it failed
            named = str(error) if isinstance(error, FunctionEnded) else type(error).__name__
            self.tell(f"failed: {named}")
            self.done[f"failed:{type(error).__name__}"] += 1
            return None
        finally:
            self.wrote(None)

    def wrote(self, invocation: Invocation | None) -> None:
        """Whatever was written since the last look goes to the streams, and to the observer."""
        written = self.world.gather()
        if not written:
            return
        write = self.observer.wrote(invocation, written)
        for entry in write.entries:
            self.tell(f"{entry.transition or '-'} {entry.event}: {entry.from_} to {entry.to} ({entry.result})")

    def _wrote(self, invocation: Invocation, call: str) -> None:
        if call.startswith(("records.", "tokens.")):
            self.wrote(invocation)

    def _stale(self, _call: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What is due by the images of a moment ago, where there are any."""
        found = list(self.world.wiring.records.due(*args, **kwargs))
        return iter([self.observer.lagging(each) if self.source.random() < 0.5 else each for each in found])

    def wait(self, seconds: float) -> None:
        """Time passes. While a function stands still, only little."""
        if self.chaos.stack:
            seconds = min(seconds, PAUSED_FOR)
        self.world.clock.move(timedelta(seconds=seconds))

    def draw_faults(self) -> None:
        """Each run has its own weather: which kinds of faults, how often, how far clocks are apart."""
        source = self.source
        kinds = list(self.chaos.kinds)
        source.shuffle(kinds)
        self.chaos.kinds = tuple(sorted(kinds[: source.randint(2, len(kinds))]))
        self.chaos.rate = source.choice((0.0, 0.01, 0.03, 0.06))
        for function in sorted(self.chaos.timeouts):
            self.chaos.skews[function] = timedelta(seconds=source.randint(-2, 2))
        self.chaos.met["skew", "clock"] += len({*self.chaos.skews.values()}) > 1

    def calm(self) -> None:
        """No faults from here on."""
        self.chaos.rate = 0.0
        self.chaos.throttled.clear()
        self.chaos.meanwhile = lambda: None


class Failed(Exception):
    """A run broke an invariant. The message says which seed repeats it."""

    def __init__(self, seed: int, why: Violation | str) -> None:
        super().__init__(f"{why}\nrepeat: python -m tests.simulation --seed {seed} --trace")
        self.seed = seed
