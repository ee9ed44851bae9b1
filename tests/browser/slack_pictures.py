"""Takes the picture of Slack's messages that the documentation shows, drawn from the blocks that are really posted.

    python -m tests.browser.slack_pictures [folder]        docs/images unless told otherwise

A release is asked about and decided in the simulated world, with the real adapter and a Slack on loopback; what its
conversations show is drawn here. Slack's own clients draw the same blocks with their own fonts and widths.
"""

import html
import sys
from pathlib import Path
from typing import Any

from tests.browser import chromium
from tests.browser.screenshots import IMAGES
from tests.fakes.slack_server import Posted, SlackServer
from tests.simulator.journeys import awaiting_approval
from tests.workflow.test_messages_in_slack import world_with_slack

SIZE = (1180, 700)
STYLE = """
body { margin: 0; padding: 24px; font: 15px/1.46 Lato, "DejaVu Sans", sans-serif; color: #1d1c1d; background: #fff;
       display: grid; grid-template-columns: 1fr 1fr; gap: 24px; align-items: start }
figure { margin: 0; border: 1px solid #ddd; border-radius: 8px; padding: 12px 16px }
figcaption { font-weight: 700; font-size: 13px; color: #616061; margin-bottom: 8px }
.who { font-weight: 900 } .app { background: #e8e8e8; font-size: 10px; padding: 1px 3px; border-radius: 2px }
h3 { font-size: 18px; line-height: 1.25; margin: 8px 0 }
p { margin: 6px 0; white-space: pre-wrap; overflow-wrap: anywhere }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 4px 12px; margin: 6px 0; overflow-wrap: anywhere;
          white-space: pre-wrap }
.context { font-size: 12px; color: #616061 } .edited { font-size: 12px; color: #868686 }
button { font: 700 13px Lato, "DejaVu Sans", sans-serif; padding: 6px 12px; border-radius: 4px; margin: 4px 6px 4px 0;
         border: 1px solid #bbb; background: #fff } button.primary { background: #007a5a; color: #fff; border: 0 }
"""


def main(folder: Path) -> int:
    path = chromium.find()
    if path is None:
        print("Chromium is not installed: on Debian, apt-get install chromium", file=sys.stderr)  # noqa: T201
        return 2
    with chromium.launched(path) as browser, chromium.opened(browser, size=SIZE) as page:
        page.set_content(drawn())
        page.screenshot(path=folder / "slack-messages.png", full_page=True)
    return 0


def drawn() -> str:
    """Four messages as a page: the question and what becomes of it, to a person and in a channel."""
    with SlackServer() as server:
        world, workspace = world_with_slack(server), server.workspace
        awaiting_approval(world)
        figures = [
            _figure("Direct message to Erin, asked", workspace.shown("U1ERIN")[0]),
            _figure("#operations, asked", workspace.shown("C2OPERATE")[0]),
        ]
        for person in ("erin", "omar"):
            world.decide(person)
            world.run()
        figures += [
            _figure("The same message, once Erin has decided", workspace.shown("U1ERIN")[0]),
            _figure("#operations, once everybody has approved", workspace.shown("C2OPERATE")[0]),
        ]
    return f"<!doctype html><html lang=en><meta charset=utf-8><style>{STYLE}</style>{''.join(figures)}</html>"


def _figure(title: str, posted: Posted) -> str:
    edited = '<span class="edited"> (edited)</span>' if posted.edits else ""
    who = '<span class="who">Cutover</span> <span class="app">APP</span>'
    body = "".join(_block(each) for each in posted.blocks)
    return f"<figure><figcaption>{html.escape(title)}</figcaption>{who}{body}{edited}</figure>"


def _block(block: dict[str, Any]) -> str:
    if block["type"] == "header":
        return f"<h3>{_text(block['text'])}</h3>"
    if block["type"] == "context":
        return "".join(f'<p class="context">{_text(each)}</p>' for each in block["elements"])
    if block["type"] == "actions":
        return "".join(_button(each) for each in block["elements"])
    beside = "".join(f"<div>{_text(each)}</div>" for each in block.get("fields", ()))
    below = f"<p>{_text(block['text'])}</p>" if "text" in block else ""
    return below + (f'<div class="fields">{beside}</div>' if beside else "")


def _button(button: dict[str, Any]) -> str:
    return f'<button class="{button.get("style", "")}">{_text(button["text"])}</button>'


def _text(text: dict[str, Any]) -> str:
    """Slack's escapes are those of HTML."""
    said = str(text["text"])
    return f"<b>{said.strip('*')}</b>" if text["type"] == "mrkdwn" else said


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES))
