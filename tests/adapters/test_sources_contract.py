"""The contracts of ``SourceSystem[BucketSource]`` and ``Inbox``: exactly one version, and no more than a limit."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest

from cutover.adapters.s3_inbox import S3Inbox
from cutover.contracts.candidate import Reference
from cutover.contracts.evidence import ArtifactRecord
from cutover.contracts.sources import BucketSource
from cutover.domain import canonical
from cutover.errors import DependencyUnavailable, Refused
from cutover.ports import Inbox, SourceSystem
from cutover.sources.s3 import S3Source
from tests.adapters import wire
from tests.adapters.conftest import IMPLEMENTATIONS, REGION
from tests.adapters.wire import always, on_the_wire
from tests.fakes.sources import FakeInbox, FakeSources

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

SOURCE = BucketSource(kind="s3", bucket="bucket")
Put = Callable[[str, bytes], str]


@dataclass(frozen=True)
class OpenSources:
    port: SourceSystem[BucketSource]
    put: Put
    """Adds a version to a record and answers its id."""


def putter(client: "S3Client") -> Put:
    def put(key: str, content: bytes) -> str:
        return client.put_object(Bucket="bucket", Key=key, Body=io.BytesIO(content), ContentType="application/json")[
            "VersionId"
        ]

    return put


@pytest.fixture(params=IMPLEMENTATIONS)
def sources(request: pytest.FixtureRequest) -> OpenSources:
    if request.param == "fake":
        fake = FakeSources()
        return OpenSources(fake, lambda key, content: fake.put("bucket", key, content))
    client: S3Client = request.getfixturevalue("s3")
    return OpenSources(S3Source(client), putter(client))


@dataclass(frozen=True)
class OpenInbox:
    port: Inbox
    put: Put


@pytest.fixture(params=IMPLEMENTATIONS)
def inbox(request: pytest.FixtureRequest) -> OpenInbox:
    if request.param == "fake":
        fake = FakeInbox()
        return OpenInbox(fake, fake.put)
    client: S3Client = request.getfixturevalue("s3")
    return OpenInbox(S3Inbox(client, bucket="bucket"), putter(client))


def reference(version: str, record: str = "change.json") -> Reference:
    return Reference(source="records", record=record, version=version)


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        action()
    return caught.value.code


def test_a_record_is_fetched_at_its_version(sources: OpenSources) -> None:
    first = sources.put("change.json", b"first")
    sources.put("change.json", b"second")
    found = sources.port.fetch(SOURCE, reference(first), limit=5)
    assert (found.content, found.media_type, found.version) == (b"first", "application/json", first)


def test_a_record_or_version_that_is_not_there_is_missing(sources: OpenSources) -> None:
    version = sources.put("change.json", b"first")
    other = sources.put("other.json", b"other")
    for absent in (reference(version, "absent.json"), reference(other)):
        fetch = partial(sources.port.fetch, SOURCE, absent, limit=9)
        artifact = partial(sources.port.artifact, "registry", SOURCE, absent, limit=9)
        assert [refusal(fetch), refusal(artifact)] == ["SOURCE_RECORD_MISSING"] * 2


def test_a_record_over_the_limit_is_refused(sources: OpenSources) -> None:
    version = sources.put("change.json", b"123456")
    assert refusal(lambda: sources.port.fetch(SOURCE, reference(version), limit=5)) == "SOURCE_RECORD_TOO_LARGE"
    assert sources.port.fetch(SOURCE, reference(version), limit=6).content == b"123456"


def test_an_artifact_is_recorded_by_its_bytes(sources: OpenSources) -> None:
    version = sources.put("app.whl", b"wheel")
    raw = sources.port.artifact("registry", SOURCE, reference(version, "app.whl"), limit=5)
    assert canonical.encode(canonical.decode(raw)) == raw
    assert ArtifactRecord.model_validate_json(raw) == ArtifactRecord(
        source="registry",
        record="app.whl",
        version=version,
        sha256=canonical.digest(b"wheel"),
        size=5,
        latest=version,
        latest_sha256=canonical.digest(b"wheel"),
    )


def test_a_newer_artifact_that_nobody_announced_shows(sources: OpenSources) -> None:
    announced = sources.put("app.whl", b"wheel")
    newer = sources.put("app.whl", b"other wheel")
    raw = sources.port.artifact("registry", SOURCE, reference(announced, "app.whl"), limit=50)
    record = ArtifactRecord.model_validate_json(raw)
    assert (record.version, record.sha256, record.size) == (announced, canonical.digest(b"wheel"), 5)
    assert (record.latest, record.latest_sha256) == (newer, canonical.digest(b"other wheel"))


def test_an_artifact_over_the_limit_is_refused(sources: OpenSources) -> None:
    announced = sources.put("app.whl", b"wheel")
    at = reference(announced, "app.whl")
    assert refusal(lambda: sources.port.artifact("r", SOURCE, at, limit=4)) == "SOURCE_RECORD_TOO_LARGE"
    sources.put("app.whl", b"a much larger wheel")
    assert refusal(lambda: sources.port.artifact("r", SOURCE, at, limit=5)) == "SOURCE_RECORD_TOO_LARGE"


def test_a_candidate_is_fetched_at_its_version(inbox: OpenInbox) -> None:
    first = inbox.put("candidate.json", b"first")
    inbox.put("candidate.json", b"second")
    assert inbox.port.fetch("candidate.json", first, limit=5) == b"first"


def test_a_candidate_that_is_not_there_is_unreadable(inbox: OpenInbox) -> None:
    version = inbox.put("candidate.json", b"first")
    other = inbox.put("other.json", b"other")
    for key, at in [("absent.json", version), ("candidate.json", other), ("", version), ("candidate.json", "")]:
        assert refusal(partial(inbox.port.fetch, key, at, limit=9)) == "CANDIDATE_UNREADABLE"


def test_a_candidate_over_the_limit_is_too_large(inbox: OpenInbox) -> None:
    version = inbox.put("candidate.json", b"123456")
    assert refusal(lambda: inbox.port.fetch("candidate.json", version, limit=5)) == "CANDIDATE_TOO_LARGE"


def test_a_fake_bucket_can_be_closed() -> None:
    fake = FakeSources()
    version = fake.put("bucket", "change.json", b"first")
    fake.deny("bucket")
    assert refusal(lambda: fake.fetch(SOURCE, reference(version), limit=9)) == "SOURCE_DENIED"


def s3_error(status: int, code: str) -> wire.Handler:
    return always(lambda: wire.response(status, f"<Error><Code>{code}</Code></Error>".encode()))


def test_a_denied_record_is_denied(s3: "S3Client") -> None:
    with on_the_wire(s3, "GetObject", s3_error(403, "AccessDenied")):
        assert refusal(lambda: S3Source(s3).fetch(SOURCE, reference("v"), limit=9)) == "SOURCE_DENIED"
        assert refusal(lambda: S3Inbox(s3, bucket="bucket").fetch("k", "v", limit=9)) == "CANDIDATE_UNREADABLE"


def test_a_throttled_source_is_no_verdict_on_the_record(s3: "S3Client") -> None:
    with on_the_wire(s3, "GetObject", s3_error(503, "SlowDown")):
        with pytest.raises(DependencyUnavailable):
            S3Source(s3).fetch(SOURCE, reference("v"), limit=9)
        with pytest.raises(DependencyUnavailable):
            S3Inbox(s3, bucket="bucket").fetch("k", "v", limit=9)


def test_another_version_than_asked_for_is_refused(s3: "S3Client") -> None:
    answer = always(lambda: wire.response(200, b"bytes", x_amz_version_id="another"))
    with on_the_wire(s3, "GetObject", answer):
        assert refusal(lambda: S3Source(s3).fetch(SOURCE, reference("v"), limit=9)) == "SOURCE_VERSION_DIFFERS"


def test_a_bucket_without_versions_pins_nothing(s3: "S3Client") -> None:
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="plain", Key="change.json", Body=b"bytes")
    plain = BucketSource(kind="s3", bucket="plain")
    code = refusal(lambda: S3Source(s3).fetch(plain, reference("null"), limit=9))
    assert code in {"SOURCE_VERSION_DIFFERS", "SOURCE_RECORD_MISSING"}


def test_a_deleted_artifact_is_missing_although_its_version_is_there(s3: "S3Client") -> None:
    version = putter(s3)("app.whl", b"wheel")
    s3.delete_object(Bucket="bucket", Key="app.whl")
    at = reference(version, "app.whl")
    assert S3Source(s3).fetch(SOURCE, at, limit=9).content == b"wheel"
    assert refusal(lambda: S3Source(s3).artifact("r", SOURCE, at, limit=9)) == "SOURCE_RECORD_MISSING"


def test_a_body_longer_than_stated_is_not_read_on(s3: "S3Client") -> None:
    def lying() -> object:
        answer = wire.response(200, b"x" * 3_000_000, x_amz_version_id="v")
        del answer.headers["content-length"]
        answer.headers["content-length"] = "5"
        return answer

    with on_the_wire(s3, "GetObject", lambda _: lying()):  # type: ignore[arg-type, return-value]
        assert refusal(lambda: S3Source(s3).fetch(SOURCE, reference("v"), limit=9)) == "SOURCE_RECORD_TOO_LARGE"
