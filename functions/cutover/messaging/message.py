"""What a message says, in plain words, before mail or Slack give it their form.

Every text is legible already (``domain.legible``) and none has markup: whoever renders it escapes it. A button's
address is a credential: it is never logged, and not shown by ``repr``.
"""

from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["asked", "reminded", "closed"]
"""What the message is: the question, the question once more, or that nothing is to be done any more."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the summary, such as ``Window`` and its times."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Button:
    """Where one person decides: ``label`` says who, where more than one may stand in a message."""

    label: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message about one revision, to one person (a mail, a direct message) or to a role's channel.

    ``headline``: one line that says what, where and when, at most 150 characters.
    ``lead``: one sentence to whom it is for: who is asked as what, or what became of it.
    ``preview``: one line on what changed since the last approved revision, or what is in it.
    ``rows``: the summary; texts of at most 4,096 bytes, some with line breaks.
    ``asked``: of a channel's message, who is asked, by name.
    ``buttons``: none once it is closed. In a channel, only where the seat demands a passkey.
    """

    stage: Stage
    headline: str
    lead: str
    preview: str
    rows: tuple[Row, ...] = ()
    asked: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    waiting_url: str | None = field(default=None, repr=False)
    """The person's own page of everything that waits for them; None in a channel."""
    calendar_url: str | None = field(default=None, repr=False)
    cutover: str = ""
    revision: int = 0
