"""What the demo makes is what Cutover accepts: candidate, policy, statements, SBOMs, records."""

import base64
import json
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from moto import mock_aws

from cutover.contracts.candidate import CANDIDATE_TYPE, Candidate
from cutover.contracts.envelope import IN_TOTO_TYPE
from cutover.contracts.event import CandidateEvent
from cutover.contracts.policy import TrustFile
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.admission import examine
from cutover.domain.policy import load_trust
from cutover.errors import Refused
from cutover.policies import PolicyReader
from cutover_cli import candidates, policy, policy_governing
from cutover_cli.demo import build, deployment, publish, records, sbom, statements
from cutover_cli.demo.build import Artifact, Checkout
from cutover_cli.demo.deployment import Deployment, Site
from cutover_cli.demo.errors import BuildFailed
from cutover_cli.demo.identities import Identities, identities
from cutover_cli.demo.lockfile import Lock
from cutover_cli.demo.publish import Described, NotVersioned, Publisher, Release
from cutover_cli.demo.smoke import Smoke
from cutover_cli.signing import LocalKey, seal
from tests.fakes.records import InMemoryRecords
from tests.fakes.store import InMemoryStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OUTPUTS = {name: name for name in ("BindKeyArn", "DecideKeyArn", "HandoffKeyArn", "LedgerKeyArn")}


class PublicKeys:
    """KMS as far as the demo asks it: four keys, each with its public half."""

    def __init__(self) -> None:
        self._keys = {name: LocalKey(ec.generate_private_key(ec.SECP256R1())) for name in OUTPUTS}

    def get_public_key(self, *, KeyId: str) -> dict[str, bytes]:  # noqa: N803  # boto3's own spelling
        return {"PublicKey": self._keys[KeyId].public_key}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Identities:
    return identities(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def site(repository: Path) -> Site:
    return deployment.site(repository)


def a_checkout(root: Path) -> Checkout:
    return Checkout(root, "https://example.com/cutover", "refs/heads/main", "c" * 40, "b" * 40, modified=True)


@pytest.fixture(scope="module")
def described(repository: Path, keys: Identities, site: Site) -> Deployment:
    kms: Any = PublicKeys()
    return deployment.describe(
        repository / deployment.EXAMPLES,
        root=deployment.root_of(keys, site.audience),
        keys=deployment.trusted_keys(keys, kms, OUTPUTS, at=NOW),
        bucket="sources",
        at=NOW,
        version=3,
        source=a_checkout(repository),
    )


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator["S3Client"]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="sources")
        yield client


@pytest.fixture
def built(tmp_path: Path) -> Artifact:
    path = tmp_path / "cutover-0.1.0-py3-none-any.whl"
    path.write_bytes(b"a wheel")
    return build.artifact("wheel", path)


@pytest.fixture
def source(repository: Path) -> Checkout:
    return a_checkout(repository)


@dataclass(frozen=True)
class Signed:
    candidate: Candidate
    content: bytes


@pytest.fixture
def signed(
    *, s3: "S3Client", built: Artifact, source: Checkout, described: Deployment, keys: Identities, site: Site
) -> Signed:
    """A candidate as the demo makes it, with everything that it refers to in the bucket."""
    s3.put_bucket_versioning(Bucket="sources", VersioningConfiguration={"Status": "Enabled"})
    publisher = Publisher(s3, "sources")
    run = statements.Build("run-1", NOW, NOW, canonical.digest(b"lock"))
    component = publisher.component(
        Described(
            artifact=built,
            sbom=b"{}",
            entity=b"kind: Component\n",
            provenance=statements.signed(statements.provenance(built, source, run), keys.builder),
            tests=statements.signed(statements.tests(built, source, Smoke(("import cutover",), "3")), keys.attester),
        ),
        "cutover/0.1.0",
    )
    documents = {
        "change": records.change([built], version="0.1.0", environment=site.environment),
        "rollout": records.rollout(environment=site.environment),
        "flags": records.flags(environment=site.environment, at=NOW),
        "overlays": records.overlays(source, environment=site.environment),
        "rollback": records.rollback(source, records.Drill("b" * 40, NOW)),
    }
    candidate = publish.candidate(
        Release(source, "0.1.0", "run-1", site.environment, NOW),
        described,
        components=[component],
        records={name: publisher.record(name, each) for name, each in documents.items()},
    )
    return Signed(candidate, canonical.encode_model(candidates.sign(candidate, keys.ci)))


def test_admit_takes_the_demos_candidate_under_the_demos_policy(
    signed: Signed, described: Deployment, keys: Identities, site: Site
) -> None:
    store, table = InMemoryStore(), InMemoryRecords()
    owners = keys.owners.values()
    envelopes = policy.sign(described.rules, *owners), policy.sign(described.facts, *owners)
    policy_governing.activate(described.root, *envelopes, targets=site.targets, store=store, records=table)
    reader = PolicyReader(records=table, store=store, fingerprint=policy.fingerprint(described.root))
    taken = examine(
        signed.content, policy=reader.active(), audience=site.audience, targets=site.targets, received_at=NOW, now=NOW
    )
    assert taken.candidate == signed.candidate
    assert taken.window.opens_at < NOW < taken.window.closes_at


def test_every_reference_finds_its_bytes_at_its_version(signed: Signed, s3: "S3Client") -> None:
    candidate = signed.candidate
    (component,) = candidate.components
    (attestation,) = candidate.attestations
    named = [component.artifact, component.provenance, component.dependencies, attestation.statement]
    for reference in [*named, candidate.change, candidate.rollout, candidate.flags, candidate.rollback.plan]:
        assert reference is not None
        body = s3.get_object(Bucket="sources", Key=reference.record, VersionId=reference.version)["Body"].read()
        assert canonical.digest(body) == reference.digest


def test_the_event_carries_exactly_the_signed_envelope(signed: Signed) -> None:
    sealed = dsse.parse(signed.content)
    event = CandidateEvent.model_validate_json(candidates.detail_of(sealed))
    assert event.envelope == sealed
    assert candidates.admission_of(sealed) == canonical.digest(signed.content)


def test_a_candidate_too_large_for_an_event_is_refused(keys: Identities) -> None:
    sealed = seal(CANDIDATE_TYPE, b"x" * 65_536, keys.ci)
    with pytest.raises(candidates.CandidateTooLarge):
        candidates.detail_of(sealed)


def test_the_candidate_outlives_its_window(signed: Signed, described: Deployment) -> None:
    assert signed.candidate.expires_at > described.closes_at


def test_a_bucket_without_versions_cannot_be_referred_to(s3: "S3Client") -> None:
    with pytest.raises(NotVersioned):
        Publisher(s3, "sources").put("ci", "a.json", b"{}", "application/json")


def test_the_trust_file_opens_with_both_owners_and_ends(described: Deployment, keys: Identities) -> None:
    file = TrustFile.model_validate_json(deployment.trust_file(described, keys, at=NOW))
    named = load_trust(file.bundle, file.root, at=NOW).keys
    assert [key.id for key in named] == [key.id for key in described.facts.keys]
    assert {key.person for key in named} == {None}, "whose a key is stands in the facts only"
    with pytest.raises(Refused, match="TRUST_EXPIRED"):
        load_trust(file.bundle, file.root, at=NOW + timedelta(days=91))


def test_each_statement_counts_for_its_purpose_only(
    built: Artifact, source: Checkout, keys: Identities, described: Deployment
) -> None:
    run = statements.Build("run-1", NOW, NOW, canonical.digest(b"lock"))
    sealed = dsse.parse(statements.signed(statements.provenance(built, source, run), keys.builder))
    trusted = described.facts.keys
    opened = dsse.open_envelope(sealed, payload_type=IN_TOTO_TYPE, purpose="provenance", keys=trusted, at=NOW)
    statement = json.loads(opened.payload)
    assert statement["subject"][0]["digest"]["sha256"] == built.digest.removeprefix("sha256:")
    material = statement["predicate"]["buildDefinition"]["resolvedDependencies"][0]
    assert material == {"uri": source.repository, "digest": {"gitCommit": source.commit}}
    with pytest.raises(Refused, match="WRONG_KEY_PURPOSE"):
        dsse.open_envelope(sealed, payload_type=IN_TOTO_TYPE, purpose="attestation", keys=trusted, at=NOW)


def test_provenance_says_that_the_checkout_was_modified(built: Artifact, source: Checkout) -> None:
    run = statements.Build("run-1", NOW, NOW, canonical.digest(b"lock"))
    stated = statements.provenance(built, source, run)["predicate"]["buildDefinition"]
    assert stated["internalParameters"] == {"workingTree": "modified"}


def test_the_smoke_test_claims_no_more_than_what_passed(built: Artifact, source: Checkout) -> None:
    stated = statements.tests(built, source, Smoke(("compileall", "import cutover"), "cpython 3.11"))["predicate"]
    assert stated["passedTests"] == ["compileall", "import cutover"]
    assert "not the test suite" in stated["configuration"][1]["annotations"]["scope"]


@pytest.fixture(scope="module")
def lock(repository: Path) -> Lock:
    return Lock(repository / "uv.lock")


def test_the_sbom_is_valid_cyclonedx_of_what_the_lock_pins(built: Artifact, lock: Lock) -> None:
    packages = lock.closure("cutover", extras=["cli"])
    content = sbom.write(built, packages, sbom.installed(), version="0.1.0", at=NOW)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(content.decode()) is None
    document = json.loads(content)
    assert document["specVersion"] == "1.6"
    assert document["metadata"]["component"]["hashes"][0]["content"] == built.digest.removeprefix("sha256:")
    purls = {component["purl"] for component in document["components"]}
    assert purls == {f"pkg:pypi/{package.name}@{package.version}" for package in packages}
    pydantic = next(each for each in document["components"] if each["name"] == "pydantic")
    assert pydantic["licenses"] == [{"license": {"id": "MIT"}}]


def test_a_closure_follows_extras_and_only_those_that_are_asked_for(lock: Lock) -> None:
    core = {package.name for package in lock.closure("cutover")}
    assert {"pydantic", "pydantic-core", "aws-xray-sdk"} <= core  # the last one is powertools[tracer]
    assert not {"boto3", "typer", "pytest"} & core
    assert "typer" in {package.name for package in lock.closure("cutover", extras=["cli"])}


def test_a_package_that_the_lock_does_not_pin_stops_the_release(tmp_path: Path, lock: Lock) -> None:
    path = tmp_path / "functions.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("jinja2-0.0.1.dist-info/METADATA", "Metadata-Version: 2.1\nName: Jinja2\nVersion: 0.0.1\n")
    with pytest.raises(BuildFailed, match="jinja2"):
        sbom.packed(path, lock.closure("cutover"))


@pytest.mark.parametrize(
    ("remote", "repository"),
    [
        ("https://user:secret@example.com/team/cutover.git?token=x", "https://example.com/team/cutover.git"),
        ("git@example.com:team/cutover.git", "ssh://example.com/team/cutover.git"),
        ("ssh://git@example.com:2222/cutover", "ssh://example.com:2222/cutover"),
        ("/home/somebody/cutover", build.LOCAL_CHECKOUT),
        ("", build.LOCAL_CHECKOUT),
    ],
)
def test_a_remote_is_named_without_credentials_and_paths(remote: str, repository: str) -> None:
    assert build.repository_of(remote) == repository


def test_a_folder_that_git_does_not_know_cannot_be_released(tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match="no git checkout"):
        build.checkout(tmp_path)


def test_a_checkout_with_changes_says_so(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "-m", "one")
    clean = build.checkout(tmp_path)
    assert (clean.modified, clean.parent, clean.repository) == (False, None, build.LOCAL_CHECKOUT)
    (tmp_path / "new").touch()
    assert build.checkout(tmp_path).modified


def test_the_rollback_plan_names_the_hook_that_is_in_the_checkout(source: Checkout) -> None:
    (step,) = records.rollback(source, records.Drill("b" * 40, NOW)).steps
    assert step.hook_digest == canonical.digest((source.root / records.HOOK).read_bytes())
    assert step.drilled_at == NOW
    assert all(value is not None for value in step.model_dump().values())


def test_trusted_keys_are_the_demos_and_those_that_kms_publishes(described: Deployment, keys: Identities) -> None:
    by_purpose = {key.purpose: key for key in described.facts.keys}
    assert set(by_purpose) == {
        "candidate", "provenance", "attestation", "waiver", "resolution", "withdrawal", "brake", "bind", "decide",
        "handoff", "ledger",
    }  # fmt: skip
    personal = {name: key.person for name, key in by_purpose.items() if key.person}
    assert personal == {"waiver": "omar", "resolution": "omar"}
    assert base64.b64decode(by_purpose["candidate"].public_key) == keys.ci.public_key
    owners = {key.key_id for key in keys.owners.values()}
    assert not owners & {key.id for key in described.facts.keys}
