"""Takes the pictures of the page that the documentation shows.

    python -m tests.browser.screenshots [folder [state ...]]        docs/images and all states unless told otherwise

Each is what Chromium painted, in at most 256 colours; nothing is retouched. A picture of the same page on the
same Chromium and fonts is the same picture.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser import chromium
from tests.browser.chromium import PHONE, Scheme
from tests.browser.serving import served
from tests.browser.states import STATES
from tests.browser.thrifty import reduced

IMAGES = Path(__file__).resolve().parent.parent.parent / "docs" / "images"
MAX_BYTES = 150_000
WIDE = (960, 720)
LOOKS: tuple[tuple[str, tuple[int, int], Scheme], ...] = (
    ("desktop", WIDE, "light"), ("phone", PHONE, "light"), ("dark", WIDE, "dark"),
)  # fmt: skip
TITLE = {"desktop": "approval-desktop", "phone": "approval-phone", "dark": "approval-dark"}
"""The pictures of the README: the question, with one of the two approvals given."""


def main(folder: Path, names: list[str]) -> int:
    """Pictures of these states, or of all; 1 when one is too large for the repository."""
    path = chromium.find()
    if path is None:
        print("Chromium is not installed: on Debian, apt-get install chromium", file=sys.stderr)  # noqa: T201
        return 2
    (folder / "states").mkdir(parents=True, exist_ok=True)
    too_large = []
    with chromium.launched(path) as browser:
        for name in names or STATES:
            for taken in take(browser, folder, name):
                size = taken.stat().st_size
                print(f"{taken} {size:,} bytes")  # noqa: T201
                too_large += [taken] if size > MAX_BYTES else []
    return 1 if too_large else 0


def take(browser: Browser, folder: Path, name: str) -> Iterator[Path]:
    """One state as each look shows it, on a world of its own."""
    state = STATES[name]
    for look, size, scheme in LOOKS:
        world = state.make()
        state.arrange(world)
        with served(world), chromium.opened(browser, size=size, scheme=scheme) as page:
            page.goto(f"{world.page_url}{state.address(world)}")
            state.then(page)
            page.get_by_role("heading", level=1).wait_for()
            target = folder / "states" / f"{name}-{look}.png"
            painted = page.screenshot(full_page=True)
            page.goto("about:blank")
            target.write_bytes(reduced(page, painted))
            yield target
            if name == "asked-second":
                yield Path(shutil.copy(target, folder / f"{TITLE[look]}.png"))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(Path(arguments[0]) if arguments else IMAGES, arguments[1:]))
