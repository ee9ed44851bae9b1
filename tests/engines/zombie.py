"""A function's process that is stopped in the middle of its work, and goes on when everybody has forgotten it.

The process stops itself (SIGSTOP) where its order says; nobody sleeps, nobody guesses. It is started with::

    python -m tests.engines.zombie URL FILE-DESCRIPTOR
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutover.adapters.dynamodb_records import DynamoRecords
from cutover.errors import CutoverError
from cutover.ports import Commit
from tests.engines.dynamodb_local import Engine
from tests.engines.scenes import Place, Scene
from tests.engines.sharing import SharedClock, SharedObjects
from tests.simulator.wiring import SimulatedWiring

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

REPOSITORY = Path(__file__).resolve().parents[2]
Act = Callable[[SimulatedWiring], Any]


@dataclass(frozen=True)
class Order:
    """``scene`` None: that of the order before. ``folder``: what is shared (``clock``, ``objects``).

    Stops before or after its commit of that number.
    """

    scene: Scene | None
    table: str
    folder: Path
    act: Act
    before: int = 0
    after: int = 0


@dataclass(frozen=True)
class Report:
    """``stopped``: it was where its order said. ``sent``: how many messages since it went on."""

    stopped: bool
    sent: int
    error: str | None


def shared_place(scene: Scene, client: "DynamoDBClient", table: str, folder: Path) -> Place:
    """The scene as both processes see it."""
    place = Place.of(scene, client, table)
    place.clock = SharedClock(folder / "clock")
    place.store.objects = SharedObjects(scene.objects, folder / "objects")  # type: ignore[assignment]
    return place


class Halting(DynamoRecords):
    """The real adapter, in a process that stops itself at one of its commits."""

    def __init__(self, client: "DynamoDBClient", order: Order, halt: Callable[[], None]) -> None:
        super().__init__(client, table=order.table)
        self._order = order
        self._halt = halt
        self._commits = 0

    def commit(self, commit: Commit) -> None:
        self._commits += 1
        if self._commits == self._order.before:
            self._halt()
        super().commit(commit)
        if self._commits == self._order.after:
            self._halt()


def perform(client: "DynamoDBClient", order: Order, scene: Scene) -> Report:
    """One function call, with one stop in it."""
    place = shared_place(scene, client, order.table, order.folder)
    sent_before: list[int] = []

    def halt() -> None:
        sent_before.append(len(place.deployment.messages))
        os.kill(os.getpid(), signal.SIGSTOP)

    error = None
    try:
        order.act(place.wiring(Halting(client, order, halt)))
    except CutoverError as raised:
        error = f"{type(raised).__name__}: {raised}"
    stopped = bool(sent_before)
    if not stopped:
        halt()  # whoever waits for that waits in vain otherwise
    return Report(stopped, len(place.deployment.messages) - sent_before[0], error)


class Zombie:
    """That process, as the tests' own process sees it."""

    def __init__(self, engine: Engine) -> None:
        self._connection, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.engines.zombie", engine.url, str(theirs.fileno())],
                cwd=REPOSITORY,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
                pass_fds=(theirs.fileno(),),
            )

    @contextmanager
    def stopped(self, order: Order) -> Iterator[Callable[[], Report]]:
        """While the process stands still. What is given lets it go on, and returns when it has done what it began."""
        self._connection.send(order)
        _, status = os.waitpid(self._process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), "the zombie died"
        reports: list[Report] = []

        def go_on() -> Report:
            self._process.send_signal(signal.SIGCONT)
            reports.append(self._connection.recv())
            return reports[0]

        try:
            yield go_on
        finally:
            if not reports:
                go_on()

    def close(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.wait()


def main(url: str, descriptor: int) -> None:
    client = Engine(url).client()
    scenes: list[Scene] = []
    with Connection(descriptor) as connection:
        while True:
            try:
                order = connection.recv()
            except EOFError:
                return
            scenes = [order.scene] if order.scene else scenes
            connection.send(perform(client, order, *scenes))


if __name__ == "__main__":
    # What is sent through the pipe is named after this module, not after ``__main__``.
    from tests.engines import zombie

    zombie.main(sys.argv[1], int(sys.argv[2]))
