"""The whole bundle, section by section."""

from collections.abc import Mapping
from dataclasses import dataclass

from cutover.contracts.base import Digest, format_instant
from cutover.contracts.bundle import DraftBundle, Engine
from cutover.contracts.candidate import Candidate, Reference
from cutover.contracts.holds import Finding
from cutover.domain import canonical
from cutover.domain.assembling import plans, release
from cutover.domain.assembling.fields import Register
from cutover.domain.assembling.index import EvidenceIndex
from cutover.domain.waivers import Answers


@dataclass(frozen=True, slots=True)
class Assembled:
    """A draft bundle, and a finding for each of its gaps."""

    bundle: DraftBundle
    findings: tuple[Finding, ...]


def assemble(
    *,
    cutover: str,
    revision: int,
    candidate: Candidate,
    index: EvidenceIndex,
    evidence_set: Digest,
    engine: Engine,
    rules: Digest,
    owners: Mapping[str, str],
    waivers: Answers,
    carried: tuple[Reference, ...] = (),
) -> Assembled:
    """The bundle that this evidence makes.

    ``owners`` maps a family of checks to the team that owns its gaps; ``carried`` are waivers that resolutions brought.
    """
    register = Register(cutover, revision, owners, waivers)
    document = {
        "schema": "cutover/bundle/v1",
        "cutover": cutover,
        "revision": revision,
        "as_of": format_instant(index.evidence_set.as_of),
        "engine": engine.model_dump(mode="json"),
        "rules": rules,
        "evidence_set": evidence_set,
        "release": release.release(index, register),
        "components": release.components(candidate, index, register),
        "attestations": release.attestations(candidate, index, register),
        "change": plans.change(candidate, index, register),
        "cohorts": plans.cohorts(candidate, index, register),
        "flags": plans.flags(candidate, index, register),
        "rollback": plans.rollback(candidate, index, register),
        "waivers": plans.waivers((*candidate.waivers, *carried), index, register),
    }
    bundle = DraftBundle.model_validate_json(canonical.encode(document))
    return Assembled(bundle, tuple(register.findings))
