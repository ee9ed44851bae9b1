"""Secrets that the bytes of a record hide and whoever reads it sees: in YAML, in a payload, behind escapes. Pure.

``domain.secrets`` looks through bytes. JSON can spell a character in several ways, and have JSON in a text; YAML can
spread a text over lines. So what is made of a record is looked through, too, and JSON once more as it reads.
"""

import json
from collections.abc import Iterator
from typing import Any

from cutover.domain.secrets import found
from cutover.errors import Refused

NESTED = 8
"""So many times JSON in a text of JSON is opened: each costs its author twice the escapes of the one around it."""

_ENDS = frozenset({"{}", "[]", '""'})


def demand_nothing_hidden(content: bytes, made: bytes | None, *, parsed: bool) -> None:
    """``content``: a record whose bytes were screened; ``made``: what is made of it (``domain.unwrapping``).

    ``parsed``: look through what they say as JSON, too: for records that are small enough to be held as a tree.

    Raises ``Refused``: ``SOURCE_RECORD_HAS_SECRET``, whatever the rules say, because only what came could be redacted,
    and there it does not stand; ``SOURCE_RECORD_NOT_SCREENED`` for JSON nested too deep to be looked through.
    """
    for form in _forms(content, made, parsed=parsed):
        if secrets := found(form):
            kinds = ", ".join(sorted({each.kind for each in secrets}))
            raise Refused(
                "SOURCE_RECORD_HAS_SECRET",
                f"{kinds}, which shows when the record is read; its bytes hide it, so it cannot be redacted",
            )


def _forms(content: bytes, made: bytes | None, *, parsed: bool) -> Iterator[bytes]:
    if made is not None:
        yield made
    for each in (content, made) if parsed else ():
        if each is not None and (spelled := _spelled(each)) is not None:
            yield spelled


def _spelled(content: bytes) -> bytes | None:
    """The JSON in one spelling, without escapes that need not be; None for what is none and is read by nobody."""
    try:
        document = _read(content)
    except (ValueError, RecursionError):
        return None
    try:
        spelled = json.dumps(_opened(document, NESTED), ensure_ascii=False, sort_keys=True)
    except RecursionError as error:
        raise Refused("SOURCE_RECORD_NOT_SCREENED", "JSON nested too deep to be looked through") from error
    return spelled.encode("utf-8", "replace")


def _opened(value: Any, nested: int) -> Any:
    """The value, with what JSON in its texts says in their place."""
    if isinstance(value, dict):
        return {key: _opened(each, nested) for key, each in value.items()}
    if isinstance(value, list):
        return [_opened(each, nested) for each in value]
    if isinstance(value, str) and nested and value.strip()[:1] + value.strip()[-1:] in _ENDS:
        try:
            return _opened(_read(value), nested - 1)
        except ValueError:
            return value
    return value


def _read(content: bytes | str) -> Any:
    return json.loads(content, object_pairs_hook=_all)


def _all(pairs: list[tuple[str, Any]]) -> Any:
    """Of a key that stands twice, other readers take the first or the last one: both are looked at."""
    found_pairs = dict(pairs)
    return found_pairs if len(found_pairs) == len(pairs) else [{key: value} for key, value in pairs]
