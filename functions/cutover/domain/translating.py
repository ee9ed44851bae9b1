"""A candidate made of an older document: pure, and made again by whoever verifies it.

What ``cutover/candidate/v0`` cannot say stays unsaid, and becomes a hold that a person answers:

- it names no commit, no provenance and no dependency manifest: there is none in the candidate;
- it names no version of a change record: ``UNPINNED``, and so are the release's plans, which the policy names;
- it names one approver, and anybody may have typed that name: the rationale repeats it, and nothing else does.

Who asked, where it was built and where its records are, the policy's owners said once for the service
(``rules.legacy``). The window is the next one of the target's calendar. It was issued when it was received.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from cutover.contracts.base import Audience, Digest, KeyId
from cutover.contracts.candidate import (
    Authority,
    Candidate,
    CandidateComponent,
    Reference,
    RollbackRequest,
    Translation,
)
from cutover.contracts.legacy import MAX_V0_BYTES, V0, CandidateV0
from cutover.contracts.policy import Legacy
from cutover.domain import canonical
from cutover.domain.reading import parse_strictly
from cutover.domain.refreshed import UNPINNED
from cutover.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a translation depends on beside the document. All of it is recorded."""

    audience: Audience
    legacy: Mapping[str, Legacy]
    rules: Digest
    """The rules that ``legacy`` stands in."""
    keyid: KeyId
    """Whose signature stood beside the document."""
    received_at: datetime
    window: Callable[[str], str]
    """The window's id, by the target."""


def read(document: bytes) -> CandidateV0:
    """The flat document in exactly these bytes.

    Raises ``Refused`` (``CANDIDATE_TOO_LARGE``, ``CANDIDATE_INVALID``) for what cannot be read in one way only, and
    pydantic's ``ValidationError`` with all of its faults.
    """
    if len(document) > MAX_V0_BYTES:
        raise Refused("CANDIDATE_TOO_LARGE", f"a v0 document of {len(document)} bytes; at most {MAX_V0_BYTES}")
    try:
        parse_strictly(document)
    except Refused as refused:
        raise Refused("CANDIDATE_INVALID", refused.detail, "send flat JSON in UTF-8, each key once") from refused
    return CandidateV0.model_validate_json(document)


def translate(document: bytes, terms: Terms) -> Candidate:
    """The candidate that the document stands for.

    Raises what ``read`` raises, and ``Refused``: ``UNKNOWN_SERVICE``, ``UNKNOWN_ENVIRONMENT``, ``WINDOW_UNKNOWN``,
    ``CANDIDATE_INVALID``.
    """
    said = read(document)
    service = terms.legacy.get(said.service)
    if service is None:
        raise Refused("UNKNOWN_SERVICE", f"no service {said.service!r} may announce {V0}", "announce a v1 candidate")
    target = service.targets.get(said.environment)
    if target is None:
        known = ", ".join(sorted(service.targets))
        raise Refused("UNKNOWN_ENVIRONMENT", f"{said.environment!r} is no target of {said.service!r}: {known}")
    try:
        return _candidate(said, service, target, canonical.digest(document), terms)
    except ValidationError as error:
        raise Refused("CANDIDATE_INVALID", f"the policy's table gives no candidate of {said.service!r}") from error


def table_of(document: bytes, candidate: Candidate) -> dict[str, Legacy]:
    """The table by which the document would become this candidate: for whoever has not the one that was used.

    What the document itself says, and what no table can change, is not taken from the candidate. Raises what ``read``
    raises, and pydantic's ``ValidationError`` where no table could say that.
    """
    said = read(document)
    component = candidate.components[0]
    valid_for = candidate.expires_at - candidate.issued_at
    service = Legacy(
        product=candidate.product,
        component=component.name,
        repository=candidate.repository,
        workflow=candidate.authority.workflow,
        requester=candidate.requester,
        registry=component.artifact.source,
        changes=candidate.change.source,
        records=candidate.rollout.source,
        rollout=candidate.rollout.record,
        flags=candidate.flags.record,
        rollback=candidate.rollback.plan.record,
        criteria=candidate.rollback.criteria,
        targets={said.environment: candidate.target},
        valid_for=int(valid_for.total_seconds()),
    )
    return {said.service: service}


def _candidate(said: CandidateV0, service: Legacy, target: str, original: Digest, terms: Terms) -> Candidate:
    return Candidate(
        audience=terms.audience,
        product=service.product,
        version=said.version,
        repository=service.repository,
        commit=None,
        authority=Authority(workflow=service.workflow, run=f"{V0} signed by {terms.keyid}"),
        requester=service.requester,
        rationale=_rationale(said),
        target=target,
        window=terms.window(target),
        environments=(target,),
        components=(CandidateComponent(name=service.component, artifact=_artifact(said, service)),),
        change=_unpinned(service.changes, said.change),
        rollout=_unpinned(service.records, service.rollout),
        flags=_unpinned(service.records, service.flags),
        rollback=RollbackRequest(criteria=service.criteria, plan=_unpinned(service.records, service.rollback)),
        issued_at=terms.received_at,
        sequence=0,
        expires_at=terms.received_at + timedelta(seconds=service.valid_for),
        translated=Translation(contract=V0, original=original, rules=terms.rules),
    )


def _rationale(said: CandidateV0) -> str:
    return (
        f"Translated from {V0}, which gives no reason for a release. It names {said.approver} as its approver;"
        " that counts for nothing here."
    )


def _artifact(said: CandidateV0, service: Legacy) -> Reference:
    """The digest is its version, too: a tag can be moved."""
    return Reference(source=service.registry, record=_record(said), version=said.digest, digest=said.digest)


def _record(said: CandidateV0) -> str:
    return f"{said.image}:{said.tag}"


def _unpinned(source: str, record: str) -> Reference:
    return Reference(source=source, record=record, version=UNPINNED)
