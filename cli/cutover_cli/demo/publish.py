"""Puts a release's evidence where source systems would have it, and writes the candidate that refers to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cutover.contracts.base import Model
from cutover.contracts.candidate import (
    Authority,
    Candidate,
    CandidateComponent,
    NamedAttestation,
    Reference,
    RollbackRequest,
)
from cutover.domain import canonical
from cutover_cli.demo import statements
from cutover_cli.demo.build import Artifact, Checkout
from cutover_cli.demo.deployment import PRODUCT, TARGET, Deployment
from cutover_cli.output import CommandError, Exit

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REQUESTER = "ci-bot"
_OUTLIVES_WINDOW = timedelta(hours=1)


class NotVersioned(CommandError):
    """The bucket keeps no versions, so nothing in it can be referred to."""

    exit_code = Exit.REMOTE
    reason = "BUCKET_NOT_VERSIONED"


@dataclass(frozen=True, slots=True)
class Described:
    """An artifact with what is said about it, each as the bytes that are published."""

    artifact: Artifact
    sbom: bytes
    provenance: bytes
    tests: bytes
    entity: bytes


class Publisher:
    """Writes to the sources bucket. Every reference pins a version and the digest of its bytes."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3, self._bucket = s3, bucket

    def put(self, source: str, record: str, content: bytes, media_type: str) -> Reference:
        """Publishes one record under `source/record`."""
        key = f"{source}/{record}"
        answer = self._s3.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=media_type)
        version = answer.get("VersionId")
        if not version or version == "null":
            raise NotVersioned(f"the bucket {self._bucket} keeps no versions")
        return Reference(source=source, record=key, version=version, digest=canonical.digest(content))

    def record(self, name: str, document: Model) -> Reference:
        """Publishes a record of the change source as canonical JSON."""
        return self.put("changes", f"{name}.json", canonical.encode_model(document), "application/json")

    def component(self, described: Described, folder: str) -> tuple[CandidateComponent, NamedAttestation]:
        """Publishes an artifact, its SBOM and its statements."""
        artifact = described.artifact
        file = f"{folder}/{artifact.path.name}"
        statement = "application/vnd.in-toto+json"
        component = CandidateComponent(
            name=artifact.name,
            artifact=self.put("registry", file, artifact.path.read_bytes(), "application/zip"),
            provenance=self.put("ci", f"{file}.provenance.json", described.provenance, statement),
            dependencies=self.put(
                "registry", f"{file}.cdx.json", described.sbom, "application/vnd.cyclonedx+json; version=1.6"
            ),
            catalog=self.put("catalog", f"{artifact.name}.yaml", described.entity, "application/yaml"),
        )
        tests = self.put("ci", f"{file}.tests.json", described.tests, statement)
        return component, NamedAttestation(name="tests", component=artifact.name, statement=tests)


@dataclass(frozen=True, slots=True)
class Release:
    """What CI knows about a run, beside the evidence."""

    source: Checkout
    version: str
    run: str
    environment: str
    at: datetime


def candidate(
    release: Release,
    deployment: Deployment,
    *,
    components: list[tuple[CandidateComponent, NamedAttestation]],
    records: Mapping[str, Reference],
    waivers: tuple[Reference, ...] = (),
) -> Candidate:
    """The candidate, unsigned. `records` has `change`, `rollout`, `flags`, `overlays` and `rollback`.

    It outlives its window: a package that ended earlier than the window would be held.
    """
    return Candidate(
        audience=deployment.root.audience,
        product=PRODUCT,
        version=release.version,
        repository=release.source.repository,
        commit=release.source.commit,
        authority=Authority(workflow=statements.WORKFLOW, run=release.run),
        requester=REQUESTER,
        rationale=f"The demo releases this checkout of Cutover to {release.environment}.",
        target=TARGET,
        window=deployment.window,
        environments=(release.environment,),
        components=tuple(component for component, _ in components),
        attestations=tuple(attestation for _, attestation in components),
        change=records["change"],
        rollout=records["rollout"],
        flags=records["flags"],
        overlays=records["overlays"],
        rollback=RollbackRequest(
            criteria=(
                "The error rate of any function stays above 1 % for 5 minutes",
                "An approver cannot open the page of a revision that waits for them",
            ),
            plan=records["rollback"],
        ),
        waivers=waivers,
        issued_at=release.at,
        sequence=int(release.at.timestamp()),
        expires_at=deployment.closes_at + _OUTLIVES_WINDOW,
    )
