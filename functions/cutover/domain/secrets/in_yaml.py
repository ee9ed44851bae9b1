"""Where the value of a name stands in YAML: behind it, on the lines below, in braces, or in a setting beside it.

No parser: what YAML hides by other means (escapes, ``? key``) shows in what is made of the record, and is looked for
there. Of each name a bounded number of bytes is looked at, so that time stays in proportion to the body.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

Place = tuple[int, int]
_KEY = re.compile(rb"(?:\A|\n)(?P<indent>[ \t]*+(?:-[ \t]++)*+)[\"']?[\w./-]*+\Z")
_FLOW_KEY = re.compile(rb"[{,]\s*+[\"']?[\w./-]*+\Z")
_NAMED = re.compile(rb"(?:\A|[\n{,-])[ \t]*+[\"']?name[\"']?[ \t]{0,9}:[ \t]{1,9}[\"']?[\w./-]{0,128}\Z", re.IGNORECASE)
_NAME_ENDS = re.compile(rb"[\"']?[ \t]{0,20}(?:[,}\r\n]|#|\Z)")
_ITEM = re.compile(rb"\n[ \t]{0,99}-[ \t]")
_SAYS = rb"[\"']?(?:value|base|default)(?=[\"']?[ \t]{0,9}:)"
_VALUE_BELOW = re.compile(rb"\n(?P<indent>[ \t]{0,99}(?:-[ \t]{1,9}){0,9})" + _SAYS, re.IGNORECASE)
_VALUE_BESIDE = re.compile(rb"[{,]\s{0,9}" + _SAYS, re.IGNORECASE)
_COLON = rb"[\"']?[ \t]{0,20}:"
_QUOTED = rb"\"(?P<double>(?:[^\"\\]|\\(?s:.)){0,4096}+)\"|'(?P<single>[^']{0,999}+(?:''[^']{0,999}+){0,19}+)'"
_SWITCH = rb"(?!(?:true|false)[ \t]*+(?:[,}#\r\n]|\Z))"
_PLAIN = rb"(?P<plain>" + _SWITCH + rb"[^\s\"'|>&*!#](?:[^\n#]|(?<![ \t])#){0,4096}+)"
_BEHIND = re.compile(_COLON + rb"[ \t]{1,20}(?:" + _QUOTED + rb"|" + _PLAIN + rb")")
_PLAIN_IN_FLOW = rb"(?<=\s)(?P<plain>" + _SWITCH + rb"[^\s,{}\[\]\"'|>&*!#][^,{}\[\]\n]{0,4096}+)"
_IN_FLOW = re.compile(_COLON + rb"\s{0,20}(?:" + _QUOTED + rb"|" + _PLAIN_IN_FLOW + rb")")
_BELOW = re.compile(_COLON + rb"[ \t]{0,20}(?P<block>[|>][-+0-9]{0,2})?[ \t]{0,20}(?:#[^\n]{0,200})?\r?\n")
_SCALAR = re.compile(
    rb"[ \t]*+(?:" + _QUOTED + rb"|(?P<plain>(?![-?:][ \t])[^\s\"'|>&*!#{\[](?:[^\n:]|:(?!\s))*+$))", re.MULTILINE
)
_WORD, _SETTING, _BLOCK = 200, 512, 2048
"""Bytes: how long a name, a setting or what stands in braces, and a value of several lines may be."""


@dataclass(slots=True)
class InYaml:
    """One body, in which names are asked about in their order."""

    content: bytes
    looked_to: int = 0
    """A hostile setting has many names: what was looked through for one of them is not looked through for the next."""

    def values(self, at: int, end: int) -> Iterator[Place]:
        """The values of the name whose last word stands at ``at`` to ``end``: start and end of each one's text."""
        content, opened = self.content, _brace(self.content, at)
        since = max(content.rfind(b"\n", max(0, at - _WORD), at), at - _WORD, 0)
        if opened is not None and _FLOW_KEY.search(content, max(opened, at - _WORD), at):
            yield from _of(_IN_FLOW.match(content, end))
        elif key := _KEY.search(content, since, at):
            yield from _of_key(content, len(key["indent"]), end)
        elif _NAME_ENDS.match(content, end) and _NAMED.search(content, since, at):
            yield from self._beside(opened, at, end)

    def _beside(self, opened: int | None, at: int, end: int) -> Iterator[Place]:
        """What a setting says beside the name that it has: in the same braces, or in the same item of a list."""
        content = self.content
        start, stop = _item(content, at, end) if opened is None else _braces(content, opened, end)
        start, self.looked_to = max(start, self.looked_to), max(stop, self.looked_to)
        for value in (_VALUE_BELOW if opened is None else _VALUE_BESIDE).finditer(content, start, stop):
            if opened is None:
                yield from _of_key(content, len(value["indent"]), value.end())
            else:
                yield from _of(_IN_FLOW.match(content, value.end()))


def _of_key(content: bytes, column: int, end: int) -> Iterator[Place]:
    """The value of a key that ends at ``end`` and stands in this column: behind it, or on the lines below."""
    yield from _of(_BEHIND.match(content, end))
    below = _BELOW.match(content, end)
    if below is None:
        return
    first, last = _lines(content, column, below.end())
    scalar = _SCALAR.match(content, first)
    if first == last or (below["block"] is None and scalar is None):
        return
    if below["block"] is None and scalar is not None and scalar.lastgroup != "plain":
        yield from _of(scalar)
    else:
        yield first, last


def _of(found: re.Match[bytes] | None) -> Iterator[Place]:
    if found is not None:
        yield found.span(str(found.lastgroup))


def _lines(content: bytes, column: int, start: int) -> Place:
    """From the first to the last character of the lines from ``start`` on that stand further right than ``column``."""
    first = last = at = start
    limit = min(len(content), start + _BLOCK)
    while at < limit:
        newline = content.find(b"\n", at, limit)
        stop = limit if newline == -1 else newline
        text = content[at:stop].lstrip(b" ")
        if text.strip():
            if stop - at - len(text) <= column:
                break
            first = stop - len(text) if first == last else first
            last = at + len(content[at:stop].rstrip())
        at = stop + 1
    return first, last


def _brace(content: bytes, at: int) -> int | None:
    """The brace that was opened before, if none was closed since."""
    opened = content.rfind(b"{", max(0, at - _SETTING), at)
    return opened if opened != -1 and content.find(b"}", opened, at) == -1 else None


def _braces(content: bytes, opened: int, end: int) -> Place:
    closed = content.find(b"}", end, end + _SETTING)
    return opened, closed if closed != -1 else end


def _item(content: bytes, at: int, end: int) -> Place:
    """From the line of the dash before to that of the next one, as far as a setting may be long."""
    dash = content.rfind(b"- ", max(0, at - _SETTING), at)
    start = content.rfind(b"\n", max(0, dash - _WORD), dash) if dash != -1 else at - _SETTING
    behind = _ITEM.search(content, end, end + _SETTING)
    return max(start, 0), behind.start() if behind else end + _SETTING
