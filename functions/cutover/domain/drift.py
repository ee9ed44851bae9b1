"""Whether newer records at the sources would make another package: pure.

A value counts as consumed when the bundle has it or a check reads it. So the question is answered by doing it
again: what Assemble and the checks make of the newer records is held against what they made of the old ones.
Waivers are left out on both sides; they answer what is found, and are not what is found.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cutover.contracts.base import Digest
from cutover.contracts.bundle import Engine, Sourced
from cutover.contracts.candidate import Candidate
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.holds import Finding
from cutover.contracts.manifest import Window
from cutover.contracts.policy import Facts, Rules
from cutover.contracts.supersession import MAX_DIFFERENCES, Difference
from cutover.domain import canonical, checks, lineage
from cutover.domain.assembling import EvidenceIndex, assemble
from cutover.domain.checks.context import Context
from cutover.domain.differences import difference, shown
from cutover.domain.statements import assumed

HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a package is made of, its evidence apart."""

    cutover: str
    revision: int
    engine: Engine
    rules_digest: Digest
    rules: Rules
    facts: Facts
    window: Window


def consumed(
    ground: Ground, candidate: Candidate, evidence_set: EvidenceSet, documents: Mapping[Digest, bytes]
) -> dict[str, str]:
    """What a package of this evidence says, field by field, and what the checks find in it."""
    digest = canonical.digest_model(evidence_set)
    made = assemble(
        cutover=ground.cutover, revision=ground.revision, candidate=candidate,
        index=EvidenceIndex(evidence_set, documents), evidence_set=digest, engine=ground.engine,
        rules=ground.rules_digest, owners=ground.rules.families, waivers={},
        rendering=ground.rules.rendering, sources=ground.facts.sources,
    )  # fmt: skip
    bundle = made.bundle
    context = Context(
        candidate=candidate, bundle=bundle, trace=lineage.trace(bundle, canonical.digest_model(bundle)),
        evidence_set=evidence_set, documents=documents, rules=ground.rules, facts=ground.facts, window=ground.window,
        statements=assumed,
    )  # fmt: skip
    values = {
        field: shown(value.value) if isinstance(value, Sourced) else HELD
        for field, value in lineage.leaves(bundle)
        if field.split("/")[1] not in lineage.HEADER
    }
    return values | dict(_found(made.findings)) | dict(_checked(context))


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Difference, ...]:
    """Every field and finding that differs; none when nothing that was consumed has changed."""
    pointers = sorted(each for each in before.keys() | after.keys() if before.get(each) != after.get(each))
    return tuple(difference(each, before, after) for each in pointers[:MAX_DIFFERENCES])


def _checked(context: Context) -> Iterator[tuple[str, str]]:
    """Lineage is left out: it is about our own assembling, and costs a walk through all evidence."""
    for family in checks.FAMILIES:
        if family != "lineage":
            yield from _found(checks.run(family, context).findings)


def _found(findings: tuple[Finding, ...]) -> Iterator[tuple[str, str]]:
    """By rule and field. A finding's subject is the digest of its evidence, which any comment changes; and what is a
    warning only changes nothing of what may be bound.
    """
    for each in findings:
        if each.outcome == "warn":
            continue
        yield f"/findings/{each.rule}{each.field}", each.code
