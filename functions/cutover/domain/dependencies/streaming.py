"""A manifest's bytes as the events of ijson, whichever of its backends is there.

Events are pushed to the walker one by one as they are found, so that what stands before a fault has the same effect
with every backend: one that hands over whole buffers would drop what stands in the buffer of the fault.
"""

import contextlib
from collections.abc import Generator

from cutover.domain.dependencies.lexical import NOT_JSON, demand_plain_words
from cutover.domain.dependencies.problems import Stopped
from cutover.domain.dependencies.walking import Walker

CHUNK = 1_048_576
"""Bytes. The backend in C reads a text that goes on in the next buffer again from its start: buffers are not small."""


def walk(content: bytes, walker: Walker, backend: str | None = None) -> None:
    """Sends the events of ``content`` to the walker. ``Stopped`` (``DEPENDENCY_UNREADABLE``) where it is not JSON."""
    import ijson  # type: ignore[import-untyped]

    reader = ijson.get_backend(backend or ijson.backend)
    if reader.backend != "yajl2_c":
        demand_plain_words(content)
    events = reader.basic_parse_coro(walker)
    try:
        _push(content, events, walker)
    except (Stopped, ijson.JSONError, ValueError, ArithmeticError) as error:  # the latter two for numbers
        demand_plain_words(content)  # every backend is to find the same first
        if isinstance(error, Stopped):
            raise
        raise Stopped("DEPENDENCY_UNREADABLE", "", NOT_JSON) from None


def _push(content: bytes, events: Generator[None, bytes, None], walker: Walker) -> None:
    """Everything but its last character, and then that: nothing may stand behind the manifest but space.

    Of half a text that stands behind it, the backend in C says nothing.
    """
    last = _length(content) - 1
    try:
        for at in range(0, last, CHUNK):
            events.send(content[at : min(at + CHUNK, last)])
        walker.demand_open()
        events.send(content[last : last + 1])
    except BaseException:
        _abandon(events)
        raise
    events.close()


def _length(content: bytes) -> int:
    """How many bytes there are before the white space at the end."""
    for end in range(len(content), 0, -CHUNK):
        start = max(0, end - CHUNK)
        if rest := content[start:end].rstrip():
            return start + len(rest)
    return 0


def _abandon(events: Generator[None, bytes, None]) -> None:
    """What is closed before its end complains of that, and would do so at some later time if it were not closed."""
    import ijson

    with contextlib.suppress(ijson.JSONError, ValueError, ArithmeticError, StopIteration, Stopped):
        events.close()
