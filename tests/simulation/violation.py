"""How a broken invariant is raised."""


class Violation(BaseException):
    """An invariant was broken. Not an ``Exception``: no code under test may catch it."""


def demand(holds: bool, why: str) -> None:
    """Raises ``Violation`` with ``why`` unless it ``holds``."""
    if not holds:
        raise Violation(why)
