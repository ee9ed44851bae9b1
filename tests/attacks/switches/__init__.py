"""How each defence is switched off: in a test, and nowhere else."""

from collections.abc import Callable

import pytest

Patch = pytest.MonkeyPatch


def nothing(*_: object, **__: object) -> None:
    return None


def without(module: object, name: str) -> Callable[[Patch], None]:
    """A check that raises becomes one that does not."""
    return lambda patch: patch.setattr(module, name, nothing)


def replaced(module: object, name: str, value: object) -> Callable[[Patch], None]:
    return lambda patch: patch.setattr(module, name, value)
