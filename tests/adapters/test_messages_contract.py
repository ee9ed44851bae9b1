"""The contract of ``Messages``."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cutover.adapters import dynamodb_items as items
from cutover.adapters.dynamodb_messages import DynamoMessages
from cutover.domain.correspondence import Correspondence, Post, Told
from cutover.errors import Conflict
from cutover.ports import Messages, Unreadable
from tests.adapters.samples import CUTOVER
from tests.fakes.clock import START
from tests.fakes.messages import InMemoryMessages

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@pytest.fixture(params=("fake", "adapter"))
def messages(request: pytest.FixtureRequest) -> Messages:
    if request.param == "fake":
        return InMemoryMessages()
    return DynamoMessages(request.getfixturevalue("dynamodb"), table="main")


def said(revision: int = 1, *, version: int = 1, due_at: datetime | None = START) -> Correspondence:
    told = Told(person="erin", role="operations", round=1, asked_at=START, mail="0100-1", posts=("D123/1.2",))
    return Correspondence(
        cutover=CUTOVER, revision=revision, headline="service 1.4.0 to production", begun_by=3, told=(told,),
        posts=(Post(role="operations", conversation="C123", reference="C123/1.2", shown="sha256:" + "0" * 64),),
        version=version, due_at=due_at,
    )  # fmt: skip


def test_nothing_is_there_at_first(messages: Messages) -> None:
    assert messages.correspondence(CUTOVER, 1) is None
    assert list(messages.open(limit=10)) == []


def test_what_was_put_is_read_as_it_was(messages: Messages) -> None:
    messages.put(said(), before=None)
    assert messages.correspondence(CUTOVER, 1) == said()
    assert messages.correspondence(CUTOVER, 2) is None


def test_a_write_on_an_old_reading_is_refused(messages: Messages) -> None:
    messages.put(said(), before=None)
    messages.put(said(version=2), before=said())
    for before in (None, said()):
        with pytest.raises(Conflict) as raised:
            messages.put(said(version=2, due_at=None), before=before)
        assert raised.value.parts == {"messages"}
    assert messages.correspondence(CUTOVER, 1) == said(version=2)


def test_a_write_on_a_reading_of_what_is_not_there_is_refused(messages: Messages) -> None:
    with pytest.raises(Conflict):
        messages.put(said(version=2), before=said())


def test_open_is_whatever_is_not_said_to_its_end_the_next_due_first(messages: Messages) -> None:
    messages.put(said(1, due_at=START + timedelta(hours=2)), before=None)
    messages.put(said(2, due_at=None), before=None)
    messages.put(said(3, due_at=START + timedelta(hours=1)), before=None)
    assert [each.revision for each in messages.open(limit=10) if isinstance(each, Correspondence)] == [3, 1]
    assert len(list(messages.open(limit=1))) == 1
    messages.put(said(1, version=2, due_at=None), before=said(1, due_at=START + timedelta(hours=2)))
    assert [each.revision for each in messages.open(limit=10) if isinstance(each, Correspondence)] == [3]


def test_more_than_a_page_is_read_to_the_limit(dynamodb: "DynamoDBClient") -> None:
    adapter = DynamoMessages(dynamodb, table="main")
    for revision in range(1, 8):
        adapter.put(said(revision), before=None)
    assert len(list(adapter.open(limit=5))) == 5
    assert len(list(adapter.open(limit=100))) == 7


def test_one_that_cannot_be_read_is_named_and_hides_no_other(dynamodb: "DynamoDBClient") -> None:
    adapter = DynamoMessages(dynamodb, table="main")
    adapter.put(said(1), before=None)
    broken = items.item_of(said(2)) | {"round": {"S": "first"}}
    dynamodb.put_item(TableName="main", Item=broken)
    found = list(adapter.open(limit=10))
    assert Unreadable(f"MESSAGES#{CUTOVER}#000002/MESSAGES") in found
    assert said(1) in found
