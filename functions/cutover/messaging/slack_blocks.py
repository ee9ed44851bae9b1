"""A message as Slack shows it: Block Kit blocks, and the one line that notifications show.

Deciding in Slack is not offered (ADR 24): a button opens the page. A closed message has no button of any kind, so
that nothing in it can be pressed once there is nothing to do.
"""

from collections.abc import Iterator, Sequence

from cutover.errors import ConfigurationError
from cutover.messaging.message import Button, Message, Row
from cutover.messaging.slack_text import (
    MAX_BUTTON,
    MAX_FIELD,
    MAX_HEADER,
    MAX_TEXT,
    MAX_URL,
    Block,
    bold,
    fitted,
    one_line,
    plain,
    size,
)

MAX_BLOCKS = 50
_FIELDS, _BUTTONS = 10, 25
"""Fields of a section (a row takes two), and elements of an actions block."""
_SHORT, _LINES = 240, 3
"""Characters and lines of what stands beside its label; anything more stands below it."""
_ROW, _ROWS = 1_500, 8_000
"""Characters of one row and of all together: Slack refuses a message that is too long without saying how long."""
_ROOM = 40
"""Blocks that rows may take; what stands around them takes nine at most."""
_MOST = 3 * _BUTTONS
_NOT_HERE = "You decide on the page that the button opens. An answer in Slack decides nothing."
_BY_MESSAGE = "Whoever is asked has a message of their own. An answer in Slack decides nothing."
_THE_REST = "There is more than fits here. The page shows all of it."


def fallback(message: Message) -> str:
    """What a notification shows, escaped: what, where and when, and what changed. Never a link."""
    return fitted(one_line(f"{message.headline} {message.preview}"), MAX_TEXT)


def blocks(message: Message) -> list[Block]:
    """At most ``MAX_BLOCKS`` blocks. Raises ``ConfigurationError`` where a link is too long for a button."""
    return [*(_closed(message) if message.stage == "closed" else _asked(message)), *_foot(message)]


def _asked(message: Message) -> Iterator[Block]:
    yield {"type": "header", "text": plain(one_line(message.headline), MAX_HEADER)}
    yield _section(message.lead)
    if message.preview.strip():
        yield _context(one_line(message.preview))
    yield from _rows(message.rows)
    if message.asked:
        asked = ", ".join(one_line(name) for name in message.asked)
        yield {"type": "section", "fields": [bold("Asked"), plain(asked, MAX_FIELD)]}
    yield from _actions(message)


def _closed(message: Message) -> Iterator[Block]:
    """What became of it comes first, and what it was about is small: nobody is to read it as a question."""
    yield _section(message.lead)
    yield _context(one_line(message.headline))
    yield from _rows(message.rows)


def _rows(rows: Sequence[Row]) -> list[Block]:
    """Label and value side by side, five rows a section; whatever is long below its label. In their order."""
    made: list[Block] = []
    beside: list[Block] = []
    room, cut = _ROWS, False
    for row in rows:
        cost = min(size(row.text), _ROW)
        if cost > room or len(made) + len(beside) // _FIELDS + 4 > _ROOM:
            cut = True
            continue
        room, cut = room - cost, cut or cost < size(row.text)
        if cost <= _SHORT and row.text.count("\n") < _LINES:
            beside += [bold(row.label), plain(row.text, _SHORT)]
            continue
        made += [*_fields(beside), {"type": "section", "text": bold(row.label)}, _section(row.text, _ROW)]
        beside = []
    made += _fields(beside)
    return [*made, _context(_THE_REST)] if cut else made


def _fields(beside: Sequence[Block]) -> Iterator[Block]:
    for start in range(0, len(beside), _FIELDS):
        yield {"type": "section", "fields": list(beside[start : start + _FIELDS])}


def _actions(message: Message) -> Iterator[Block]:
    """Buttons that open pages; whom they are for is in their text. Slack tells us of each press, by its id."""
    pages = (("What waits for me", message.waiting_url), ("Calendar entry", message.calendar_url))
    others = tuple(Button(label, url) for label, url in pages if url is not None)
    pressed = [
        {
            "type": "button", "action_id": f"open-{number}", "text": plain(button.label, MAX_BUTTON),
            "url": _address(button.url), **({"style": "primary"} if button in message.buttons else {}),
        }
        for number, button in enumerate((*message.buttons[:_MOST - len(others)], *others))
    ]  # fmt: skip
    for start in range(0, len(pressed), _BUTTONS):
        yield {"type": "actions", "elements": pressed[start : start + _BUTTONS]}


def _address(url: str) -> str:
    if len(url) > MAX_URL:
        raise ConfigurationError(f"a link of {len(url)} characters: the page's address is too long for Slack")
    return url


def _section(text: str, limit: int = MAX_TEXT) -> Block:
    return {"type": "section", "text": plain(text, limit)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [plain(text, MAX_FIELD)]}


def _foot(message: Message) -> Iterator[Block]:
    where = _NOT_HERE if message.buttons else _BY_MESSAGE
    parts = (
        f"{message.cutover}, revision {message.revision}" if message.cutover else "",
        "" if message.stage == "closed" else where,
    )
    if any(parts):
        yield _context(" \N{MIDDLE DOT} ".join(part for part in parts if part))
