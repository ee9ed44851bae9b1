"""Takes the pictures of the report that the documentation shows.

    python -m tests.browser.report_pictures [folder]        docs/images unless told otherwise

They are what Chromium painted of four made-up weeks: the top of the page on a desk, and the beginning of the cutovers
on a phone and in the dark, in at most 256 colours; nothing is retouched.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page

from cutover_cli.reporting.gathering import gather
from cutover_cli.reporting.page import render
from cutover_cli.reporting.report import made
from cutover_cli.reporting.span import span
from tests.browser import chromium
from tests.browser.chromium import DESKTOP, PHONE, Scheme
from tests.browser.reported import Company, weeks
from tests.browser.screenshots import IMAGES, MAX_BYTES
from tests.browser.thrifty import reduced

LOOKS: tuple[tuple[str, tuple[int, int], Scheme, str, int], ...] = (
    ("desktop", DESKTOP, "light", "body", 1_442),
    ("phone", PHONE, "light", "#cutovers", 1_560),
    ("dark", DESKTOP, "dark", "#cutovers", 1_160),
)
"""Of each picture the look, the screen, where it begins, and how many pixels it is high."""
ABOVE = 32


def write(company: Company, file: Path, *, days: int = 28) -> Path:
    """The report of the company's last days, as the command writes it."""
    now = company.clock.now()
    found = gather(company.wiring.records, company.wiring.store, span(now, since=None, until=None, days=days))
    html = render(made(found), audience=company.deployment.audience, made_at=now, people=True)
    file.write_text(html, encoding="utf-8")
    return file


def take(browser: Browser, folder: Path) -> Iterator[Path]:
    page_file = write(weeks(), folder / "report.html")
    try:
        for look, size, scheme, begins, height in LOOKS:
            with chromium.opened(browser, size=size, scheme=scheme) as page:
                page.goto(page_file.as_uri())
                painted = _painted(page, size[0], begins, height)
                page.goto("about:blank")
                target = folder / f"report-{look}.png"
                target.write_bytes(reduced(page, painted))
                yield target
    finally:
        page_file.unlink()


def _painted(page: Page, width: int, begins: str, height: int) -> bytes:
    top: float = page.evaluate("each => document.querySelector(each).getBoundingClientRect().top + scrollY", begins)
    clip = {"x": 0.0, "y": max(top - ABOVE, 0), "width": float(width), "height": float(height)}
    return page.screenshot(full_page=True, clip=clip)  # type: ignore[arg-type]


def main(folder: Path) -> int:
    """1 when a picture is too large for the repository."""
    path = chromium.find()
    if path is None:
        print("Chromium is not installed: on Debian, apt-get install chromium", file=sys.stderr)  # noqa: T201
        return 2
    with chromium.launched(path) as browser:
        sizes = {taken: taken.stat().st_size for taken in take(browser, folder)}
    for taken, size in sizes.items():
        print(f"{taken} {size:,} bytes")  # noqa: T201
    return 1 if max(sizes.values()) > MAX_BYTES else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else IMAGES))
