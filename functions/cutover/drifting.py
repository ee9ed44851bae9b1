"""Asking the sources, cheaply, whether what a revision consumed has changed (DESIGN §5, row 22).

1. Each record is asked for its version only.
2. Where that is another one, its section is collected anew, at the versions of now. Of an artifact only the newest
   bytes are hashed: those that were announced cannot have changed.
3. What Assemble and the checks make of it is compared, value by value (``domain.drift``).

Slowness is no answer: what could not be asked in time is refused as a whole, and is never taken for a change.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from cutover.contracts.base import Digest
from cutover.contracts.bundle import DraftBundle
from cutover.contracts.candidate import Candidate, Reference
from cutover.contracts.evidence import ArtifactRecord, Collection, Evidence, EvidenceSet, Section, SourceFailure
from cutover.contracts.sources import Source
from cutover.contracts.supersession import Difference, Refreshed
from cutover.domain import canonical, drift
from cutover.domain.opening import merged
from cutover.domain.record import RevisionRecord
from cutover.domain.refreshed import GONE, UNPINNED, effective
from cutover.domain.window import occurrence
from cutover.errors import Refused, SourceUnavailable
from cutover.loading import candidate_of, evidence_documents, load
from cutover.policies import PolicyReader
from cutover.ports import Clock, Sources, Store
from cutover.together import Together, one_by_one

MAX_ARTIFACT_RECORD = 65_536
MAX_HASHED = 256 * 1_048_576
"""At most so many bytes of newer artifacts are read in one look: some seconds, of HandOff's fifty."""
SECONDS = 20
"""After so long nothing more is asked for: HandOff has fifty, of which one request may take fifteen."""
TOO_SLOW = "SOURCE_TOO_SLOW"
UNKNOWN: Digest = canonical.digest(b"")
"""In place of a digest that was not computed: no artifact has it that anybody announces."""
Collect = Callable[[RevisionRecord, Section, Candidate, datetime], Collection]
"""Collects one section of a candidate as Collect would, for a record's pinned facts, and until then."""


@dataclass(frozen=True, slots=True)
class Drift:
    """Which records have another version by now, and in what the package would differ: in nothing, perhaps."""

    refreshed: tuple[Refreshed, ...] = ()
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class _Newer:
    section: Section
    record: Refreshed


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifting:
    store: Store
    policies: PolicyReader
    sources: Sources
    clock: Clock
    collect: Collect
    together: Together = one_by_one

    def look(self, record: RevisionRecord, *, known: tuple[Refreshed, ...] = ()) -> Drift:
        """``known``: newer versions of which it was found already that they say nothing else.

        Raises ``DependencyUnavailable``, and ``Refused`` when a source does not let itself be asked, or not in time
        (``SOURCE_TOO_SLOW``): who does not know whether anything has changed must not go on as if nothing had.
        """
        until = self.clock.now() + timedelta(seconds=SECONDS)
        evidence_set = load(self.store, record.evidence_set, EvidenceSet)
        newer = tuple(self._newer(record, evidence_set, until))
        if all(each.record in known for each in newer):
            return Drift()
        refreshed = tuple(dict.fromkeys(each.record for each in newer))
        return Drift(refreshed, self._differences(record, evidence_set, newer, until))

    def _newer(self, record: RevisionRecord, evidence_set: EvidenceSet, until: datetime) -> Iterator[_Newer]:
        configured = self.policies.facts(record.facts).sources
        asked = [
            (collection.section, each, source)
            for collection in evidence_set.collections
            for each in _asked(collection)
            # What is of no source has none, such as a waiver that a resolution brought; and of what nobody has named a
            # version nothing can have changed: somebody waived it as it is.
            if (source := configured.get(each.source)) is not None and each.version != UNPINNED
        ]
        found = self.together(partial(self._latest, until), asked)
        for (section, each, _), latest in zip(asked, found, strict=True):
            if (latest or GONE) != self._known_version(section, each):
                yield _Newer(section, Refreshed(source=each.source, record=each.record, version=latest))

    def _latest(self, until: datetime, asked: tuple[Section, Evidence | SourceFailure, Source]) -> str | None:
        """What was refused when it was collected, and is refused for the same reason now, has not changed."""
        section, each, source = asked
        self._demand_time(until)
        # A version need not name bytes: then the source has to know which were meant.
        came = (each.received or each.sha256) if isinstance(each, Evidence) and section != "artifacts" else None
        reference = Reference(source=each.source, record=each.record, version=each.version, digest=came)
        try:
            return self.sources[source.kind].latest(source, reference)
        except (Refused, SourceUnavailable) as refused:
            if isinstance(each, SourceFailure) and refused.code == each.code:
                return each.version
            raise

    def _known_version(self, section: Section, each: Evidence | SourceFailure) -> str:
        """What was newest when it was collected: an artifact's record says so beside the announced version."""
        if section == "artifacts" and isinstance(each, Evidence):
            return ArtifactRecord.model_validate_json(self.store.get(each.sha256, limit=MAX_ARTIFACT_RECORD)).latest
        return each.version

    def _differences(
        self, record: RevisionRecord, evidence_set: EvidenceSet, newer: tuple[_Newer, ...], until: datetime
    ) -> tuple[Difference, ...]:
        before = candidate_of(self.store, record)
        after = effective(before, merged(record.refreshed, tuple(each.record for each in newer)))
        changed = {each.section for each in newer}
        collections = tuple(
            each
            if each.section not in changed
            else self._rebuilt(record, each, newer, until)
            if each.section == "artifacts"
            else _in_time(each, self.collect(record, each.section, after, until))
            for each in evidence_set.collections
        )
        ground = self._ground(record)
        return drift.changed(
            self._consumed(ground, before, evidence_set),
            self._consumed(ground, after, evidence_set.model_copy(update={"collections": collections})),
        )

    def _rebuilt(
        self, record: RevisionRecord, collected: Collection, newer: tuple[_Newer, ...], until: datetime
    ) -> Collection:
        """The artifacts' records with what is newest now. What was announced cannot have changed, so only the newest
        bytes are read, and so many of them that whoever asks can wait for it. What is larger counts as another one.
        """
        sources, left = self.policies.facts(record.facts).sources, MAX_HASHED
        now = {(each.record.source, each.record.record): each.record.version for each in newer}
        evidence, failures = list[Evidence](), list(collected.failures)
        for each in collected.evidence:
            key = (each.source, each.record)
            if key not in now:
                evidence.append(each)
            elif (latest := now[key]) is None:
                failures.append(_gone(each))
            else:
                self._demand_time(until)
                reference = Reference(source=each.source, record=each.record, version=latest)
                digest, size = self._hashed(sources[each.source], reference, left)
                left = max(left - size, 1)
                evidence.append(self._with_latest(each, latest, digest))
        return collected.model_copy(update={"evidence": tuple(evidence), "failures": tuple(failures)})

    def _with_latest(self, each: Evidence, latest: str, digest: Digest) -> Evidence:
        old = ArtifactRecord.model_validate_json(self.store.get(each.sha256, limit=MAX_ARTIFACT_RECORD))
        content = canonical.encode_model(old.model_copy(update={"latest": latest, "latest_sha256": digest}))
        return each.model_copy(update={"sha256": self.store.put(content), "size": len(content)})

    def _hashed(self, source: Source, reference: Reference, limit: int) -> tuple[Digest, int]:
        """The digest of an artifact's bytes, and how many were read; ``UNKNOWN`` when they are more than ``limit``."""
        try:
            content = self.sources[source.kind].artifact(reference.source, source, reference, limit=limit)
        except Refused as refused:
            if refused.code != "SOURCE_RECORD_TOO_LARGE":
                raise
            return UNKNOWN, 0
        made = ArtifactRecord.model_validate_json(content)
        return made.sha256, made.size if source.kind == "s3" else 0  # a registry's is known by its manifest

    def _demand_time(self, until: datetime) -> None:
        if self.clock.now() >= until:
            raise Refused(TOO_SLOW, f"the sources took more than {SECONDS} seconds to say whether anything has changed")

    def _consumed(self, ground: drift.Ground, candidate: Candidate, evidence_set: EvidenceSet) -> dict[str, str]:
        return drift.consumed(ground, candidate, evidence_set, evidence_documents(self.store, evidence_set))

    def _ground(self, record: RevisionRecord) -> drift.Ground:
        facts = self.policies.facts(record.facts)
        return drift.Ground(
            cutover=record.cutover, revision=record.revision,
            engine=load(self.store, record.bundle, DraftBundle).engine, rules_digest=record.rules.payload,
            rules=self.policies.rules(record.rules), facts=facts,
            window=occurrence(facts, record.target, record.window),
        )  # fmt: skip


def _in_time(before: Collection, after: Collection) -> Collection:
    """The section as it is now. What did not come in time may be as it was."""
    known = {(each.source, each.record) for each in before.failures if each.code == TOO_SLOW}
    for each in after.failures:
        if each.code == TOO_SLOW and (each.source, each.record) not in known:
            raise Refused(TOO_SLOW, each.message)
    return after


def _gone(each: Evidence) -> SourceFailure:
    return SourceFailure(
        source=each.source, record=each.record, version=GONE, code="SOURCE_RECORD_GONE",
        message="the source does not have the record any more",
    )  # fmt: skip


def _asked(collection: Collection) -> Iterator[Evidence | SourceFailure]:
    """Each record of a section once: what was taken out of an envelope has the envelope's version."""
    yield from (each for each in collection.evidence if each.unwraps is None)
    yield from collection.failures
