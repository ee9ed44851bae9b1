"""Changing one value of a JSON document at a time."""

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

from cutover.domain.faults import pointer
from cutover.domain.pointer import resolve

DIGEST = re.compile(r"(sha256:)?[0-9a-f]{64}")
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


def leaves(value: Any, *path: str | int) -> Iterator[str]:
    """The pointers of all values that hold no other, empty groups included."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, *path, key)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, *path, index)
    else:
        yield pointer(*path)


def pattern(where: str) -> str:
    """A pointer with ``*`` for every index, as ``domain.coverage`` writes it."""
    return re.sub(r"/\d+(?=/|$)", "/*", where)


def other(value: Any) -> Any:
    """Another value of the same kind, that as many contracts as possible still accept."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str) and DIGEST.fullmatch(value):
        return value[:-1] + ("0" if value[-1] != "0" else "1")
    if isinstance(value, str) and INSTANT.fullmatch(value):
        return value[:-2] + ("1Z" if value[-2] == "0" else "0Z")
    if isinstance(value, str):
        return value[:-1] + ("a" if value[-1:] != "a" else "b")
    return "sha256:" + "0" * 64  # null, and empty groups


def put(where: str, value: Any) -> Callable[[Any], Any]:
    """A change of a document that puts ``value`` at a pointer."""

    def change(document: Any) -> Any:
        changed = copy.deepcopy(document)
        parent, _, last = where.rpartition("/")
        group = resolve(changed, parent)
        key = last.replace("~1", "/").replace("~0", "~")
        group[int(key) if isinstance(group, list) else key] = value
        return changed

    return change


def mutate(where: str) -> Callable[[Any], Any]:
    """A change of a document that puts another value where there is one."""
    return lambda document: put(where, other(resolve(document, where)))(document)


def remove(where: str) -> Callable[[Any], Any]:
    """A change of a document that takes a key or an item away."""

    def change(document: Any) -> Any:
        changed = copy.deepcopy(document)
        parent, _, last = where.rpartition("/")
        group = resolve(changed, parent)
        del group[int(last) if isinstance(group, list) else last]
        return changed

    return change
