"""Fetching one section of a candidate's references. Nothing is judged; a failure is a result."""

from collections.abc import Callable, Iterator, Mapping

from cutover.contracts.base import Digest
from cutover.contracts.candidate import Candidate, Reference
from cutover.contracts.evidence import Collection, Evidence, Section, SourceFailure
from cutover.contracts.policy import Facts, Source
from cutover.domain import canonical
from cutover.domain.evidence_library import payload_of
from cutover.domain.record import RevisionRecord
from cutover.errors import Refused
from cutover.policies import PolicyReader
from cutover.ports import Clock, Fetched, SourceSystem, Store
from cutover.stages.loading import candidate_of

MEBIBYTE = 1_048_576
LIMITS: dict[str, int] = {
    "artifacts": 2048 * MEBIBYTE, "attestations": 4 * MEBIBYTE, "dependencies": 64 * MEBIBYTE, "change": MEBIBYTE,
    "rollout": MEBIBYTE, "flags": MEBIBYTE, "rollback": MEBIBYTE, "waivers": MEBIBYTE,
}  # fmt: skip
"""At most so many bytes of one record. Of an artifact only the digest is kept."""
SIGNED: frozenset[str] = frozenset({"attestations", "waivers"})
"""Sections whose records are signed envelopes: what they contain is evidence of its own."""


def references(candidate: Candidate, section: Section) -> tuple[Reference, ...]:
    """What the candidate refers to in a section, each once, in its order."""
    by_section: dict[str, Callable[[], Iterator[Reference | None]]] = {
        "artifacts": lambda: (each.artifact for each in candidate.components),
        "attestations": lambda: _attestations(candidate),
        "dependencies": lambda: (each.dependencies for each in candidate.components),
        "change": lambda: iter((candidate.change,)),
        "rollout": lambda: iter((candidate.rollout,)),
        "flags": lambda: iter((candidate.flags,)),
        "rollback": lambda: iter((candidate.rollback.plan,)),
        "waivers": lambda: iter(candidate.waivers),
    }
    named = (each for each in by_section[section]() if each is not None)
    return tuple({(each.source, each.record, each.version): each for each in named}.values())


def _attestations(candidate: Candidate) -> Iterator[Reference | None]:
    yield from (each.provenance for each in candidate.components)
    yield from (each.statement for each in candidate.attestations)


class Collecting:
    """One section of one revision."""

    def __init__(
        self, *, section: Section, facts: Facts, sources: Mapping[str, SourceSystem], store: Store, clock: Clock
    ) -> None:
        self._section = section
        self._facts = facts
        self._sources = sources
        self._store = store
        self._clock = clock

    def collect(self, candidate: Candidate) -> Collection:
        """Every record of the section, or why it could not be had.

        Raises ``DependencyUnavailable`` when a source does not answer: that is worth another try.
        """
        evidence: list[Evidence] = []
        failures: list[SourceFailure] = []
        for reference in references(candidate, self._section):
            try:
                evidence.extend(self._fetched(reference))
            except Refused as refused:
                failures.append(
                    SourceFailure(
                        source=reference.source, record=reference.record, version=reference.version,
                        code=refused.code, message=refused.detail,
                    )
                )  # fmt: skip
        return Collection(section=self._section, evidence=tuple(evidence), failures=tuple(failures))

    def _fetched(self, reference: Reference) -> Iterator[Evidence]:
        source = self._facts.sources.get(reference.source)
        if source is None:
            raise Refused("SOURCE_UNKNOWN", f"the facts name no source {reference.source!r}")
        fetched = self._fetch(source, reference)
        whole = self._kept(reference, fetched.content, fetched.media_type)
        yield whole
        if self._section in SIGNED:
            payload = payload_of(fetched.content)
            yield self._kept(reference, payload, "application/json", unwraps=whole.sha256)

    def _fetch(self, source: Source, reference: Reference) -> Fetched:
        system = self._sources[source.kind]
        limit = LIMITS[self._section]
        if self._section == "artifacts":
            record = system.artifact(reference.source, source, reference, limit=limit)
            return Fetched(record, "application/vnd.cutover.artifact-record.v1+json", reference.version)
        return system.fetch(source, reference, limit=limit)

    def _kept(self, reference: Reference, content: bytes, media_type: str, unwraps: Digest | None = None) -> Evidence:
        return Evidence(
            source=reference.source, record=reference.record, version=reference.version,
            fetched_at=self._clock.now(), media_type=media_type, sha256=self._store.put(content), size=len(content),
            unwraps=unwraps,
        )  # fmt: skip


def collect(
    record: RevisionRecord, section: Section, *, policies: PolicyReader, sources: Mapping[str, SourceSystem],
    store: Store, clock: Clock,
) -> Digest:  # fmt: skip
    """The digest of the section's stored ``Collection``."""
    collecting = Collecting(
        section=section, facts=policies.facts(record.facts), sources=sources, store=store, clock=clock
    )
    return store.put(canonical.encode_model(collecting.collect(candidate_of(store, record))))
