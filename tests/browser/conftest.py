"""One Chromium for all browser tests, and the worlds that they look at."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page

from tests.approving import World
from tests.browser import chromium, showcase
from tests.browser.serving import served

Open = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them on one worker: they share one browser."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        pytest.skip("Chromium is not installed: on Debian, apt-get install chromium")
    with chromium.launched(path) as launched:
        yield launched


@pytest.fixture
def world() -> World:
    return showcase.release()


@pytest.fixture
def requests(world: World) -> Iterator[list[str]]:
    """The world, served; each request as it comes, such as ``GET /approvals/…``."""
    with served(world) as seen:
        yield seen


@pytest.fixture
def page(browser: Browser, requests: list[str]) -> Iterator[Page]:
    """A desktop browser; the world is served."""
    del requests
    with chromium.opened(browser) as opened:
        yield opened


@pytest.fixture
def opening(browser: Browser) -> Iterator[Open]:
    """Opens further pages, as ``chromium.opened`` does, and closes them in the end."""
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(chromium.opened(browser, **how))
