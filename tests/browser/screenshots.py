"""Takes the pictures of the page that the documentation shows.

    python -m tests.browser.screenshots [folder]        docs/images unless told otherwise

Playwright's PNG is what Chromium painted; nothing is retouched. A picture of the same page on the
same Chromium and fonts is the same picture.
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.approving import World
from tests.browser import chromium, showcase
from tests.browser.chromium import DESKTOP, PHONE, Scheme
from tests.browser.serving import served

IMAGES = Path(__file__).resolve().parent.parent.parent / "docs" / "images"
MAX_BYTES = 300_000
SHOTS: tuple[tuple[str, tuple[int, int], Scheme], ...] = (
    ("approval-desktop", DESKTOP, "light"),
    ("approval-phone", PHONE, "light"),
    ("approval-dark", DESKTOP, "dark"),
)


def main(folder: Path) -> int:
    path = chromium.find()
    if path is None:
        print("Chromium is not installed: on Debian, apt-get install chromium", file=sys.stderr)  # noqa: T201
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    with chromium.launched(path) as browser:
        for name, size, scheme in SHOTS:
            taken = take(browser, folder / f"{name}.png", size, scheme)
            print(f"{taken} {taken.stat().st_size:,} bytes")  # noqa: T201
            if taken.stat().st_size > MAX_BYTES:
                return 1
    return 0


def take(browser: Browser, target: Path, size: tuple[int, int], scheme: Scheme) -> Path:
    world = showcase.release()
    world.decide(world.link("omar", "operations"))
    with served(world), chromium.opened(browser, size=size, scheme=scheme) as page:
        _show(page, world)
        page.screenshot(path=target, full_page=True)
    return target


def _show(page: Page, world: World) -> None:
    page.goto(f"{world.page_url}/approvals/{world.link()}")
    page.get_by_role("heading", level=1).wait_for()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES))
