"""What is stated about each artifact, as in-toto Statements v1, and signed as DSSE envelopes.

- provenance: SLSA v1.1, https://slsa.dev/spec/v1.1/provenance
- tests: https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md (v0.1)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cutover.contracts.base import Digest, format_instant
from cutover.contracts.envelope import IN_TOTO_TYPE, STATEMENT_TYPE
from cutover.domain import canonical
from cutover.ports import Signer
from cutover_cli.demo.build import Artifact, Checkout
from cutover_cli.demo.smoke import Smoke
from cutover_cli.signing import seal

SLSA_PROVENANCE = "https://slsa.dev/provenance/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
BUILDER = "urn:cutover:demo:builder"
BUILD_TYPE = "urn:cutover:demo:build:v1"
WORKFLOW = "make demo"


@dataclass(frozen=True, slots=True)
class Build:
    """When the build ran, under which name, and the digest of the lock that it read."""

    invocation: str
    started: datetime
    finished: datetime
    lock: Digest


def provenance(artifact: Artifact, source: Checkout, build: Build) -> dict[str, Any]:
    """SLSA v1 provenance. A checkout with changes that are not committed says so in its internal parameters."""
    return _statement(
        artifact,
        SLSA_PROVENANCE,
        {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "artifact": artifact.name,
                    "workflow": {"repository": source.repository, "ref": source.ref, "path": WORKFLOW},
                },
                "internalParameters": {"workingTree": "modified" if source.modified else "clean"},
                "resolvedDependencies": [
                    {"uri": source.repository, "digest": {"gitCommit": source.commit}},
                    {"name": "uv.lock", "digest": {"sha256": build.lock.removeprefix("sha256:")}},
                ],
            },
            "runDetails": {
                "builder": {"id": BUILDER},
                "metadata": {
                    "invocationId": build.invocation,
                    "startedOn": format_instant(build.started),
                    "finishedOn": format_instant(build.finished),
                },
            },
        },
    )


def tests(artifact: Artifact, source: Checkout, smoke: Smoke) -> dict[str, Any]:
    """The result of the demo's own smoke test, which is all that it claims to be."""
    return _statement(
        artifact,
        TEST_RESULT,
        {
            "result": "PASSED",
            "configuration": [
                {"uri": source.repository, "digest": {"gitCommit": source.commit}},
                {
                    "name": "smoke test of the demo",
                    "annotations": {"python": smoke.python, "scope": "compiles and imports; not the test suite"},
                },
            ],
            "passedTests": list(smoke.passed),
            "warnedTests": [],
            "failedTests": [],
        },
    )


def signed(statement: Mapping[str, Any], signer: Signer) -> bytes:
    """The statement's envelope, as the canonical bytes in which it is published."""
    return canonical.encode_model(seal(IN_TOTO_TYPE, canonical.encode(dict(statement)), signer))


def _statement(artifact: Artifact, predicate_type: str, predicate: Mapping[str, Any]) -> dict[str, Any]:
    digest = {"sha256": artifact.digest.removeprefix("sha256:")}
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": artifact.path.name, "digest": digest}],
        "predicateType": predicate_type,
        "predicate": dict(predicate),
    }
