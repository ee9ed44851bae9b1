"""What was said of each revision, in the main table: written with one condition, found through the ``due`` index."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cutover.adapters import dynamodb_items as items
from cutover.adapters.aws_errors import translated
from cutover.adapters.dynamodb_guards import ABSENT, conditional, equal
from cutover.domain.correspondence import Correspondence
from cutover.errors import IntegrityError
from cutover.ports import Unreadable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

DUE_INDEX = "due"


class DynamoMessages:
    """Implements ``Messages``: one item a revision; see ``dynamodb_items``."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def correspondence(self, cutover: str, revision: int) -> Correspondence | None:
        key = items.messages_key(cutover, revision)
        with translated("GetItem"):
            answer: dict[str, Any] = {**self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)}
        return items.read(Correspondence, answer["Item"]) if "Item" in answer else None

    def put(self, said: Correspondence, *, before: Correspondence | None) -> None:
        guard = equal(version=before.version) if before else ABSENT
        with conditional("PutItem", "messages"):
            self._client.put_item(TableName=self._table, Item=items.item_of(said), **guard.arguments())

    def open(self, *, limit: int) -> Iterator[Correspondence | Unreadable]:
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": DUE_INDEX,
            "KeyConditionExpression": "#live = :live",
            "ExpressionAttributeNames": {"#live": "live"},
            "ExpressionAttributeValues": {":live": items.marshal(items.OPEN_MESSAGES)},
        }
        left = limit
        while left > 0:
            with translated("Query"):
                page: dict[str, Any] = {**self._client.query(**query, Limit=left)}
            for item in page["Items"][:left]:
                yield _read(item)
            left -= len(page["Items"])
            if not page.get("LastEvaluatedKey"):
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _read(item: items.Item) -> Correspondence | Unreadable:
    try:
        return items.read(Correspondence, item)
    except IntegrityError:
        return Unreadable(items.name_of(item))
