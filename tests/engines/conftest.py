"""One DynamoDB Local for all tests of this folder, and the ports over it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cutover.adapters.dynamodb_records import DynamoRecords
from cutover.adapters.dynamodb_tokens import DynamoTokens
from tests.adapters.samples import Writer
from tests.engines import dynamodb_local
from tests.engines.dynamodb_local import Engine
from tests.engines.rounds import Course

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them on one worker, which share one engine; but for the zombie's, which take as long as all others."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("zombie" if item.path.stem == "test_zombie" else "engine"))


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The engine, started when the first test asks for it."""
    try:
        with dynamodb_local.launched(tmp_path_factory.mktemp("dynamodb-local")) as launched:
            yield launched
    except dynamodb_local.Unfit as unfit:
        if dynamodb_local.in_ci():
            pytest.fail(str(unfit))
        pytest.skip(str(unfit))


@pytest.fixture(scope="session")
def client(engine: Engine) -> "DynamoDBClient":
    """One for all threads of this process, as clients are made to be used."""
    return engine.client()


@pytest.fixture
def table(client: "DynamoDBClient") -> Iterator[str]:
    with dynamodb_local.table(client) as name:
        yield name


@pytest.fixture
def records(client: "DynamoDBClient", table: str) -> DynamoRecords:
    return DynamoRecords(client, table=table)


@pytest.fixture
def writer(records: DynamoRecords) -> Writer:
    return Writer(records)


@pytest.fixture
def tokens(client: "DynamoDBClient", table: str) -> DynamoTokens:
    return DynamoTokens(client, table=table)


@pytest.fixture
def course(client: "DynamoDBClient", record_property: Callable[[str, object], None]) -> Course:
    return Course(client, record_property)
