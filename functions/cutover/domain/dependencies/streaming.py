"""A manifest's bytes as the events of ijson, whichever of its backends is there.

Events are pushed to the walker one by one as they are found, so that what stands before a fault has the same effect
with every backend: one that hands over whole buffers would drop what stands in the buffer of the fault.
"""

import contextlib
from collections.abc import Generator

from cutover.domain.dependencies.lexical import demand_plain_words
from cutover.domain.dependencies.problems import Stopped
from cutover.domain.dependencies.walking import Walker

_CHUNK = 65_536


def walk(content: bytes, walker: Walker, backend: str | None = None) -> None:
    """Sends the events of ``content`` to the walker. ``Stopped`` (``DEPENDENCY_UNREADABLE``) where it is not JSON."""
    import ijson  # type: ignore[import-untyped]

    reader = ijson.get_backend(backend) if backend else ijson
    if backend == "python" or getattr(ijson, "backend", "") != "yajl2_c":
        demand_plain_words(content)
    events = reader.basic_parse_coro(walker)
    try:
        _push(content, events)
    except (ijson.JSONError, ValueError, ArithmeticError):  # numbers that no backend takes raise the latter two
        raise Stopped("DEPENDENCY_UNREADABLE", "", "it is not JSON, or ends too early") from None


def _push(content: bytes, events: Generator[None, bytes, None]) -> None:
    try:
        for at in range(0, len(content), _CHUNK):
            events.send(content[at : at + _CHUNK])
    except BaseException:
        _abandon(events)
        raise
    events.close()


def _abandon(events: Generator[None, bytes, None]) -> None:
    """What is closed before its end complains of that, and would do so at some later time if it were not closed."""
    import ijson

    with contextlib.suppress(ijson.JSONError, ValueError, ArithmeticError, StopIteration, Stopped):
        events.close()
