"""Task tokens in a table of their own, so that hardly any role can read them."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cutover.adapters import dynamodb_items as items
from cutover.adapters.aws_errors import translated
from cutover.adapters.dynamodb_guards import absent_or_earlier, conditional, equal
from cutover.contracts.base import format_instant
from cutover.domain.record import Token
from cutover.errors import Conflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoTokens:
    """Implements ``Tokens``: one item a revision, which only a token of a later execution or time replaces."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def put(self, token: Token) -> None:
        """Store ``token``. A newer one that stands already stays; in one second the later call wins."""
        guard = absent_or_earlier(execution=token.execution, stored_at=format_instant(token.stored_at))
        with suppress(Conflict), conditional("PutItem", "token"):
            self._client.put_item(TableName=self._table, Item=items.item_of(token), **guard.arguments())

    def newest(self, cutover: str, revision: int) -> Token | None:
        with translated("GetItem"):
            answer: dict[str, Any] = {
                **self._client.get_item(
                    TableName=self._table, Key=items.token_key(cutover, revision), ConsistentRead=True
                )
            }
        return items.read(Token, answer["Item"]) if "Item" in answer else None

    def delete(self, token: Token) -> None:
        exactly = equal(state=token.state, value=token.value, stored_at=format_instant(token.stored_at))
        with suppress(Conflict), conditional("DeleteItem", "token"):
            self._client.delete_item(TableName=self._table, Key=items.key_of(token), **exactly.arguments())
