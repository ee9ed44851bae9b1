"""What hostile texts did besides being read: on pages, in mails, calendars, Slack and logs."""

import json
from collections.abc import Iterator
from html.parser import HTMLParser

from cutover.messaging import slack_blocks
from tests.attacks.announcing import Told
from tests.fakes.slack_limits import fault, mentions

OURS = {"span"}
"""Elements that a page has only where a character is named instead of shown."""


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
