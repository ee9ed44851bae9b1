"""What lies beside a hand-off message: the names and digests of its documents, in their one order.

====================  ===============================================================================
``bundle``            the ``Bundle``
``lineage``           its ``LineageTrace``
``hold-register``     the ``ClearedRegister``
``rules``             the envelope of the rules that the manifest names
``facts/1``           the envelope of the facts that the manifest names
``facts/2`` and on    envelopes of other facts that approvals name, in the order of their first use
``candidate``         the envelope that CI signed
``evidence-set``      the ``EvidenceSet``
``evidence/1``        the candidate's payload, the first evidence of all
``evidence/2`` and on every other evidence in the set's order, each digest once; before one that was
                      unwrapped, the envelope that it was taken from
====================  ===============================================================================

Digests are of the stored bytes. Evidence of no bytes has nothing to list.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cutover.contracts.base import Digest
from cutover.contracts.evidence import Evidence, EvidenceSet, Section


@dataclass(frozen=True, slots=True)
class PackageDocument:
    """One document of a package: its name in the message, and the digest of its stored bytes."""

    name: str
    digest: Digest


def evidence_of(evidence_set: EvidenceSet) -> Iterator[Evidence]:
    """Every evidence of a set, the candidate's first."""
    yield from (each for _, each in sections_of(evidence_set))


def sections_of(evidence_set: EvidenceSet) -> Iterator[tuple[Section, Evidence]]:
    """Every evidence with the section that it was collected for, the candidate's first."""
    yield "candidate", evidence_set.candidate
    for collection in evidence_set.collections:
        yield from ((collection.section, each) for each in collection.evidence)


def package_documents(
    *,
    bundle: Digest,
    lineage: Digest,
    hold_register: Digest,
    rules: Digest,
    facts: Iterable[Digest],
    candidate: Digest,
    evidence_set_digest: Digest,
    evidence_set: EvidenceSet,
) -> tuple[PackageDocument, ...]:
    """All that a message must list. ``rules``, ``facts`` and ``candidate`` are digests of envelopes.

    ``facts`` begins with the manifest's; one that comes again is listed once.
    """
    listed = [
        PackageDocument("bundle", bundle),
        PackageDocument("lineage", lineage),
        PackageDocument("hold-register", hold_register),
        PackageDocument("rules", rules),
    ]
    listed += [PackageDocument(f"facts/{n}", each) for n, each in enumerate(dict.fromkeys(facts), 1)]
    listed += [PackageDocument("candidate", candidate), PackageDocument("evidence-set", evidence_set_digest)]
    evidence = dict.fromkeys(_evidence_digests(evidence_set, candidate))
    listed += [PackageDocument(f"evidence/{n}", each) for n, each in enumerate(evidence, 1)]
    return tuple(listed)


def _evidence_digests(evidence_set: EvidenceSet, candidate: Digest) -> Iterator[Digest]:
    for evidence in evidence_of(evidence_set):
        if evidence.unwraps is not None and evidence.unwraps != candidate:
            yield evidence.unwraps
        if evidence.size:
            yield evidence.sha256
