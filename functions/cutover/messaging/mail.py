"""A message as a mail: text and HTML of the same content, and the line that stands beside the subject.

A mail that stands under another has its subject with ``Re:``, or mail programs that go by subjects would not put it
there (Gmail); its first words say what it is.
"""

import functools
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from cutover.messaging.message import Message
from cutover.messaging.previewing import shortened
from cutover.ports import Mail

MAX_SUBJECT = 150
MAX_PART = 131_072
"""Characters of either part; a message of full length has some 20,000."""


def compose(message: Message, *, to: str, about: dict[str, str], under: str | None) -> Mail:
    """``under``: the id of the mail that this one stands under."""
    again = message.headline.startswith("Asked again")
    subject = message.headline if under is None or again else f"Re: {message.headline}"
    values: dict[str, Any] = {"message": message, "url": message.buttons[0].url if message.buttons else None}
    environment = _environment()
    return Mail(
        to=to,
        subject=shortened(" ".join(subject.split()), MAX_SUBJECT),
        text=environment.get_template("mail.txt").render(values)[:MAX_PART],
        html=environment.get_template("mail.html").render(values)[:MAX_PART],
        about=about,
        under=under,
    )


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
