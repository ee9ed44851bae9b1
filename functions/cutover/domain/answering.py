"""What can answer a hold beside a waiver: pure.

``evidence``: the record that the hold is about was corrected; the answer names its newer version. That is possible
for whatever people keep up to date, and not for an artifact, which is named by digest: another one is another release.

``mended``: the record is right, and what stood in its way is mended. It answers
- what Bind found itself, ``CHECK_FAILED`` among it: people, time, queues and functions are no evidence, and only
  looking again shows whether they are in order by now;
- a record that could not be had for a reason that passes (``PASSING``), and the gaps that it left. One that was read
  and is too large, unreadable or gone stays so at that version, and a check that found something wrong in a record
  would find it again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cutover.contracts.candidate import Candidate, Reference
from cutover.contracts.evidence import EvidenceSet, Section, SourceFailure
from cutover.contracts.holds import Hold, HowToAnswer
from cutover.contracts.policy import Facts, Rules
from cutover.contracts.supersession import Refreshed
from cutover.domain import canonical
from cutover.domain.failures import FAILURES
from cutover.domain.holds import CHECK_FAILED
from cutover.domain.waiving import BIND_FAMILY, family_of
from cutover.errors import Refused

PASSING = frozenset(code for code, failure in FAILURES.items() if failure.passes)
"""Why a record could not be had that may be otherwise when it is asked for again, at the same version."""
OTHER_BYTES = "SOURCE_DIGEST_DIFFERS"
"""The record has other bytes than the candidate pins: naming that very version, signed, is an answer."""
Way = Literal["waiver", "evidence", "mended"]
NEW_CANDIDATE = "announce a candidate that mends it"


@dataclass(frozen=True, slots=True)
class _About:
    """A record that the candidate names, and the section that collects it."""

    section: Section
    reference: Reference | None


def corrected(
    hold: Hold, answer: Reference, candidate: Candidate, evidence_set: EvidenceSet, facts: Facts
) -> Refreshed:
    """The record as the next revision goes by it.

    Raises ``Refused``: ``EVIDENCE_SOURCE_UNKNOWN``, ``EVIDENCE_OF_ANOTHER_RECORD``, ``EVIDENCE_UNCHANGED``.
    """
    if answer.source not in facts.sources:
        raise Refused("EVIDENCE_SOURCE_UNKNOWN", f"the facts name no source {answer.source}", "name one that they do")
    known = [
        each for each in correctable(hold, candidate, evidence_set)
        if (each.source, each.record) == (answer.source, answer.record)
    ]  # fmt: skip
    if not known:
        detail = f"{answer.source} {answer.record} is no record that the hold of {hold.code} {hold.field} is about"
        raise Refused("EVIDENCE_OF_ANOTHER_RECORD", detail, NEW_CANDIDATE)
    other_bytes = {
        (each.source, each.record) for each in _failures(hold, candidate, evidence_set) if each.code == OTHER_BYTES
    }
    same_version = all(each.version == answer.version for each in known)
    if same_version and (answer.source, answer.record) not in other_bytes:
        detail = f"{answer.source} {answer.record} was held at that very version"
        raise Refused("EVIDENCE_UNCHANGED", detail, "name the version that is corrected")
    return Refreshed(source=answer.source, record=answer.record, version=answer.version, answered=True)


def correctable(hold: Hold, candidate: Candidate, evidence_set: EvidenceSet) -> tuple[Reference, ...]:
    """The records that a hold is about and whose newer version could mend it, at the version that was held."""
    found = (
        each.reference for each in _abouts(hold, candidate, evidence_set)
        if each.reference is not None and each.section != "artifacts"
    )  # fmt: skip
    return tuple(dict.fromkeys(found))


def how(
    hold: Hold, candidate: Candidate, evidence_set: EvidenceSet, *, rules: Rules, audience: str
) -> HowToAnswer | None:
    """What can answer a hold under these rules; None where only a new candidate can."""
    if hold.severity == "deny":
        return None
    family = family_of(hold.rule)
    roles = rules.waivable.get(family, ()) if family != BIND_FAMILY and hold.code != CHECK_FAILED else ()
    records = correctable(hold, candidate, evidence_set)
    possible: dict[Way, bool] = {
        "waiver": bool(roles), "evidence": bool(records), "mended": mendable(hold, candidate, evidence_set)
    }  # fmt: skip
    kinds = tuple(kind for kind, can in possible.items() if can)
    return HowToAnswer(audience=audience, kinds=kinds, waivable_by=roles, records=records) if kinds else None


def mendable(hold: Hold, candidate: Candidate, evidence_set: EvidenceSet) -> bool:
    """Whether looking again may find something else."""
    if family_of(hold.rule) == BIND_FAMILY or hold.code == CHECK_FAILED:
        return True
    return any(failure.code in PASSING for failure in _failures(hold, candidate, evidence_set))


def demand_mendable(hold: Hold, candidate: Candidate, evidence_set: EvidenceSet) -> None:
    """Raises ``Refused`` (``HOLD_NOT_MENDABLE``) where looking again would find the same."""
    if not mendable(hold, candidate, evidence_set):
        detail = f"{hold.code} {hold.field} is about what was read, and would be found again"
        raise Refused("HOLD_NOT_MENDABLE", detail, "answer with the corrected record's version, or with a waiver")


def _abouts(hold: Hold, candidate: Candidate, evidence_set: EvidenceSet) -> Iterator[_About]:
    """The records that a hold is about: that of its field, or that whose fetching failed."""
    if at := _of_field(hold.field, candidate):
        yield at
    named = {(each.source, each.record) for each in _failed(hold, evidence_set)}
    yield from (
        each for each in _all(candidate)
        if each.reference is not None and (each.reference.source, each.reference.record) in named
    )  # fmt: skip


def _failures(hold: Hold, candidate: Candidate, evidence_set: EvidenceSet) -> Iterator[SourceFailure]:
    """Why the record of a hold could not be had: the hold of that very failure, or a gap that it left."""
    yield from _failed(hold, evidence_set)
    at = _of_field(hold.field, candidate)
    if at is None or hold.evidence:
        return
    for collection in evidence_set.collections:
        for failure in collection.failures if collection.section == at.section else ():
            whole = failure.code == "COLLECT_FAILED"
            if whole or (
                at.reference and (failure.source, failure.record) == (at.reference.source, at.reference.record)
            ):
                yield failure


def _failed(hold: Hold, evidence_set: EvidenceSet) -> Iterator[SourceFailure]:
    """The failure that the hold itself is about: its subject."""
    for collection in evidence_set.collections:
        yield from (
            each
            for each in collection.failures
            if each.code == hold.code and canonical.digest_model(each) == hold.subject
        )


def _of_field(field: str, candidate: Candidate) -> _About | None:
    """Which record of the candidate fills a field of the bundle."""
    section, *rest = field.split("/")[1:] or [""]
    single: dict[str, _About] = {
        "change": _About("change", candidate.change),
        "cohorts": _About("rollout", candidate.rollout),
        "flags": _About("flags", candidate.flags),
        "rollback": _About("rollback", candidate.rollback.plan),
        "overlays": _About("overlays", candidate.overlays),
    }
    if section in single:
        return single[section]
    number = int(rest[0]) if rest and rest[0].isdecimal() else None
    if number is None:
        return None
    if section == "components" and number < len(candidate.components):
        component, name = candidate.components[number], rest[1] if len(rest) > 1 else ""
        return {
            "provenance": _About("attestations", component.provenance),
            "dependencies": _About("dependencies", component.dependencies),
            "catalog": _About("catalog", component.catalog),
        }.get(name, _About("artifacts", component.artifact))
    if section == "attestations" and number < len(candidate.attestations):
        return _About("attestations", candidate.attestations[number].statement)
    if section == "waivers" and number < len(candidate.waivers):
        return _About("waivers", candidate.waivers[number])
    return None


def _all(candidate: Candidate) -> Iterator[_About]:
    """Every record that the candidate names."""
    for component in candidate.components:
        yield _About("artifacts", component.artifact)
        yield _About("attestations", component.provenance)
        yield _About("dependencies", component.dependencies)
        yield _About("catalog", component.catalog)
    yield from (_About("attestations", each.statement) for each in candidate.attestations)
    yield _About("change", candidate.change)
    yield _About("rollout", candidate.rollout)
    yield _About("flags", candidate.flags)
    yield _About("rollback", candidate.rollback.plan)
    yield _About("overlays", candidate.overlays)
    yield from (_About("waivers", each) for each in candidate.waivers)
