"""Text objects of Block Kit, so that nothing that others wrote is anything but text.

Slack reads ``&``, ``<`` and ``>`` as control characters wherever it reads text (``<!channel>``, ``<@U123>``,
``<https://…|label>``), so all three are always escaped. What ``mrkdwn`` reads besides (``*``, ``_``, ``~``, a back
quote, ``:name:``) cannot be escaped: such text is ``plain_text`` without emoji, and ``mrkdwn`` is for our own words.

Limits are Slack's and count what is sent. How it counts is not published, so they are counted in UTF-16 code units
of the escaped text here, which is the most that it can come to.
"""

import re
from typing import Any

MAX_TEXT, MAX_FIELD, MAX_HEADER, MAX_BUTTON, MAX_URL = 3_000, 2_000, 150, 75, 2_000
"""Characters: a section's text, one of its fields, a header, a button's text, a button's address."""
CUT = "…"
_NOTHING = "\N{EN DASH}"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_OURS = re.compile(r"[A-Za-z0-9 ,.()/'-]{1,75}")
"""Labels that mean nothing to ``mrkdwn``."""

Block = dict[str, Any]


def escaped(text: str) -> str:
    """The text as Slack is to be given it anywhere."""
    return "".join(_ENTITIES.get(character, character) for character in text)


def size(text: str) -> int:
    """UTF-16 code units of the text once it is escaped."""
    return sum(_cost(character) for character in text)


def fitted(text: str, limit: int) -> str:
    """The text, escaped: as many whole characters as fit into ``limit``, and a ``…`` where some did not."""
    if size(text) <= limit:
        return escaped(text)
    kept, room = [], limit - len(CUT)
    for character in text:
        room -= _cost(character)
        if room < 0:
            break
        kept.append(character)
    return escaped("".join(kept).rstrip()) + CUT


def plain(text: str, limit: int = MAX_TEXT) -> Block:
    """A text object that shows ``text`` as it is. Slack takes no empty one, so nothing is shown as a dash."""
    return {"type": "plain_text", "text": fitted(text, limit) if text.strip() else _NOTHING, "emoji": False}


def bold(label: str) -> Block:
    """One of our own labels in bold; one with any character that could be markup is plain."""
    if not _OURS.fullmatch(label):
        return plain(label, MAX_BUTTON)
    return {"type": "mrkdwn", "text": f"*{label.strip()}*" if label.strip() else _NOTHING, "verbatim": True}


def one_line(text: str) -> str:
    """The text with its line breaks shown instead of made: a value must not look like further lines of ours."""
    return " ⏎ ".join(line.strip() for line in text.splitlines() if line.strip())


def _cost(character: str) -> int:
    return len(_ENTITIES.get(character, "")) or (2 if ord(character) > 0xFFFF else 1)  # noqa: PLR2004
