"""Slack in memory: what its conversations show, and the secret that its app is known by."""

from dataclasses import dataclass, field

from cutover.errors import DependencyUnavailable, Refused
from cutover.messaging.message import Message
from cutover.ports import SlackSecret

SECRET = SlackSecret(token="xoxb-1-fake-token", signing_secret="0123456789abcdef0123456789abcdef")


@dataclass
class Shown:
    """One message: what it shows now, and what it showed before."""

    conversation: str
    message: Message
    before: list[Message] = field(default_factory=list)


class FakeSlack:
    """Implements ``Slack``. ``down``: nobody answers; ``refused``: conversations that will not be served, by code."""

    def __init__(self) -> None:
        self.messages: dict[str, Shown] = {}
        """By reference, in the order in which they were posted."""
        self.down = False
        self.refused: dict[str, str] = {}
        self.calls = 0
        """Every try, failed ones included."""

    def shown(self, conversation: str) -> list[Message]:
        return [each.message for each in self.messages.values() if each.conversation == conversation]

    def post(self, conversation: str, message: Message) -> str:
        self._try(conversation)
        reference = f"D{conversation}/{len(self.messages) + 1}.000100"
        self.messages[reference] = Shown(conversation, message)
        return reference

    def edit(self, reference: str, message: Message) -> None:
        posted = self.messages.get(reference)
        self._try(posted.conversation if posted else "")
        if posted is not None:
            posted.before.append(posted.message)
            posted.message = message

    def _try(self, conversation: str) -> None:
        self.calls += 1
        if self.down:
            raise DependencyUnavailable("chat.postMessage: URLError")
        if conversation in self.refused:
            raise Refused(self.refused[conversation], "as the test says")


class FakeSlackSecrets:
    """Implements ``SlackSecrets``. What is rotated shows at the next fresh reading; ``readings`` says which were."""

    def __init__(self, secret: SlackSecret = SECRET) -> None:
        self._stored = self._kept = secret
        self.readings: list[bool] = []

    def rotate(self, secret: SlackSecret) -> None:
        self._stored = secret

    def get(self, *, fresh: bool = False) -> SlackSecret:
        self.readings.append(fresh)
        if fresh:
            self._kept = self._stored
        return self._kept


class FakeFeedbackQueue:
    """Implements ``FeedbackQueue``. ``down``: it takes nothing."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.down = False

    def send(self, body: bytes) -> None:
        if self.down:
            raise DependencyUnavailable("SendMessage: ServiceUnavailable")
        self.bodies.append(body)
