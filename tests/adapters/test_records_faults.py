"""What DynamoDB does when it does not simply answer."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from cutover.adapters import dynamodb_items as items
from cutover.adapters.dynamodb_records import DynamoRecords
from cutover.domain import canonical
from cutover.domain.record import ChainHead
from cutover.errors import Conflict, DependencyUnavailable, EntryUnreadable
from cutover.ports import Unreadable
from tests.adapters import wire
from tests.adapters.samples import CUTOVER, Writer, digest_of, entry, record
from tests.adapters.wire import always, broken, lost, on_the_wire
from tests.fakes.clock import START

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

COMMIT = "TransactWriteItems"


@pytest.fixture
def adapter(dynamodb: "DynamoDBClient") -> DynamoRecords:
    return DynamoRecords(dynamodb, table="main")


def cancelled(*codes: str) -> Any:
    reasons = [{"Code": code, "Message": code} for code in codes]
    return always(lambda: wire.error(400, "TransactionCanceledException", CancellationReasons=reasons))


def test_a_lost_answer_that_botocore_tries_again_is_a_success(
    adapter: DynamoRecords, dynamodb: "DynamoDBClient"
) -> None:
    with on_the_wire(dynamodb, COMMIT, lost(times=1)) as tries:
        Writer(adapter).commit(opened=record(), nonce=digest_of("nonce"))
    assert len(tries) == 2, "the second try is what fails its own conditions"
    assert adapter.revision(CUTOVER, 1) == record()
    assert [entry.sequence for entry in adapter.ledger(CUTOVER)] == [1]


def test_a_commit_whose_answers_are_all_lost_is_a_success(adapter: DynamoRecords, dynamodb: "DynamoDBClient") -> None:
    with on_the_wire(dynamodb, COMMIT, lost(times=2, fault=ReadTimeoutError(endpoint_url="x"))) as tries:
        Writer(adapter).commit(opened=record())
    assert len(tries) == 2
    assert adapter.revision(CUTOVER, 1) == record()


def test_a_lost_answer_does_not_make_anothers_equal_commit_ours(
    adapter: DynamoRecords, dynamodb: "DynamoDBClient"
) -> None:
    """The other one wrote the very same entry in the same second; ours never arrived."""
    plan = Writer(adapter).plan(opened=record())
    adapter.commit(plan)
    with (
        on_the_wire(dynamodb, COMMIT, broken(ReadTimeoutError(endpoint_url="x"))),
        pytest.raises(DependencyUnavailable),
    ):
        adapter.commit(plan)
    with pytest.raises(Conflict) as caught:
        adapter.commit(plan)
    assert caught.value.parts == {"ledger", "opened"}


def test_a_commit_that_never_arrives_is_unavailable(adapter: DynamoRecords, dynamodb: "DynamoDBClient") -> None:
    with (
        on_the_wire(dynamodb, COMMIT, broken(ConnectTimeoutError(endpoint_url="x"))),
        pytest.raises(DependencyUnavailable),
    ):
        Writer(adapter).commit(opened=record())
    assert adapter.revision(CUTOVER, 1) is None


@pytest.mark.parametrize(
    ("codes", "parts"),
    [
        (("ConditionalCheckFailed", "None", "None"), {"ledger"}),
        (("None", "ConditionalCheckFailed", "None"), {"ledger"}),
        (("None", "None", "ConditionalCheckFailed"), {"opened"}),
        (("TransactionConflict", "None", "ConditionalCheckFailed"), {"opened"}),
        (("None", "None", "TransactionConflict"), set()),
    ],
)
def test_cancellation_reasons_name_parts_by_position(
    adapter: DynamoRecords, dynamodb: "DynamoDBClient", codes: tuple[str, ...], parts: set[str]
) -> None:
    with on_the_wire(dynamodb, COMMIT, cancelled(*codes)), pytest.raises(Conflict) as caught:
        Writer(adapter).commit(opened=record())
    assert caught.value.parts == parts


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_throttled_transaction_is_unavailable(adapter: DynamoRecords, dynamodb: "DynamoDBClient", code: str) -> None:
    with on_the_wire(dynamodb, COMMIT, cancelled("None", code, "None")), pytest.raises(DependencyUnavailable):
        Writer(adapter).commit(opened=record())


def test_a_cancellation_that_is_our_own_bug_is_raised_as_it_is(
    adapter: DynamoRecords, dynamodb: "DynamoDBClient"
) -> None:
    with (
        on_the_wire(dynamodb, COMMIT, cancelled("None", "ValidationError", "None")),
        pytest.raises(ClientError) as caught,
    ):
        Writer(adapter).commit(opened=record())
    assert caught.value.response["Error"]["Code"] == "TransactionCanceledException"


def test_a_denied_commit_is_raised_as_it_is(adapter: DynamoRecords, dynamodb: "DynamoDBClient") -> None:
    denied = always(lambda: wire.error(400, "AccessDeniedException"))
    with on_the_wire(dynamodb, COMMIT, denied), pytest.raises(ClientError) as caught:
        Writer(adapter).commit(opened=record())
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_readings_say_when_the_table_is_unavailable(adapter: DynamoRecords, dynamodb: "DynamoDBClient") -> None:
    busy = always(lambda: wire.error(500, "InternalServerError"))
    with on_the_wire(dynamodb, "GetItem", busy), pytest.raises(DependencyUnavailable):
        adapter.revision(CUTOVER, 1)
    with on_the_wire(dynamodb, "Query", busy), pytest.raises(DependencyUnavailable):
        list(adapter.ledger(CUTOVER))
    with on_the_wire(dynamodb, "UpdateItem", busy), pytest.raises(DependencyUnavailable):
        adapter.nudge(record(), signal=None, due_at=record().admitted_at)


def test_every_reading_is_consistent(adapter: DynamoRecords, dynamodb: "DynamoDBClient") -> None:
    with (
        on_the_wire(dynamodb, "GetItem", lambda _: None) as gets,
        on_the_wire(dynamodb, "Query", lambda _: None) as queries,
    ):
        adapter.revision(CUTOVER, 1)
        adapter.chain(CUTOVER)
        adapter.payload_owner(digest_of("payload"))
        list(adapter.ledger(CUTOVER))
    assert len(gets) == 3
    assert len(queries) == 1
    assert all('"ConsistentRead": true' in wire.text(request) for request in (*gets, *queries))


def test_a_long_ledger_comes_in_pages(adapter: DynamoRecords, dynamodb: "DynamoDBClient") -> None:
    """An answer has at most 1 MB; the next one begins after the key that it ends with. A page may be empty."""
    first = entry(ChainHead(chain=CUTOVER))
    second = entry(ChainHead(chain=CUTOVER, sequence=1, entry=canonical.digest_model(first)))
    pages: list[dict[str, Any]] = [
        {"Items": [items.item_of(first)], "LastEvaluatedKey": items.key_of(first)},
        {"Items": [], "LastEvaluatedKey": items.ledger_key(CUTOVER, 9)},
        {"Items": [items.item_of(second)]},
    ]
    left = iter(pages)
    with on_the_wire(dynamodb, "Query", lambda _: wire.success(**next(left))) as tries:
        assert list(adapter.ledger(CUTOVER)) == [first, second]
    asked = [json.loads(wire.text(request)).get("ExclusiveStartKey") for request in tries]
    assert asked == [None, items.key_of(first), items.ledger_key(CUTOVER, 9)]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_item_that_is_no_entry_hides_no_other(
    adapter: DynamoRecords, dynamodb: "DynamoDBClient", number: int
) -> None:
    """Somebody edited the table so that what stands there cannot be read at all."""
    for _ in range(3):
        Writer(adapter).commit()
    key = items.ledger_key(CUTOVER, number)
    dynamodb.update_item(TableName="main", Key=key, UpdateExpression="REMOVE event")
    with pytest.raises(EntryUnreadable) as error:
        list(adapter.ledger(CUTOVER))
    assert error.value.sequence == number
    assert [each.sequence for each in adapter.ledger(CUTOVER, after=number)] == list(range(number + 1, 4))
    told = list(adapter.written_on(START.date()))
    assert [each.key for each in told if isinstance(each, Unreadable)] == [items.name_of(key)]
    assert len(told) == 3
