"""What S3 does when it does not simply answer, and what is asked of it."""

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from cutover.adapters.s3_store import S3Store
from cutover.contracts.handoff import Tombstone
from cutover.domain import canonical
from cutover.errors import ConfigurationError, DependencyUnavailable
from tests.adapters import wire
from tests.adapters.conftest import REGION
from tests.adapters.samples import CUTOVER
from tests.adapters.wire import always, broken, lost, on_the_wire
from tests.fakes.clock import START

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

CONTENT = b"the very bytes"
KEY = "sha256/" + canonical.digest(CONTENT).removeprefix("sha256:")


@pytest.fixture
def adapter(s3: "S3Client") -> S3Store:
    return S3Store(s3, bucket="bucket")


def refused(status: int, code: str) -> wire.Handler:
    body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
    return always(lambda: wire.response(status, body))


def test_objects_are_created_once_with_their_checksum(adapter: S3Store, s3: "S3Client") -> None:
    with on_the_wire(s3, "PutObject", lambda _: None) as tries:
        adapter.put(CONTENT)
        adapter.put_tombstone(Tombstone(cutover=CUTOVER, revision=1, status="expired", reason="EXPIRED", at=START))
        adapter.put_ledger_head(CUTOVER, 1, CONTENT)
    assert [request.url.partition(".com/")[2] for request in tries] == [
        KEY,
        "tombstones/shop%40eu.1/1.json",
        "ledger/shop%40eu.1/000000000001.json",
    ]
    assert all(request.headers["If-None-Match"] in {"*", b"*"} for request in tries)
    assert all(request.headers["x-amz-checksum-sha256"] for request in tries)


def test_a_put_whose_answer_was_lost_is_done(adapter: S3Store, s3: "S3Client") -> None:
    with on_the_wire(s3, "PutObject", lost(times=1)) as tries:
        adapter.put(CONTENT)
    assert len(tries) == 2
    versions = s3.list_object_versions(Bucket="bucket")["Versions"]
    assert [version["Key"] for version in versions] == [KEY]


def test_a_ledger_head_whose_answer_was_lost_is_ours(adapter: S3Store, s3: "S3Client") -> None:
    with on_the_wire(s3, "PutObject", lost(times=1)):
        assert adapter.put_ledger_head(CUTOVER, 1, b"signed") == b"signed"


@pytest.mark.parametrize(
    ("status", "code"), [(409, "ConditionalRequestConflict"), (503, "SlowDown"), (500, "InternalError")]
)
def test_a_put_that_s3_could_not_do_is_unavailable(adapter: S3Store, s3: "S3Client", status: int, code: str) -> None:
    with on_the_wire(s3, "PutObject", refused(status, code)), pytest.raises(DependencyUnavailable):
        adapter.put(CONTENT)


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (404, "NoSuchBucket"), (400, "InvalidRequest")])
def test_a_tombstone_that_cannot_be_looked_up_is_never_absent(
    adapter: S3Store, s3: "S3Client", status: int, code: str
) -> None:
    with on_the_wire(s3, "ListObjectsV2", refused(status, code)), pytest.raises(ClientError) as caught:
        adapter.has_tombstone(CUTOVER, 1)
    assert caught.value.response["Error"]["Code"] == code


def test_a_tombstone_lookup_without_an_answer_is_unavailable(adapter: S3Store, s3: "S3Client") -> None:
    timeout = broken(ReadTimeoutError(endpoint_url="x"))
    with on_the_wire(s3, "ListObjectsV2", timeout), pytest.raises(DependencyUnavailable):
        adapter.has_tombstone(CUTOVER, 1)


def test_a_tombstone_that_could_not_be_written_is_not_taken_for_written(adapter: S3Store, s3: "S3Client") -> None:
    tombstone = Tombstone(cutover=CUTOVER, revision=1, status="expired", reason="EXPIRED", at=START)
    with on_the_wire(s3, "PutObject", refused(403, "AccessDenied")), pytest.raises(ClientError):
        adapter.put_tombstone(tombstone)
    assert not adapter.has_tombstone(CUTOVER, 1)


def test_a_denied_read_is_not_a_missing_document(adapter: S3Store, s3: "S3Client") -> None:
    with on_the_wire(s3, "GetObject", refused(403, "AccessDenied")), pytest.raises(ClientError):
        adapter.get(canonical.digest(CONTENT), limit=1000)


def test_an_oversize_document_is_not_read(adapter: S3Store, s3: "S3Client") -> None:
    """The stated length is judged before the body: this one would never end."""

    class Endless(wire._Raw):
        def read(self, *_: object) -> bytes:
            raise AssertionError("the body was read")

    answer = wire.response(200, b"")
    answer.raw = Endless()
    answer.headers["content-length"] = "1001"
    with on_the_wire(s3, "GetObject", lambda _: answer), pytest.raises(Exception, match="DOCUMENT_TOO_LARGE"):
        adapter.get(canonical.digest(CONTENT), limit=1000)


def test_a_bucket_without_versions_is_a_wrong_deployment(adapter: S3Store, s3: "S3Client") -> None:
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": REGION})
    plain = S3Store(s3, bucket="plain")
    digest = plain.put(CONTENT)
    with pytest.raises(ConfigurationError, match="plain"):
        plain.locate(digest)
