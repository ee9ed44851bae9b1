"""What a template leaves to its reader: a value that begins with ``FILL:``."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from cutover.domain.envelope import key_id
from cutover.domain.faults import fault, pointer
from cutover.domain.record import Fault

MARK = "FILL:"


def unfilled(said: Any, *where: str | int) -> tuple[Fault, ...]:
    """A fault (``NOT_FILLED``) for each such value of a JSON value that stands at ``where``."""
    return tuple(
        fault(pointer(*place), "NOT_FILLED", text.removeprefix(MARK).strip()) for place, text in _marked(said, where)
    )


def _marked(said: Any, where: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(said, str) and said.startswith(MARK):
        yield where, said
    elif isinstance(said, dict):
        for key, each in said.items():
            yield from _marked(each, (*where, key))
    elif isinstance(said, list):
        for number, each in enumerate(said):
            yield from _marked(each, (*where, number))


def with_keys(text: str, keys: Mapping[str, bytes]) -> tuple[str, int]:
    """Facts of `cutover init` with the ids and public halves of these keys (SubjectPublicKeyInfo by purpose), and how
    many places that filled."""
    filled = 0
    for purpose, spki in keys.items():
        told = {"id": key_id(spki), "public half": base64.b64encode(spki).decode()}
        for half, value in told.items():
            mark = f'"{MARK} the {half} of the {purpose} key"'
            filled += text.count(mark)
            text = text.replace(mark, f'"{value}"')
    return text, filled
