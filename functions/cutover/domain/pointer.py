"""JSON Pointer (RFC 6901), reading only."""

from typing import Any, Final

NOWHERE: Final = object()
"""What a pointer that leads nowhere resolves to; None is a value of JSON."""


def resolve(document: Any, pointer: str) -> Any:
    """The value that ``pointer`` leads to, or ``NOWHERE``. Array indexes have no sign and no leading zero."""
    value = document
    for part in pointer.split("/")[1:]:
        key = _unescaped(part)
        if isinstance(value, dict):
            value = value.get(key, NOWHERE)
        elif isinstance(value, list) and key.isascii() and key.isdecimal() and key == str(int(key)):
            value = value[int(key)] if int(key) < len(value) else NOWHERE
        else:
            return NOWHERE
        if value is NOWHERE:
            return NOWHERE
    return value


def key_at(document: Any, pointer: str) -> Any:
    """The name under which what ``pointer`` leads to stands in its object, ``NOWHERE`` where it is no member of one."""
    holder, _, part = pointer.rpartition("/")
    key = _unescaped(part)
    within = resolve(document, holder) if pointer else NOWHERE
    return key if isinstance(within, dict) and key in within else NOWHERE


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
