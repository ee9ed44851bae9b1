"""The sections that the candidate lists itself: the release, its components, its attestations."""

from cutover.contracts.candidate import Candidate, CandidateComponent
from cutover.domain.assembling import catalog, gaps
from cutover.domain.assembling.fields import JsonField, Place, Register
from cutover.domain.assembling.index import EvidenceIndex
from cutover.domain.assembling.kinds import DIGEST, INTEGER, LINE, TEXT
from cutover.domain.slsa import CLAIMS

RELEASE_FIELDS = {
    "product": "/product", "version": "/version", "repository": "/repository",
    "workflow": "/authority/workflow", "run": "/authority/run", "requester": "/requester",
    "rationale": "/rationale", "target": "/target", "window": "/window",
}  # fmt: skip
SUMMARY_FIELDS = {
    "digest": DIGEST, "format": LINE, "spec_version": LINE,
    "components": INTEGER, "licences": INTEGER, "purls": INTEGER,
}  # fmt: skip
SUMMARY_POINTERS = {"digest": "/sha256"}


def candidate_place(index: EvidenceIndex, register: Register, at: str) -> Place:
    """A part of the bundle that comes from the candidate, whose contract leaves no gap."""
    return Place(register, index.candidate, None, gaps.CANDIDATE, at)


def release(index: EvidenceIndex, register: Register) -> JsonField:
    place = candidate_place(index, register, "/release")
    flat = {name: place.take(name, pointer, kind=TEXT) for name, pointer in RELEASE_FIELDS.items()}
    return {
        **flat,
        "commit": place.take("commit", gap=gaps.COMMIT),
        "environments": place.each("/environments", "environment"),
        **({"emergency": _emergency(index, register)} if place.says("/emergency") else {}),
    }


def _emergency(index: EvidenceIndex, register: Register) -> JsonField:
    place = candidate_place(index, register, "/release/emergency")
    return {name: place.take(name, f"/emergency/{name}", kind=TEXT) for name in ("incident", "reason")}


def components(candidate: Candidate, index: EvidenceIndex, register: Register) -> list[JsonField]:
    return [_component(n, each, index, register) for n, each in enumerate(candidate.components)]


def _component(number: int, component: CandidateComponent, index: EvidenceIndex, register: Register) -> JsonField:
    at = f"/components/{number}"
    record = index.find("artifacts", component.artifact)
    place = Place(register, record, component.artifact, gaps.ARTIFACT_UNKNOWN, at)
    pinned = component.artifact.digest is not None
    return {
        "name": candidate_place(index, register, at).take("name", f"{at}/name", measure="component"),
        "digest": place.take("digest", "/sha256", kind=DIGEST)
        if pinned
        else place.missing("/digest", gaps.ARTIFACT_UNPINNED),
        "size": place.take("size", kind=INTEGER),
        "provenance": _provenance(at, component, index, register),
        "dependencies": _dependencies(at, component, index, register),
        "catalog": catalog.entity(at, component, index, register),
    }


def _provenance(at: str, component: CandidateComponent, index: EvidenceIndex, register: Register) -> JsonField:
    found = index.find("attestations", component.provenance, payload=True)
    place = Place(register, found, component.provenance or component.artifact, gaps.PROVENANCE, f"{at}/provenance")
    return {
        "statement": place.take("statement", "", kind=DIGEST, measure="sha256"),
        **{name: place.take(name, *pointers) for name, pointers in CLAIMS.items()},
    }


def _dependencies(at: str, component: CandidateComponent, index: EvidenceIndex, register: Register) -> JsonField:
    """From the summary that Collect has made of the manifest: the manifest itself is never parsed here."""
    found = index.find("dependencies", component.dependencies, payload=True)
    asked = component.dependencies or component.artifact
    place = Place(register, found, asked, gaps.DEPENDENCIES, f"{at}/dependencies")
    return {
        name: place.take(name, SUMMARY_POINTERS.get(name, f"/{name}"), kind=kind)
        for name, kind in SUMMARY_FIELDS.items()
    }


def attestations(candidate: Candidate, index: EvidenceIndex, register: Register) -> list[JsonField]:
    built = []
    for number, named in enumerate(candidate.attestations):
        at = f"/attestations/{number}"
        announced = candidate_place(index, register, at)
        found = index.find("attestations", named.statement, payload=True)
        place = Place(register, found, named.statement, gaps.ATTESTATION, at)
        built.append(
            {
                "name": announced.sourced(f"{at}/name", named.name),
                "component": announced.take("component", f"{at}/component", measure="component"),
                "statement": place.take("statement", "", kind=DIGEST, measure="sha256"),
            }
        )
    return built
