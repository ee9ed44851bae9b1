"""The sections that the candidate lists itself: the release, its components, its attestations."""

from cutover.contracts.candidate import Candidate, CandidateComponent
from cutover.domain.assembling import gaps
from cutover.domain.assembling.fields import DIGEST, INTEGER, TEXT, Field, Place, Register
from cutover.domain.assembling.index import EvidenceIndex

RELEASE_FIELDS = {
    "product": "/product", "version": "/version", "repository": "/repository", "commit": "/commit",
    "workflow": "/authority/workflow", "run": "/authority/run", "requester": "/requester",
    "rationale": "/rationale", "target": "/target", "window": "/window",
}  # fmt: skip
SLSA_CLAIMS = {
    "builder": ("/predicate/runDetails/builder/id", "/predicate/builder/id"),
    "repository": (
        "/predicate/buildDefinition/resolvedDependencies/0/uri",
        "/predicate/materials/0/uri",
        "/predicate/invocation/configSource/uri",
    ),
    "commit": (
        "/predicate/buildDefinition/resolvedDependencies/0/digest/gitCommit",
        "/predicate/materials/0/digest/sha1",
        "/predicate/invocation/configSource/digest/sha1",
    ),
}
"""Where SLSA provenance v1, then v0.2, says these."""


def candidate_place(index: EvidenceIndex, register: Register, at: str) -> Place:
    """A part of the bundle that comes from the candidate, whose contract leaves no gap."""
    return Place(register, index.candidate, None, gaps.CANDIDATE, at)


def release(index: EvidenceIndex, register: Register) -> Field:
    place = candidate_place(index, register, "/release")
    flat = {name: place.take(name, pointer, kind=TEXT) for name, pointer in RELEASE_FIELDS.items()}
    return {**flat, "environments": place.each("/environments")}


def components(candidate: Candidate, index: EvidenceIndex, register: Register) -> list[Field]:
    return [_component(n, each, index, register) for n, each in enumerate(candidate.components)]


def _component(number: int, component: CandidateComponent, index: EvidenceIndex, register: Register) -> Field:
    at = f"/components/{number}"
    record = index.find("artifacts", component.artifact)
    place = Place(register, record, component.artifact, gaps.ARTIFACT_UNKNOWN, at)
    pinned = component.artifact.digest is not None
    return {
        "name": candidate_place(index, register, at).sourced(f"{at}/name", component.name),
        "digest": place.take("digest", "/sha256", kind=DIGEST)
        if pinned
        else place.missing("/digest", gaps.ARTIFACT_UNPINNED),
        "size": place.take("size", kind=INTEGER),
        "provenance": _provenance(at, component, index, register),
        "dependencies": _dependencies(at, component, index, register),
    }


def _provenance(at: str, component: CandidateComponent, index: EvidenceIndex, register: Register) -> Field:
    found = index.find("attestations", component.provenance, payload=True)
    place = Place(register, found, component.provenance or component.artifact, gaps.PROVENANCE, f"{at}/provenance")
    return {
        "statement": place.take("statement", "", kind=DIGEST, measure="sha256"),
        **{name: place.take(name, *pointers) for name, pointers in SLSA_CLAIMS.items()},
    }


def _dependencies(at: str, component: CandidateComponent, index: EvidenceIndex, register: Register) -> Field:
    found = index.find("dependencies", component.dependencies)
    asked = component.dependencies or component.artifact
    place = Place(register, found, asked, gaps.DEPENDENCIES, f"{at}/dependencies")
    return {
        "digest": place.take("digest", "", kind=DIGEST, measure="sha256"),
        "format": place.take("format", "/bomFormat"),
        "spec_version": place.take("spec_version", "/specVersion"),
        "components": place.take("components", kind=INTEGER, measure="length"),
    }


def attestations(candidate: Candidate, index: EvidenceIndex, register: Register) -> list[Field]:
    built = []
    for number, named in enumerate(candidate.attestations):
        at = f"/attestations/{number}"
        announced = candidate_place(index, register, at)
        found = index.find("attestations", named.statement, payload=True)
        place = Place(register, found, named.statement, gaps.ATTESTATION, at)
        built.append(
            {
                "name": announced.sourced(f"{at}/name", named.name),
                "component": announced.sourced(f"{at}/component", named.component),
                "statement": place.take("statement", "", kind=DIGEST, measure="sha256"),
            }
        )
    return built
