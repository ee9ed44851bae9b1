"""What a policy's schema cannot say: that its parts agree with each other, with the deployment and with history.

Each file judges one part. Pointers lead into the rules under ``/rules`` and into the facts under ``/facts``. Faults
keep a policy from being activated; warnings do not.
"""

from cutover.domain.faults import fault, pointer
from cutover.domain.record import Fault


def at(code: str, message: str, *where: str | int) -> Fault:
    """One fault or warning, and where it stands."""
    return fault(pointer(*where), code, message)


def faulty_pattern(text: str) -> str | None:
    """What is wrong with a value that may end in ``*``; None where nothing is."""
    if text == "*":
        return "* alone would admit anything: say what it must begin with"
    if "*" in text[:-1]:
        return f"in {text} the * does not stand at the end; anywhere else it is a character like others"
    return None
