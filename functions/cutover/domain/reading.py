"""Records of other systems, read strictly enough that every reader reads the same: pure."""

import json
import re
from typing import Any

from cutover.domain import bounded
from cutover.errors import Refused

UNREADABLE = "EVIDENCE_UNREADABLE"
MAX_DEPTH = 200
"""Far above what any record of a release needs, and far below where a parser gives up."""
_MARKS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
"""Brackets, and the texts in which they mean nothing."""
MAX_YAML = 65_536
"""Bytes: sixteen times as much takes half a minute to read. Whoever needs more writes JSON."""


def parse_yaml(content: bytes) -> dict[str, Any]:
    """The one mapping in YAML of UTF-8, in JSON's types only. Raises ``Refused`` (``EVIDENCE_UNREADABLE``)."""
    from cutover.domain import strict_yaml

    if len(content) > MAX_YAML:
        raise Refused(UNREADABLE, f"YAML of {len(content)} bytes; at most {MAX_YAML}")
    try:
        return strict_yaml.read(content.decode())
    except UnicodeDecodeError as error:
        raise Refused(UNREADABLE, "not UTF-8") from error
    except Refused as refused:
        detail = bounded.line(f"not YAML that can be read in one way only: {refused.detail}")
        raise Refused(UNREADABLE, detail) from refused


def parse_strictly(content: bytes) -> Any:
    """A JSON value in UTF-8 (RFC 8259) that every reader reads alike: no key twice, no NaN, ``MAX_DEPTH`` at most.

    Raises ``Refused`` (``EVIDENCE_UNREADABLE``).
    """
    if _deeper(content):
        raise Refused(UNREADABLE, f"nested deeper than {MAX_DEPTH}")
    try:
        return json.loads(content.decode(), object_pairs_hook=_once, parse_constant=_never)
    except (ValueError, RecursionError) as error:
        raise Refused(UNREADABLE, "not JSON that can be read in one way only") from error


def _deeper(content: bytes) -> bool:
    """Counted here, because how deep the parser goes depends on who has called it."""
    if content.count(b"[") + content.count(b"{") <= MAX_DEPTH:
        return False
    depth = 0
    for mark in _MARKS.finditer(content):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(mark[0], 0)
        if depth > MAX_DEPTH:
            return True
    return False


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _never(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
