"""The contact sheet of all states, ``docs/states.md``: made from the states themselves.

python -m tests.browser.sheet        writes it; a unit test finds it as this makes it
"""

import sys
from pathlib import Path

from tests.browser.screenshots import LOOKS
from tests.browser.states import STATES, State

SHEET = Path(__file__).resolve().parents[2] / "docs" / "states.md"
WIDTH = {"desktop": 240, "phone": 110, "dark": 240}
INTRODUCTION = """# What people see

Every state of the pages for people: at a desk, on a phone, and dark. The pictures are what Chromium painted of the real
pages over a made-up release (`python -m tests.browser.screenshots`, then `python -m tests.browser.sheet`); nothing is
retouched. The same states are held to WCAG 2.2 AA by axe-core, light and dark, wide and narrow, in
`tests/browser/test_approval_in_browser.py`.

Two kinds of answer are not ours to dress. What API Gateway answers by itself is a line of JSON: 404 for an address that
has no route, 429 when a route is called too often, 500 or 503 when it cannot call the function. And whoever has no
authentic link learns nothing of the release, not even whether there is one.

`/waiting/<link>` lists what waits for one person, what they have decided, and what others must do. Its link comes with
each message, is worth as much as those that it leads to, and none of these lasts longer than it does.
`/approvals/<link>/window.ics` is the window as a calendar entry; no link stands in it, since calendars are shared.

"""


def page() -> str:
    """The whole document."""
    lines = ["| state | answer | desktop | phone | dark |", "| --- | --- | --- | --- | --- |"]
    lines += [_row(name, state) for name, state in STATES.items()]
    return INTRODUCTION + "\n".join(lines) + "\n"


def _row(name: str, state: State) -> str:
    pictures = (
        f'<a href="images/states/{name}-{look}.png">'
        f'<img src="images/states/{name}-{look}.png" width="{WIDTH[look]}" alt="{state.caption}, {look}"></a>'
        for look, _, _ in LOOKS
    )
    return f"| **{name.replace('-', ' ')}**: {state.caption} | {status_of(state)} | {' | '.join(pictures)} |"


def status_of(state: State) -> int:
    """What the state's address answers, over HTTP as the gateway hands it over."""
    if state.answer is not None:
        return state.answer
    world = state.make()
    state.arrange(world)
    path, _, link = state.address(world).rpartition("/")
    return world.send("GET", link, path=path).status


if __name__ == "__main__":
    sys.exit(0 if SHEET.write_text(page(), encoding="utf-8") else 1)
