"""A replay: what was recorded of a revision is read, computed anew, and compared. Nothing is written.

1. The chain of the cutover is whole, and the record names what it names.
2. The inputs are read: evidence set, evidence, candidate, pinned rules and facts, what Bind took.
3. Assemble, Verify and Bind are run on them, by the code of the stages, into memory.
4. Each document that they left is read and compared; and so is what was decided.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cutover.contracts.base import Digest
from cutover.contracts.bind_inputs import BindInputs
from cutover.contracts.bundle import DraftBundle, Engine
from cutover.contracts.candidate import MAX_CANDIDATE_BYTES, Candidate
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.handoff import Tombstone
from cutover.domain.package import sections_of
from cutover.domain.record import RevisionRecord
from cutover.errors import DigestMismatch, IntegrityError
from cutover.loading import load
from cutover.policies import PolicyReader
from cutover.ports import Records, Store
from cutover_cli.replaying.comparing import Comparing, Output
from cutover_cli.replaying.difference import Cause, Difference, Replayed
from cutover_cli.replaying.reading_store import ReadingStore
from cutover_cli.replaying.recomputing import Recomputed, Recomputing
from cutover_cli.replaying.recorded import Recorded, as_it_was, recorded

OF_ASSEMBLE = ("bundle", "lineage", "gaps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a replay starts from. ``taken`` is None where Bind did not come to it, or an older Cutover noted nothing."""

    found: Recorded
    candidate: Candidate
    evidence_set: EvidenceSet
    taken: BindInputs | None
    engine: Engine
    """That of the bundle's header, which a replay by another engine must repeat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaying:
    """One deployment as a replay sees it. ``engine``: who replays; ``fingerprint``: the root that is pinned."""

    records: Records
    store: Store
    fingerprint: Digest
    engine: Engine

    def replay(self, record: RevisionRecord) -> Replayed:
        """Raises ``Refused`` (``LEDGER_BROKEN``, ``NOTHING_TO_REPLAY``)."""
        found, store = recorded(self.records, record), ReadingStore(self.store)
        made, unusable = Recomputed(), list[Difference]()
        inputs = None
        try:
            inputs = self.inputs(found, store)
            made = self.recompute(inputs, store)
        except IntegrityError as error:
            named = [*_unusable(found, inputs, store)]
            unusable = named or [Difference("document", Cause.INPUT_CORRUPTED, "", str(error), None)]
        return self._compared(found, inputs, made, unusable, store)

    def inputs(self, found: Recorded, store: ReadingStore) -> Inputs:
        """Raises ``IntegrityError`` where one cannot be had."""
        taken = load(store, found.bind_inputs, BindInputs) if found.bind_inputs else None
        return Inputs(
            found=found,
            candidate=load(store, found.record.candidate, Candidate, limit=MAX_CANDIDATE_BYTES),
            evidence_set=load(store, found.evidence_set, EvidenceSet),
            taken=taken,
            engine=taken.engine if taken else self._header(found),
        )

    def recompute(
        self, inputs: Inputs, store: ReadingStore, *, policies: PolicyReader | None = None,
        record: RevisionRecord | None = None,
    ) -> Recomputed:  # fmt: skip
        """``policies`` and ``record``: instead of those that were pinned."""
        reader = policies or PolicyReader(records=self.records, store=store, fingerprint=self.fingerprint)
        of = record or inputs.found.record
        before = as_it_was(of, inputs.candidate, inputs.evidence_set, reader.facts(of.facts))
        recomputing = Recomputing(record=before, store=store, policies=reader, engine=inputs.engine)
        return recomputing.run(inputs.evidence_set, inputs.taken)

    def _header(self, found: Recorded) -> Engine:
        """From the bundle; where it is lost, as the ledger says, with the time zone data of this process."""
        engine = found.assembled.engine
        try:
            tzdata = load(self.store, found.named["bundle"], DraftBundle).engine.tzdata
        except IntegrityError:
            tzdata = self.engine.tzdata
        return Engine(version=engine.version, lock=engine.lock, tzdata=tzdata)

    def _compared(
        self, found: Recorded, inputs: Inputs | None, made: Recomputed, unusable: list[Difference], store: ReadingStore
    ) -> Replayed:
        other = any((each.version, each.lock) != (self.engine.version, self.engine.lock) for each in found.engines)
        comparing = Comparing(self.store, Cause.ENGINE if other else Cause.UNEXPLAINED)
        outputs = list(_outputs(found, inputs, made))
        differing = [
            *unusable,
            *_not_recorded(found),
            *(Difference("record", Cause.RECORD, *each) for each in found.contradictions()),
            *(each for output in outputs for each in comparing.compare(output)),
            *_decision(found, made, comparing.changed),
        ]
        ended = _ended(found, made)
        if found.ended and not self.store.has_tombstone(found.record.cutover, found.record.revision):
            differing.append(Difference("tombstone", Cause.MISSING, recreated=ended is not None))
        else:
            ended = None
        if differing and not unusable:  # something was not there, and some rule went on without it
            differing = [*_unusable(found, inputs, store), *differing]
        return Replayed(
            cutover=found.record.cutover, revision=found.record.revision, engines=found.engines, engine=self.engine,
            decided=found.decided.event if found.decided else None,
            result=found.decided.result if found.decided else None,
            compared=tuple(each.document for each in outputs if each.content is not None),
            differences=tuple(differing), recreated=comparing.recreated, missing=tuple(comparing.missing),
            tombstone=ended,
        )  # fmt: skip


def _outputs(found: Recorded, inputs: Inputs | None, made: Recomputed) -> Iterator[Output]:
    """Every document that was left, in the order in which they were made."""
    for name in OF_ASSEMBLE:
        if name in found.named:
            yield Output(name, found.named[name], made.documents.get(name))
    taken = inputs.taken if inputs else None
    for family, digest in (taken.reports if taken else {}).items():
        if digest is not None:
            yield Output(f"findings/{family}", digest, made.documents.get(f"findings/{family}"))
    if "hold-register" in found.named:
        yield Output("hold-register", found.named["hold-register"], made.documents.get("hold-register"))
    signed = found.record.manifest
    if "manifest" in found.named:
        envelope = signed.envelope if signed else None
        yield Output("manifest", found.named["manifest"], made.documents.get("manifest"), envelope)


def _decision(found: Recorded, made: Recomputed, changed: Cause) -> Iterator[Difference]:
    if found.decided is None or made.decided is None:
        return
    told, now = found.decided, made.decided
    for pointer, stored, recomputed in (("/event", told.event, now.event), ("/result", told.result, now.result)):
        if stored != recomputed:
            yield Difference("decision", changed, pointer, stored, recomputed)


def _ended(found: Recorded, made: Recomputed) -> Tombstone | None:
    """A tombstone that was made again, where the ledger tells of just this end: nothing else proves one."""
    told, now = found.decided, made.decided
    same = found.ended and told is not None and now is not None and (told.event, told.result) == (now.event, now.result)
    return made.tombstone if same else None


def _not_recorded(found: Recorded) -> Iterator[Difference]:
    if found.decided is not None and found.bind_inputs is None:
        yield Difference("bind-inputs", Cause.INPUT_NOT_RECORDED)


def _unusable(found: Recorded, inputs: Inputs | None, store: ReadingStore) -> Iterator[Difference]:
    """What was asked for and could not be had, each by its name."""
    names = _names(found, inputs)
    for digest, error in store.unusable.items():
        cause = Cause.INPUT_CORRUPTED if isinstance(error, DigestMismatch) else Cause.INPUT_MISSING
        yield Difference(names.get(digest, "document"), cause, "", digest, None)


def _names(found: Recorded, inputs: Inputs | None) -> Mapping[Digest, str]:
    record = found.record
    names = {
        record.candidate: "candidate", found.evidence_set: "evidence-set", record.rules.envelope: "rules",
        record.facts.envelope: "facts",
    }  # fmt: skip
    if found.bind_inputs:
        names[found.bind_inputs] = "bind-inputs"
    if inputs and inputs.taken:
        names[inputs.taken.facts.envelope] = "facts"
    for section, each in sections_of(inputs.evidence_set) if inputs else ():
        for digest in (each.sha256, each.unwraps):
            if digest is not None:
                names.setdefault(digest, f"evidence/{section}/{each.source}/{each.record}")
    return names
