"""Fetching one section of a candidate's references. Nothing is judged; a failure is a result."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from cutover.contracts.base import Digest
from cutover.contracts.candidate import Candidate, Reference
from cutover.contracts.evidence import ArtifactRecord, Collection, Evidence, Section, SourceFailure
from cutover.contracts.policy import Facts, Rules
from cutover.contracts.sources import Source
from cutover.domain import bounded, canonical
from cutover.domain.record import RevisionRecord
from cutover.domain.refreshed import GONE, UNPINNED
from cutover.domain.secrets import screened
from cutover.domain.unwrapping import SIGNED, unwrap
from cutover.domain.waivers import RESOLUTIONS, carried
from cutover.errors import DependencyUnavailable, Refused, SourceUnavailable
from cutover.loading import candidate_of
from cutover.policies import PolicyReader
from cutover.ports import Clock, Fetched, Sources, Store
from cutover.stages.collect.referring import references
from cutover.stages.collect.screening import demand_nothing_hidden

MEBIBYTE = 1_048_576
LIMITS: dict[str, int] = {
    "artifacts": 2048 * MEBIBYTE, "attestations": 4 * MEBIBYTE, "dependencies": 64 * MEBIBYTE, "change": MEBIBYTE,
    "rollout": MEBIBYTE, "flags": MEBIBYTE, "rollback": MEBIBYTE, "overlays": MEBIBYTE, "catalog": MEBIBYTE,
    "waivers": MEBIBYTE,
}  # fmt: skip
"""At most so many bytes of one record. Of an artifact only the digest is kept."""
TOTALS: dict[str, int] = {
    "artifacts": 8192 * MEBIBYTE, "attestations": 16 * MEBIBYTE, "dependencies": 64 * MEBIBYTE,
    "change": 8 * MEBIBYTE, "rollout": 8 * MEBIBYTE, "flags": 8 * MEBIBYTE, "rollback": 8 * MEBIBYTE,
    "overlays": 8 * MEBIBYTE, "catalog": 8 * MEBIBYTE, "waivers": 16 * MEBIBYTE,
}  # fmt: skip
"""At most so many bytes of all records of a section: of artifacts read, of the others kept. What is kept of all
sections together, 160 MiB at most, has to fit into the memory of the functions that read it back."""
MAX_PARSED = 4 * MEBIBYTE
"""Only sections of smaller records than that are parsed to be screened."""
TOO_LARGE = "SOURCE_RECORD_TOO_LARGE"
TOO_SLOW = "SOURCE_TOO_SLOW"
SECONDS = 40
"""Of the function's sixty. Then no further record is asked for, and what has come is kept: one may take fifteen."""
PATIENCE = 5
"""So often a section is collected again because a source fails. Then that is the result, and the rest is kept."""


class Collecting:
    """One section of one revision. ``until``: when it asks for nothing any more, if not ``SECONDS`` from now."""

    def __init__(
        self, *, section: Section, rules: Rules, facts: Facts, sources: Sources, store: Store, clock: Clock,
        until: datetime | None = None,
    ) -> None:  # fmt: skip
        self._section = section
        self._secrets = rules.secrets
        self._facts = facts
        self._sources = sources
        self._store = store
        self._clock = clock
        self._left = TOTALS[section]
        self._until = until or clock.now() + timedelta(seconds=SECONDS)
        self._given_up: dict[str, SourceUnavailable | Refused] = {}

    def collect(self, candidate: Candidate, *, waivers: Iterable[Digest] = (), patient: bool = True) -> Collection:
        """Every record of the section, or why it could not be had; ``waivers`` are those that resolutions brought.

        ``patient``: raises ``SourceUnavailable`` when a source fails, since another try may bring the record.
        """
        evidence: list[Evidence] = []
        failures: list[SourceFailure] = []
        named = references(candidate, self._section)
        brought = carried(waivers) if self._section == "waivers" else ()
        for reference in (*named, *brought):
            try:
                evidence.extend(
                    self._stored(reference) if reference in brought else self._fetched(reference, named[reference])
                )
            except Refused as refused:
                failures.append(_failure(reference, refused.code, refused.detail))
            except SourceUnavailable as unavailable:
                if patient:
                    raise
                # Asked for each of its records, a source that does not answer would use up the function's time.
                self._given_up[reference.source] = unavailable
                failures.append(_failure(reference, unavailable.code, unavailable.detail))
        return Collection(section=self._section, evidence=tuple(evidence), failures=tuple(failures))

    def _stored(self, reference: Reference) -> Iterator[Evidence]:
        """A waiver that a resolution brought: its envelope lies in the store since then, under its digest."""
        return self._unwrapped(
            reference, self._store.get(reference.record, limit=LIMITS[self._section]), "application/json"
        )

    def _fetched(self, reference: Reference, pinned: Iterable[Digest]) -> Iterator[Evidence]:
        source = self._facts.sources.get(reference.source)
        if source is None or reference.source == RESOLUTIONS:
            raise Refused("SOURCE_UNKNOWN", f"the facts name no source {reference.source!r}")
        if reference.version == GONE:
            raise Refused("SOURCE_RECORD_GONE", "its source did not have it any more when this revision was opened")
        if reference.version == UNPINNED:
            raise Refused("SOURCE_VERSION_UNPINNED", "an older contract names no version of it")
        if reference.source in self._given_up:
            raise self._given_up[reference.source]
        if self._clock.now() >= self._until:
            raise Refused(TOO_SLOW, f"before it could be asked for, the time for all {self._section} was over")
        fetched = self._bounded(source, reference)
        if self._section != "artifacts":
            _demand_digests(fetched.content, pinned)
        yield from self._screened(reference, fetched.content, fetched.media_type)

    def _screened(self, reference: Reference, content: bytes, media_type: str) -> Iterator[Evidence]:
        """What came, without the secrets in it. Of an artifact nothing is kept but what Cutover itself says."""
        if self._section == "artifacts":
            return self._unwrapped(reference, content, media_type)
        clean, redactions = screened(content, policy=self._secrets, signed=self._section in SIGNED)
        if not redactions:
            return self._unwrapped(reference, content, media_type)
        taken_out = {"received": canonical.digest(content), "redactions": redactions}
        return self._unwrapped(reference, clean, media_type, taken_out)

    def _unwrapped(
        self, reference: Reference, content: bytes, media_type: str, taken_out: Mapping[str, Any] | None = None
    ) -> Iterator[Evidence]:
        """What came, and what is made of it (``domain.unwrapping``); both are looked through before either is kept."""
        made, refused = _made(self._section, content)
        if self._section != "artifacts":
            demand_nothing_hidden(content, made, parsed=LIMITS[self._section] <= MAX_PARSED)
        whole = self._kept(reference, content, media_type).model_copy(update=taken_out)
        yield whole
        if refused is not None:
            raise refused
        if made is not None:
            yield self._kept(reference, made, "application/json", unwraps=whole.sha256)

    def _bounded(self, source: Source, reference: Reference) -> Fetched:
        """The record within its own limit, and within what is left for the section."""
        # Of an artifact two versions may be read: the announced one and the newest.
        share = self._left // 2 if self._section == "artifacts" else self._left
        limit = min(LIMITS[self._section], share)
        try:
            return self._fetch(source, reference, limit)
        except Refused as refused:
            if refused.code != TOO_LARGE or limit == LIMITS[self._section]:
                raise
            raise self._too_much(refused.detail) from refused

    def _fetch(self, source: Source, reference: Reference, limit: int) -> Fetched:
        try:
            return self._asked(source, reference, limit)
        except DependencyUnavailable as error:
            raise SourceUnavailable("SOURCE_FAILING", str(error)) from error
        except Refused as refused:
            if refused.code == TOO_SLOW:
                again = f"it was not asked for: {reference.source} was too slow with another record"
                self._given_up[reference.source] = Refused(TOO_SLOW, again)
            raise

    def _asked(self, source: Source, reference: Reference, limit: int) -> Fetched:
        system = self._sources[source.kind]
        if self._section == "artifacts":
            record = system.artifact(reference.source, source, reference, limit=limit)
            if source.kind == "s3":  # of a registry's artifact nothing is read but its manifest
                self._left -= _read_for(record, limit)
            return Fetched(record, "application/vnd.cutover.artifact-record.v1+json", reference.version)
        return system.fetch(source, reference, limit=limit)

    def _too_much(self, found: str) -> Refused:
        total = TOTALS[self._section]
        return Refused(TOO_LARGE, f"{found}; all {self._section} of a candidate together: at most {total} bytes")

    def _kept(self, reference: Reference, content: bytes, media_type: str, unwraps: Digest | None = None) -> Evidence:
        if self._section != "artifacts":
            if len(content) > self._left:
                raise self._too_much(f"{reference.record} brings {len(content)} bytes")
            self._left -= len(content)
        return Evidence(
            source=reference.source, record=reference.record, version=reference.version,
            fetched_at=self._clock.now(), media_type=bounded.line(media_type), sha256=self._store.put(content),
            size=len(content),
            unwraps=unwraps,
        )  # fmt: skip


def _made(section: Section, content: bytes) -> tuple[bytes | None, Refused | None]:
    """What is made of a record, or why nothing can be: what came is evidence nevertheless."""
    try:
        return unwrap(section, content), None
    except Refused as refused:
        return None, refused


def _demand_digests(content: bytes, pinned: Iterable[Digest]) -> None:
    found = canonical.digest(content)
    for announced in pinned:
        if not canonical.same(found, announced):
            raise Refused("SOURCE_DIGEST_DIFFERS", f"it has {found}, announced was {announced}")


def _failure(reference: Reference, code: str, message: str) -> SourceFailure:
    return SourceFailure(
        source=reference.source,
        record=reference.record,
        version=reference.version,
        code=code,
        message=bounded.line(message),
    )


def _read_for(record: bytes, limit: int) -> int:
    """At most how many bytes were read to make an artifact's record: of the newest version no size is told."""
    try:
        made = ArtifactRecord.model_validate_json(record)
    except ValidationError:  # the checks will say so
        return 2 * limit
    if made.latest == made.version:
        return made.size
    return 2 * made.size if made.latest_sha256 == made.sha256 else made.size + limit


def collect(
    record: RevisionRecord, section: Section, *, retries: int, policies: PolicyReader, sources: Sources,
    store: Store, clock: Clock,
) -> Digest:  # fmt: skip
    """The digest of the section's stored ``Collection``. ``retries``: how often the state machine has tried before."""
    collecting = Collecting(
        section=section,
        rules=policies.rules(record.rules),
        facts=policies.facts(record.facts),
        sources=sources,
        store=store,
        clock=clock,
    )
    collected = collecting.collect(candidate_of(store, record), waivers=record.waivers, patient=retries < PATIENCE)
    return store.put(canonical.encode_model(collected))
