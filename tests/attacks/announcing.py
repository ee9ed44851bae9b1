"""A candidate whose texts are hostile, through the whole pipeline in memory: and everything that was told of it."""

import copy
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from cutover.contracts.people import SlackWorkspace
from cutover.domain import canonical
from cutover.messaging.message import Message
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_caller import WORKSPACE
from tests.simulator.world import World

Path = tuple[str | int, ...]
PEOPLE = {"erin": "U1ERIN", "omar": "U1OMAR", "bo": "U1BO"}


class Mailed(Protocol):
    """A mail as it was sent, here or by the local stack."""

    @property
    def to(self) -> object: ...

    @property
    def subject(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def html(self) -> str: ...


@dataclass
class Told:
    """What one announcement led to. ``ended``: refused with a code, held with one, or the status of its revision."""

    ended: str
    fields: tuple[str, ...] = ()
    pages: list[str] = field(default_factory=list)
    mails: Sequence[Mailed] = field(default_factory=list)
    calendars: list[str] = field(default_factory=list)
    slack: list[Message] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    held: list[bytes] = field(default_factory=list)


def document() -> dict[str, Any]:
    """The candidate as JSON, before anything is done to it."""
    candidate: dict[str, Any] = json.loads(canonical.encode_model(World().candidate()))
    return candidate


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where a text stands in it."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from leaves(each, (*path, index))
    elif isinstance(value, str):
        yield path


def with_text(candidate: dict[str, Any], paths: Iterator[Path] | list[Path], text: str) -> dict[str, Any]:
    changed = copy.deepcopy(candidate)
    for path in paths:
        inner: Any = changed
        for part in path[:-1]:
            inner = inner[part]
        inner[path[-1]] = text
    return changed


def announce(change: Any = None) -> Told:
    """A world of its own, its candidate changed by ``change`` (a function of the document), and left to run."""
    with logged() as lines:
        world = _world()
        candidate = json.loads(canonical.encode_model(world.candidate()))
        digest = world.announce(canonical.encode(change(candidate) if change else candidate))
        world.run()
        admission = world.admission(digest)
        told = Told(ended=f"{admission.status.value} {admission.reason or ''}".strip(), lines=lines)
        if admission.cutover is not None:
            record = world.record(admission.cutover)
            told.ended = f"{record.status.value} {record.reason or ''}".strip()
        told.mails = list(world.wiring.mailer.sent)
        told.slack = [each.message for each in _slack(world).messages.values()]
        told.held = [each.body for each in world.wiring.exceptions.messages]
        told.calendars = [world.http("GET", f"{link}/window.ics")["body"] for link in world.links().values()]
        told.pages = [world.http("GET", link)["body"] for link in world.links().values()]
    return told


@contextmanager
def logged() -> Iterator[list[str]]:
    """Every line that any logger of ours or of our libraries writes meanwhile."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{vars(record)}")

    handler, ours = Handler(), logging.getLogger("cutover")
    for logger in (ours, logging.getLogger()):
        logger.addHandler(handler)
    try:
        yield lines
    finally:
        for logger in (ours, logging.getLogger()):
            logger.removeHandler(handler)


def _world() -> World:
    world = World()
    facts = world.deployment.facts()
    people = {name: each.model_copy(update={"slack": PEOPLE.get(name)}) for name, each in facts.people.items()}
    channels = {role: f"C1{role[:3].upper()}" for role in ("release-engineering", "operations")}
    slack = SlackWorkspace(team=WORKSPACE.team, app=WORKSPACE.app, channels=channels)
    world.publish(facts=facts.model_copy(update={"people": people, "slack": slack}), version=2)
    vars(world.wiring)["slack"] = FakeSlack()
    return world


def _slack(world: World) -> FakeSlack:
    slack = world.wiring.slack
    assert isinstance(slack, FakeSlack)
    return slack
