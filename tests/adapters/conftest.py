"""AWS as moto plays it, and one fixture a port that is the fake in one run and the adapter in the other.

A contract test that both pass is what allows every other test to trust the fake.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from cutover.adapters.dynamodb_records import DynamoRecords
from cutover.adapters.dynamodb_tokens import DynamoTokens
from cutover.adapters.s3_store import S3Store
from cutover.ports import LockedStore, Records, Tokens
from tests.adapters.samples import Writer
from tests.fakes.records import InMemoryRecords
from tests.fakes.store import InMemoryStore
from tests.fakes.tokens import InMemoryTokens

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

REGION: Final = "eu-west-1"
IMPLEMENTATIONS = ("fake", "adapter")
Clients = Callable[[str], Any]


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """One for all tests: it keeps the service models that each client would else read again."""
    return boto3.Session(region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing")


@pytest.fixture
def aws(session: boto3.Session) -> Iterator[Clients]:
    """Makes clients of an AWS that starts empty; standard retries, as in Lambda."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 2})
    with mock_aws():
        yield lambda service: session.client(service, config=config)  # type: ignore[call-overload]


def make_table(client: "DynamoDBClient", name: str) -> None:
    """The table as the stack makes it, indexes included."""
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "S"}
            for attribute in ("pk", "sk", "live", "due_at", "day", "at")
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": name,
                "KeySchema": [
                    {"AttributeName": partition, "KeyType": "HASH"},
                    {"AttributeName": order, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
            for name, partition, order in (("due", "live", "due_at"), ("day", "day", "at"))
        ],
    )


def make_bucket(client: "S3Client", name: str) -> None:
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


@pytest.fixture
def dynamodb(aws: Clients) -> "DynamoDBClient":
    client: DynamoDBClient = aws("dynamodb")
    make_table(client, "main")
    return client


@pytest.fixture
def s3(aws: Clients) -> "S3Client":
    client: S3Client = aws("s3")
    make_bucket(client, "bucket")
    return client


@pytest.fixture(params=IMPLEMENTATIONS)
def records(request: pytest.FixtureRequest) -> Records:
    if request.param == "fake":
        return InMemoryRecords()
    return DynamoRecords(request.getfixturevalue("dynamodb"), table="main")


@pytest.fixture
def writer(records: Records) -> Writer:
    return Writer(records)


@pytest.fixture(params=IMPLEMENTATIONS)
def tokens(request: pytest.FixtureRequest) -> Tokens:
    if request.param == "fake":
        return InMemoryTokens()
    return DynamoTokens(request.getfixturevalue("dynamodb"), table="main")


@dataclass(frozen=True)
class OpenStore:
    """A store, and a way past it: ``tamper`` writes any bytes under any key."""

    port: LockedStore
    tamper: Callable[[str, bytes], object]


@pytest.fixture(params=IMPLEMENTATIONS)
def store(request: pytest.FixtureRequest) -> OpenStore:
    if request.param == "fake":
        fake = InMemoryStore()
        return OpenStore(fake, fake.objects.__setitem__)
    client: S3Client = request.getfixturevalue("s3")

    def tamper(key: str, content: bytes) -> None:
        client.put_object(Bucket="bucket", Key=key, Body=io.BytesIO(content))

    return OpenStore(S3Store(client, bucket="bucket"), tamper)
