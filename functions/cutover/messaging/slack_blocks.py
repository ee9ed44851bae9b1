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
_SHORT = 120
"""What stands beside its label; anything longer, or of several lines, stands below it."""
_ROW, _ROWS = 1_500, 8_000
"""Characters of one row and of all together: Slack refuses a message that is too long without saying how long."""
_ROOM = 40
"""Blocks that rows may take; what stands around them takes nine at most."""
_MOST = 3 * _BUTTONS
_ONLY_THERE = "You decide on the page that the button opens. An answer in Slack decides nothing."
_THE_REST = "There is more than fits here. The page shows all of it."


def fallback(message: Message) -> str:
    """What a notification shows, escaped: what, where and when, and what changed. Never a link."""
    return fitted(one_line(f"{message.headline} {message.preview}"), MAX_TEXT)


def blocks(message: Message) -> list[Block]:
    """At most ``MAX_BLOCKS`` blocks. Raises ``ConfigurationError`` where a link is too long for a button."""
    made: list[Block] = [{"type": "header", "text": plain(one_line(message.headline), MAX_HEADER)}]
    made.append(_section(message.lead))
    if message.preview.strip():
        made.append(_context(one_line(message.preview)))
    made += _rows(message.rows)
    if message.asked:
        asked = ", ".join(one_line(name) for name in message.asked)
        made.append({"type": "section", "fields": [bold("Asked"), plain(asked, MAX_FIELD)]})
    if message.stage != "closed":
        made += _actions(message)
    if foot := _foot(message):
        made.append(_context(foot))
    return made


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
        if cost <= _SHORT and "\n" not in row.text:
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


def _foot(message: Message) -> str:
    of = f"{message.cutover}, revision {message.revision}" if message.cutover else ""
    return " · ".join(part for part in (of, "" if message.stage == "closed" else _ONLY_THERE) if part)
