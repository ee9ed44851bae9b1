"""The whole bundle, section by section."""

from collections.abc import Mapping
from dataclasses import dataclass

from cutover.contracts.base import Digest, format_instant
from cutover.contracts.bundle import DraftBundle, Engine
from cutover.contracts.candidate import Candidate, Reference
from cutover.contracts.holds import Finding
from cutover.contracts.policy import Rendering
from cutover.contracts.sources import Source
from cutover.domain import canonical
from cutover.domain.assembling import release
from cutover.domain.assembling.change import change
from cutover.domain.assembling.fields import Register
from cutover.domain.assembling.flags import flags
from cutover.domain.assembling.index import EvidenceIndex
from cutover.domain.assembling.overlays import overlays
from cutover.domain.assembling.rollback import rollback
from cutover.domain.assembling.rollout import cohorts
from cutover.domain.assembling.waivers import waivers as waivers_of
from cutover.domain.waivers import Answers


@dataclass(frozen=True, slots=True)
class Assembled:
    """A draft bundle, and a finding for each of its gaps."""

    bundle: DraftBundle
    findings: tuple[Finding, ...]


def assemble(  # noqa: PLR0913  # each by keyword, so that none is taken for another
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
    rendering: Rendering,
    sources: Mapping[str, Source],
    carried: tuple[Reference, ...] = (),
) -> Assembled:
    """The bundle that this evidence makes.

    ``owners`` maps a family of checks to the team that owns its gaps. ``rendering`` is the rules' table of names;
    ``sources`` are the facts' source systems, whose configuration says how their records are read. ``carried`` are
    waivers that resolutions brought.
    """
    register = Register(cutover, revision, owners, waivers, rendering)
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
        "change": change(candidate, index, register, sources),
        "cohorts": cohorts(candidate, index, register),
        "flags": flags(candidate, index, register),
        "overlays": overlays(candidate, index, register),
        "rollback": rollback(candidate, index, register),
        "waivers": waivers_of((*candidate.waivers, *carried), index, register),
    }
    bundle = DraftBundle.model_validate_json(canonical.encode(document))
    return Assembled(bundle, tuple(register.findings))
