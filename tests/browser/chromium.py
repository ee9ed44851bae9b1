"""Debian's Chromium, driven by Playwright. Nothing is downloaded."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

Scheme = Literal["light", "dark"]
PHONE, DESKTOP = (390, 844), (1280, 900)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--font-render-hinting=none",
    "--disable-lcd-text",
]


def find() -> str | None:
    """Where Chromium is: what CHROMIUM names, else what the system has."""
    named = os.environ.get("CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, headless=True)
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser, *, size: tuple[int, int] = DESKTOP, scheme: Scheme = "light", scripts: bool = True, scale: int = 1
) -> Iterator[Page]:
    """A page of its own. ``scripts=False`` is a browser that runs none."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        java_script_enabled=scripts,
        device_scale_factor=scale,
        is_mobile=size == PHONE,
        has_touch=size == PHONE,
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
