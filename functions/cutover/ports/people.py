"""What reaches people, and what was said to them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cutover.domain.correspondence import Correspondence
from cutover.messaging.message import Message
from cutover.ports.records import Unreadable


class Messages(Protocol):
    """What was said of each revision. Every reading is strongly consistent but ``open``."""

    def correspondence(self, cutover: str, revision: int) -> Correspondence | None: ...

    def put(self, said: Correspondence, *, before: Correspondence | None) -> None:
        """Conditional on the reading; None means: must not exist. Raises ``Conflict`` (``messages``)."""

    def open(self, *, limit: int) -> Iterator[Correspondence | Unreadable]:
        """Those of which not everything is said, the next due first, from an index that may lag."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. ``about`` names what it is about, for what comes back (a bounce): names of ``A-Z a-z 0-9 _ -``, values
    of 1 to 192 bytes. ``under``: the id of the mail that this one stands under.
    """

    to: str
    subject: str
    text: str
    html: str
    about: Mapping[str, str] = field(default_factory=dict)
    under: str | None = None


class Mailer(Protocol):
    def send(self, mail: Mail) -> str:
        """The id that the service gave it. Raises ``Refused`` (``MAIL_REFUSED``) when this one will never be sent."""


class Slack(Protocol):
    """The workspace that the facts name, through the app that is installed there.

    Raises ``Refused`` (``SLACK_REFUSED``, or a more exact code that begins with ``SLACK_``) when this conversation, or
    the app itself, will not be served until somebody mends it.
    """

    def post(self, conversation: str, message: Message) -> str:
        """Post to a channel (``C…``, ``G…``) or to a person (``U…``, ``W…``).

        The reference under which it can be edited: at most 200 printable ASCII characters, without a secret.
        """

    def edit(self, reference: str, message: Message) -> None:
        """Replace what was posted, buttons included. A message that is gone is edited already."""


@dataclass(frozen=True, slots=True)
class SlackSecret:
    """What proves the app to Slack (``token``), and Slack to us (``signing_secret``). Neither is ever shown."""

    token: str = field(repr=False)
    signing_secret: str = field(repr=False)


class SlackSecrets(Protocol):
    def get(self, *, fresh: bool = False) -> SlackSecret:
        """``fresh``: read again, because what was read before was not taken, or does not fit.

        Raises ``Refused`` (``SLACK_SECRET_MISSING``, ``SLACK_SECRET_UNREADABLE``).
        """
