"""What Slack refuses in a message: the limits of Block Kit as docs.slack.dev/reference/block-kit states them."""

import re
from collections.abc import Iterator
from typing import Any

_MAX = {"section": 3_000, "header": 150, "field": 2_000, "context": 3_000, "button": 75}
_ENTITY = re.compile(r"&(?:amp|lt|gt);")


def fault(arguments: dict[str, Any]) -> str | None:
    """The error that Slack answers; None where it takes the message."""
    text, blocks = arguments.get("text"), arguments.get("blocks")
    if not isinstance(text, str) or not isinstance(blocks, list) or not (text and blocks):
        return "no_text"
    if len(text) > 40_000:
        return "msg_too_long"
    if not 0 < len(blocks) <= 50 or not all(_holds(block) for block in blocks):
        return "invalid_blocks"
    return None


def _holds(block: dict[str, Any]) -> bool:
    """Whether a block is of a kind that is used here, and within the limits."""
    kind = block.get("type")
    if kind == "actions":
        ids = [each.get("action_id") for each in block["elements"]]
        return 0 < len(ids) <= 25 and len(set(ids)) == len(ids) and all(_button(each) for each in block["elements"])
    if kind == "context":
        return 0 < len(block["elements"]) <= 10 and all(_text(each, "context") for each in block["elements"])
    if kind == "header":
        return block["text"]["type"] == "plain_text" and _text(block["text"], "header")
    if kind == "section":
        fields = block.get("fields", [])
        texts = [_text(each, "field") for each in fields]
        texts += [_text(block["text"], "section")] if "text" in block else []
        return bool(texts) and len(fields) <= 10 and all(texts)
    return False


def _button(button: dict[str, Any]) -> bool:
    address = button.get("url", "")
    known = set(button) <= {"type", "action_id", "text", "url", "style"} and button.get("style") in {None, "primary"}
    return (
        known
        and _text(button["text"], "button")
        and address.startswith(("https://", "http://"))
        and len(address) <= 2_000
    )


def _text(value: dict[str, Any], where: str) -> bool:
    text = value.get("text")
    return value.get("type") in {"plain_text", "mrkdwn"} and isinstance(text, str) and 0 < len(text) <= _MAX[where]


def mentions(blocks: list[dict[str, Any]]) -> Iterator[str]:
    """What Slack would read as a mention, a link or a broken escape, in any text of any block."""
    for text in _texts(blocks):
        yield from re.findall(r"<[^>]*>?|>", text)
        yield from re.findall("&", _ENTITY.sub("", text))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
