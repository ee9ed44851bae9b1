"""The policy's lists of what is admitted: a value as it stands, or with a trailing ``*``: whatever follows. Pure."""

from collections.abc import Iterable

_NEVER_FOLLOWS = ("..", "?", "#", "%", "\\", "*")
"""What ``*`` admits of nobody: with these, a text that begins like what is trusted can lead somewhere else."""


def admitted(patterns: Iterable[str], value: str) -> bool:
    """Whether a list admits a value. An empty list admits nothing."""
    return any(admits(pattern, value) for pattern in patterns)


def admits(pattern: str, value: str) -> bool:
    """Whether ``value`` is ``pattern``, or begins like a pattern that ends in ``*`` and goes on innocently."""
    if not pattern.endswith("*"):
        return value == pattern
    beginning = pattern[:-1]
    follows = value[len(beginning) :]
    return value.startswith(beginning) and not any(each in follows for each in _NEVER_FOLLOWS)
