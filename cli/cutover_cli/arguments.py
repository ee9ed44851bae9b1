"""Arguments that many commands take: a digest, a day or an instant."""

import re
from datetime import datetime

from cutover.contracts.base import parse_instant

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
NO_DIGEST = "expected sha256: and 64 lower-case hexadecimal digits"


def is_digest(text: str) -> bool:
    """Whether it is a whole digest as Cutover writes it."""
    return _DIGEST.fullmatch(text) is not None


def day_or_instant(text: str) -> datetime:
    """``2026-03-01``, which is its midnight, or an instant; in UTC. Raises ValueError."""
    return parse_instant(f"{text}T00:00:00Z" if "T" not in text else text)
