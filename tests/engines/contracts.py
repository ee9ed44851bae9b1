"""The contract tests of a port, to be run again over a real engine: the same functions, not copies of them."""

import inspect
from collections.abc import Callable
from types import ModuleType


def cases(suite: ModuleType, port: str) -> dict[str, Callable[..., None]]:
    """By name, the tests of ``suite`` that ask for the fixture ``port``."""
    found: dict[str, Callable[..., None]] = {
        name: value
        for name, value in vars(suite).items()
        if name.startswith("test_") and inspect.isfunction(value) and port in inspect.signature(value).parameters
    }
    assert found, f"{suite.__name__} has no tests of {port}"
    return found
