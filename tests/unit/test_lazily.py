"""What is made when it is first asked for."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from cutover.runtime.lazily import Lazily


def test_a_value_is_made_when_it_is_asked_for_and_once() -> None:
    made: list[str] = []

    def maker(name: str) -> object:
        made.append(name)
        return object()

    lazily = Lazily({"a": lambda: maker("a"), "b": lambda: maker("b")})
    assert (list(lazily), len(lazily), made) == (["a", "b"], 2, [])
    assert lazily["b"] is lazily["b"]
    assert made == ["b"]
    with pytest.raises(KeyError):
        lazily["c"]


def test_threads_that_ask_together_get_the_same() -> None:
    together = Barrier(8)
    made: list[object] = []

    def maker() -> object:
        made.append(object())
        return made[-1]

    lazily = Lazily({"a": maker})

    def ask(_: int) -> object:
        together.wait(10)
        return lazily["a"]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {made[0]}
    assert len(made) == 1
