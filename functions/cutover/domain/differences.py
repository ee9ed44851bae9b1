"""Two documents, field by field: pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from cutover.contracts.supersession import MAX_DIFFERENCES, Difference
from cutover.domain import bounded, canonical
from cutover.domain.faults import pointer


def differences(before: Any, after: Any) -> tuple[Difference, ...]:
    """Every leaf in which two JSON values differ, in the order of its pointer, at most ``MAX_DIFFERENCES``."""
    old, new = dict(leaves(before)), dict(leaves(after))
    changed = sorted(where for where in old.keys() | new.keys() if old.get(where) != new.get(where))
    return tuple(difference(where, old, new) for where in changed[:MAX_DIFFERENCES])


def difference(where: str, old: Mapping[str, str], new: Mapping[str, str]) -> Difference:
    return Difference(pointer=where, before=_line(old.get(where)), after=_line(new.get(where)))


def shown(value: Any) -> str:
    """A leaf on one line: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else canonical.encode(value).decode()


def _line(value: str | None) -> str | None:
    return None if value is None else bounded.line(value)


def leaves(value: Any, *path: str | int) -> Iterator[tuple[str, str]]:
    """Each leaf of a JSON value by its pointer, as it is shown; an empty list or object is one."""
    if isinstance(value, dict) and value:
        for key in value:
            yield from leaves(value[key], *path, key)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, *path, index)
    else:
        yield pointer(*path), shown(value)
