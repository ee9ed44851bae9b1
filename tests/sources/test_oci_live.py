"""The adapter of OCI registries against a real one (``docker-registry``), open and closed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cutover.contracts.candidate import Reference
from cutover.contracts.evidence import ArtifactRecord
from cutover.contracts.sources import RegistrySource
from cutover.domain import canonical
from cutover.errors import Refused
from cutover.ports import Credential
from cutover.sources.oci import OciSource
from cutover.sources.web import CheckedWeb
from tests.fakes.credentials import FakeCredentials
from tests.sources.images import EMPTY, Image, Pusher, image, index
from tests.sources.loopback import serving
from tests.sources.registry import PASSWORD, SERVICE, USER, TokenService, passwords, running

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
GOOD, BAD = Credential(user=USER, password=PASSWORD), Credential(user=USER, password="other")


@dataclass(frozen=True)
class Seeded:
    """What stands in every registry of these tests."""

    first: Image
    second: Image
    both: Image
    record: Image
    bundle: Image


@dataclass(frozen=True)
class Open:
    host: str
    data: Path
    pusher: Pusher
    seeded: Seeded


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    folder = tmp_path_factory.mktemp("registry")
    with running(folder / "open", folder / "data") as host:
        pusher = Pusher(f"http://{host}")
        with pusher.client:
            yield Open(host, folder / "data", pusher, seed(pusher))


def seed(pusher: Pusher) -> Seeded:
    first = pusher.push("team/app", image(b"layer one" * 100, b"layer two"), "1.0", "moved")
    second = pusher.push("team/app", image(b"another layer"), "1.1", "moved")
    both = pusher.push("team/app", index(first.described(), second.described()), "all")
    record = pusher.push("records", image(b'{"plan": 1}', layer_type="application/json", config_type=EMPTY))
    signed = image(
        b"signed", layer_type=BUNDLE, config_type=EMPTY, artifactType=BUNDLE, subject=first.described()
    )  # fmt: skip
    bundle = pusher.push("team/app", signed)
    fallback = index(bundle.described(artifactType=BUNDLE), second.described(artifactType="text/other"))
    pusher.push("team/app", fallback, first.digest.replace(":", "-"))
    return Seeded(first, second, both, record, bundle)


def oci(credentials: FakeCredentials | None = None) -> OciSource:
    return OciSource(CheckedWeb(loopback=True), credentials=credentials or FakeCredentials(), ecr=FakeCredentials())


def source(host: str, *hosts: str, basic: bool = False) -> RegistrySource:
    return RegistrySource(
        kind="oci", host=host, hosts=hosts, auth="basic" if basic else "anonymous", credential="pull" if basic else None
    )


def reference(record: str, version: str) -> Reference:
    return Reference(source="registry", record=record, version=version)


def artifact(registry: Open, record: str, version: str) -> ArtifactRecord:
    content = oci().artifact("registry", source(registry.host), reference(record, version), limit=1)
    assert canonical.encode(canonical.decode(content)) == content
    return ArtifactRecord.model_validate_json(content)


def test_an_artifact_is_recorded_by_its_manifest(registry: Open) -> None:
    first = registry.seeded.first
    assert artifact(registry, "team/app:1.0", first.digest) == ArtifactRecord(
        source="registry", record="team/app:1.0", version=first.digest, sha256=first.digest, size=first.size,
        latest=first.digest, latest_sha256=first.digest,
    )  # fmt: skip


def test_a_tag_that_was_moved_shows(registry: Open) -> None:
    first, second = registry.seeded.first, registry.seeded.second
    made = artifact(registry, "team/app:moved", first.digest)
    assert (made.sha256, made.size) == (first.digest, first.size)
    assert (made.latest, made.latest_sha256) == (second.digest, second.digest)
    assert oci().latest(source(registry.host), reference("team/app:moved", first.digest)) == second.digest


def test_a_record_without_a_tag_cannot_move(registry: Open) -> None:
    first = registry.seeded.first
    assert artifact(registry, "team/app", first.digest).latest == first.digest
    assert oci().latest(source(registry.host), reference("team/app", first.digest)) == first.digest


def test_an_index_counts_all_that_it_lists(registry: Open) -> None:
    seeded = registry.seeded
    made = artifact(registry, "team/app:all", seeded.both.digest)
    assert made.size == seeded.both.size + seeded.first.size + seeded.second.size


def test_what_is_gone_is_gone(registry: Open) -> None:
    gone = registry.pusher.push("team/gone", image(b"gone"), "1.0")
    at = reference("team/gone:1.0", gone.digest)
    assert oci().latest(source(registry.host), at) == gone.digest
    registry.pusher.delete("team/gone", gone)
    assert oci().latest(source(registry.host), at) is None
    assert oci().latest(source(registry.host), reference("team/never", gone.digest)) is None
    with pytest.raises(Refused) as caught:
        oci().artifact("registry", source(registry.host), at, limit=1)
    assert caught.value.code == "SOURCE_RECORD_MISSING"


def test_a_tag_that_was_deleted_while_its_digest_stands_is_missing(registry: Open) -> None:
    first = registry.seeded.first
    with pytest.raises(Refused) as caught:
        artifact(registry, "team/app:never", first.digest)
    assert caught.value.code == "SOURCE_RECORD_MISSING"


def test_a_record_is_the_only_layer_of_its_manifest(registry: Open) -> None:
    record = registry.seeded.record
    fetched = oci().fetch(source(registry.host), reference("records", record.digest), limit=11)
    assert (fetched.content, fetched.media_type) == (b'{"plan": 1}', "application/json")
    assert fetched.version == record.digest
    with pytest.raises(Refused) as caught:
        oci().fetch(source(registry.host), reference("records", record.digest), limit=10)
    assert caught.value.code == "SOURCE_RECORD_TOO_LARGE"


@pytest.mark.parametrize("which", ["first", "both"])
def test_what_has_not_one_layer_is_no_record(registry: Open, which: str) -> None:
    at = reference("team/app", getattr(registry.seeded, which).digest)
    with pytest.raises(Refused) as caught:
        oci().fetch(source(registry.host), at, limit=10_000)
    assert caught.value.code == "SOURCE_RECORD_UNREADABLE"


def test_a_referrer_is_found_under_the_fallback_tag(registry: Open) -> None:
    """This registry has no referrers API."""
    seeded = registry.seeded
    at = reference(f"team/app@{seeded.first.digest}", BUNDLE)
    fetched = oci().fetch(source(registry.host), at, limit=100)
    assert (fetched.content, fetched.media_type, fetched.version) == (b"signed", BUNDLE, BUNDLE)
    assert oci().latest(source(registry.host), at) == BUNDLE
    for subject, kind in ((seeded.second.digest, BUNDLE), (seeded.first.digest, "text/none")):
        absent = reference(f"team/app@{subject}", kind)
        assert oci().latest(source(registry.host), absent) is None
        with pytest.raises(Refused) as caught:
            oci().fetch(source(registry.host), absent, limit=100)
        assert caught.value.code == "SOURCE_RECORD_MISSING"


def test_a_digest_pins_a_referrer_to_its_subject(registry: Open) -> None:
    first, second, bundle = registry.seeded.first, registry.seeded.second, registry.seeded.bundle
    at = reference(f"team/app@{first.digest}", bundle.digest)
    assert oci().fetch(source(registry.host), at, limit=100).content == b"signed"
    assert oci().latest(source(registry.host), at) == bundle.digest
    with pytest.raises(Refused) as caught:
        oci().fetch(source(registry.host), reference(f"team/app@{second.digest}", bundle.digest), limit=100)
    assert caught.value.code == "SOURCE_SUBJECT_DIFFERS"


# Behind passwords.


@pytest.fixture(scope="module")
def closed(registry: Open, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("closed")
    with running(folder, registry.data, passwords(folder)) as host:
        yield host


def test_a_registry_with_passwords_lets_in_who_has_one(registry: Open, closed: str) -> None:
    record = registry.seeded.record
    credentials = FakeCredentials(pull=GOOD)
    fetched = oci(credentials).fetch(source(closed, basic=True), reference("records", record.digest), limit=100)
    assert fetched.content == b'{"plan": 1}'
    assert set(credentials.readings) == {("pull", False)}


def test_a_rotated_password_is_read_again_once(registry: Open, closed: str) -> None:
    credentials = FakeCredentials(pull=BAD)
    assert credentials.get("pull") == BAD
    credentials.rotate("pull", GOOD)
    at = reference("team/app:1.0", registry.seeded.first.digest)
    assert oci(credentials).latest(source(closed, basic=True), at) == registry.seeded.first.digest
    assert credentials.readings == [("pull", False), ("pull", False), ("pull", True)]


def test_a_wrong_password_is_given_up_after_one_more_reading(registry: Open, closed: str) -> None:
    credentials = FakeCredentials(pull=BAD)
    at = reference("team/app:1.0", registry.seeded.first.digest)
    with pytest.raises(Refused) as caught:
        oci(credentials).latest(source(closed, basic=True), at)
    assert caught.value.code == "SOURCE_UNAUTHORIZED"
    assert credentials.readings == [("pull", False), ("pull", True)]


def test_nobody_is_unauthorized(registry: Open, closed: str) -> None:
    with pytest.raises(Refused) as caught:
        oci().latest(source(closed), reference("team/app:1.0", registry.seeded.first.digest))
    assert caught.value.code == "SOURCE_UNAUTHORIZED"


# Behind a token service.


@dataclass(frozen=True)
class Guarded:
    host: str
    realm: str
    service: TokenService


@pytest.fixture(params=[None, PASSWORD], ids=["anonymous", "passwords"])
def guarded(request: pytest.FixtureRequest, registry: Open, tmp_path: Path) -> Iterator[Guarded]:
    service = TokenService(password=request.param)
    with serving(service.answer) as tokens:
        auth = service.auth(tmp_path, f"{tokens.url}/token")
        with running(tmp_path, registry.data, auth) as host:
            yield Guarded(host, tokens.host, service)


def test_a_token_is_asked_for_once_and_for_pulling_only(registry: Open, guarded: Guarded) -> None:
    first, closed = registry.seeded.first, guarded.service.password is not None
    adapter = oci(FakeCredentials(pull=GOOD))
    at = source(guarded.host, guarded.realm, basic=closed)
    made = adapter.artifact("registry", at, reference("team/app:1.0", first.digest), limit=1)
    assert ArtifactRecord.model_validate_json(made).sha256 == first.digest
    assert guarded.service.asked == [{"service": [SERVICE], "scope": ["repository:team/app:pull"]}]
    adapter.fetch(at, reference("records", registry.seeded.record.digest), limit=100)
    assert [each["scope"] for each in guarded.service.asked[1:]] == [["repository:records:pull"]]


def test_a_token_that_is_not_taken_any_more_is_renewed(registry: Open, guarded: Guarded) -> None:
    first, closed = registry.seeded.first, guarded.service.password is not None
    adapter = oci(FakeCredentials(pull=GOOD))
    adapter._tokens[guarded.host, "pull" if closed else None, "team/app"] = TokenService().token(
        "repository:team/app:pull"
    )
    at = source(guarded.host, guarded.realm, basic=closed)
    assert adapter.latest(at, reference("team/app:1.0", first.digest)) == first.digest
    assert len(guarded.service.asked) == 1


def test_a_token_service_that_is_not_listed_sees_nothing(registry: Open, guarded: Guarded) -> None:
    at = source(guarded.host, basic=guarded.service.password is not None)
    with pytest.raises(Refused) as caught:
        oci(FakeCredentials(pull=GOOD)).latest(at, reference("team/app:1.0", registry.seeded.first.digest))
    assert (caught.value.code, guarded.service.asked) == ("SOURCE_HOST_NOT_LISTED", [])
