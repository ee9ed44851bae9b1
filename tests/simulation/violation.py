"""How a broken invariant is raised."""

import contextlib
from collections.abc import Iterator


class Violation(BaseException):
    """An invariant was broken. Not an ``Exception``: no code under test may catch it."""


def demand(holds: bool, why: str) -> None:
    """Raises ``Violation`` with ``why`` unless it ``holds``."""
    if not holds:
        raise Violation(why)


@contextlib.contextmanager
def looking() -> Iterator[None]:
    """Whoever looks on from within a call of the code under test must not raise anything that this code catches."""
    try:
        yield
    except Exception as error:
        raise Violation(f"what should be there cannot be looked at: {error!r}") from error
