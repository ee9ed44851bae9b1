"""How what stands at a pointer becomes a field's value (``contracts.bundle.Measure``): pure."""

from typing import Any

from cutover.contracts.bundle import Measure
from cutover.contracts.policy import Rendering
from cutover.domain.pointer import NOWHERE, key_at, resolve
from cutover.domain.rendering import render


def measured(document: Any, pointer: str, measure: Measure, rendering: Rendering) -> tuple[Any, ...]:
    """The values that a field may have from what ``pointer`` leads to in a JSON value: none, one or several.

    ``sha256`` is not of a value but of bytes, and so is not answered here.
    """
    if measure == "key":
        return measures(key_at(document, pointer), "value", rendering)
    return measures(resolve(document, pointer), measure, rendering)


def measures(found: Any, measure: Measure, rendering: Rendering) -> tuple[Any, ...]:
    """The values that a field may have from ``found``: none, one, or one for each part that commas separate.

    ``sha256`` is of bytes and ``key`` of a pointer: neither is of a value, and so they are not answered here.
    """
    if found is NOWHERE or measure == "sha256" or measure == "key":  # noqa: PLR1714  # so that the type is narrowed
        return ()
    if measure == "value":
        return (found,)
    if measure == "length":
        return (len(found),) if isinstance(found, list) else ()
    if not isinstance(found, str):
        return ()
    if measure == "part":
        return parts(found)
    return tuple(render(rendering, measure, part) for part in (found, *parts(found)))


def parts(text: str) -> tuple[str, ...]:
    """What commas separate, without the blanks around it and without what is empty."""
    return tuple(part for each in text.split(",") if (part := each.strip()))
