"""Step Functions as the relay sees it, in memory."""

from cutover.domain import canonical
from cutover.domain.record import Token


class FakeWorkflow:
    """Implements ``Workflow``. An execution of a name starts once; a token is answered once, if somebody waits."""

    def __init__(self) -> None:
        self.executions: dict[str, bytes] = {}
        """Each execution's input, canonical JSON, by its name."""
        self.woken: list[Token] = []
        self._waiting: set[str] = set()

    def start(self, name: str, document: dict[str, object]) -> None:
        self.executions.setdefault(name, canonical.encode(document))

    def wait(self, token: str) -> None:
        """An execution waits on ``token`` from here on."""
        self._waiting.add(token)

    def time_out(self, token: str) -> None:
        self._waiting.discard(token)

    def succeed(self, token: Token) -> bool:
        if token.value not in self._waiting:
            return False
        self._waiting.remove(token.value)
        self.woken.append(token)
        return True
