"""A candidate whose texts are hostile, through the whole pipeline in memory: and everything that was told of it."""

import copy
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Protocol

from cutover.contracts.people import SlackWorkspace
from cutover.domain import canonical
from cutover.messaging import slack_blocks
from cutover.messaging.message import Message
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_caller import WORKSPACE
from tests.fakes.slack_limits import fault, mentions
from tests.simulator.world import World

Path = tuple[str | int, ...]
PEOPLE = {"erin": "U1ERIN", "omar": "U1OMAR", "bo": "U1BO"}
OURS = {"span"}
"""Elements that a page has only where a character is named instead of shown."""


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


def harm(told: Told, usual: Told, mark: str) -> list[str]:
    """What the texts did besides being read. ``mark`` stands in each; ``usual`` is told of a harmless release."""
    return [
        *_in_pages(told, usual), *_in_mails(told, usual), *_in_calendars(told, usual), *_in_slack(told),
        *_in_logs(told, mark),
    ]  # fmt: skip


def _in_pages(told: Told, usual: Told) -> Iterator[str]:
    known = [Reader(page) for page in usual.pages]
    elements = OURS.union(*(each.elements for each in known))
    attributes: set[str] = set().union(*(each.attributes for each in known))
    for page in map(Reader, told.pages):
        yield from _strange("page", page, elements, attributes)


def _in_mails(told: Told, usual: Told) -> Iterator[str]:
    known = [Reader(mail.html) for mail in usual.mails]
    elements = OURS.union(*(each.elements for each in known))
    attributes: set[str] = set().union(*(each.attributes for each in known))
    if {mail.to for mail in told.mails} - {mail.to for mail in usual.mails}:
        yield "mail: somebody else is written to"
    for mail in told.mails:
        yield from _strange("mail", Reader(mail.html), elements, attributes)
        if not mail.subject.isprintable():
            yield "mail: a subject of several lines, or of hidden characters"
        if not _readable(mail.text) or COMPUTED in mail.text:
            yield "mail: hidden or computed characters in its text"


def _in_calendars(told: Told, usual: Told) -> Iterator[str]:
    known = {name for calendar in usual.calendars for name in _properties(calendar)}
    for calendar in told.calendars:
        if _properties(calendar) - known:
            yield "calendar: properties of the attacker's"
        if not _readable(calendar.replace("\r\n", "")):
            yield "calendar: hidden characters"


def _properties(calendar: str) -> set[str]:
    """The names of its lines, once those are unfolded (RFC 5545, 3.1), and what begins and ends."""
    lines = calendar.replace("\r\n ", "").split("\r\n")
    return {line if line.startswith(("BEGIN", "END")) else line.partition(":")[0] for line in lines}


def _in_slack(told: Told) -> Iterator[str]:
    for message in told.slack:
        made = slack_blocks.blocks(message)
        text = slack_blocks.fallback(message)
        yield from (f"slack: {each}" for each in mentions([{"text": text}, *made]))
        if wrong := fault({"channel": "C1", "text": text, "blocks": made}):
            yield f"slack: {wrong}"
        if not _readable(json.dumps(made, ensure_ascii=False)):
            yield "slack: hidden characters"


def _in_logs(told: Told, mark: str) -> Iterator[str]:
    yield from ("log: holds a text of the candidate" for line in told.lines if mark in line)


def _strange(what: str, page: "Reader", elements: set[str], attributes: set[str]) -> Iterator[str]:
    if more := page.elements - elements:
        yield f"{what}: elements {sorted(more)}"
    if more := page.attributes - attributes:
        yield f"{what}: attributes {sorted(more)}"
    if not _readable(page.seen):
        yield f"{what}: hidden characters"
    if COMPUTED in page.seen:
        yield f"{what}: computed"


COMPUTED = "94011"
"""What a template would make of 31337 * 3."""


def _readable(text: str) -> bool:
    return all(each.isprintable() or each in "\n\t" for each in text)


class Reader(HTMLParser):
    """A page as a browser takes it: its elements, their attributes, and the text that people see."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.seen = ""
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside != "style":
            self.seen += data


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
