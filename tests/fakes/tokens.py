"""Task tokens in memory."""

from cutover.domain.record import Token


class InMemoryTokens:
    """Implements ``Tokens``. ``changes`` collects what was stored, as the table's stream would."""

    def __init__(self) -> None:
        self.changes: list[Token] = []
        self._tokens: dict[tuple[str, int], Token] = {}

    def put(self, token: Token) -> None:
        stored = self.newest(token.cutover, token.revision)
        if stored is None or (stored.execution, stored.stored_at) <= (token.execution, token.stored_at):
            self._tokens[token.cutover, token.revision] = token
            self.changes.append(token)

    def newest(self, cutover: str, revision: int) -> Token | None:
        return self._tokens.get((cutover, revision))

    def delete(self, token: Token) -> None:
        if self.newest(token.cutover, token.revision) == token:
            del self._tokens[token.cutover, token.revision]
