"""What was recorded of one revision: its ledger entries, and its record as it was before Assemble."""

from collections.abc import Iterator
from dataclasses import dataclass

from cutover.contracts.base import Digest
from cutover.contracts.candidate import Candidate
from cutover.contracts.evidence import Evidence, EvidenceSet, SourceFailure
from cutover.contracts.ledger import LedgerEngine, LedgerEntry
from cutover.contracts.policy import Facts
from cutover.domain import ledger
from cutover.domain.record import RevisionRecord, Status
from cutover.domain.waivers import RESOLUTIONS
from cutover.domain.window import occurrence
from cutover.errors import Refused
from cutover.ports import Records

DECISIONS = frozenset({"bound", "held", "declined", "rehearsed"})
ENDS = frozenset({"declined", "rehearsed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """``assembled`` and ``decided`` are the entries of Assemble and of Bind; None where it did not come to that.

    ``named``: digests of documents by their names in the ledger. ``status``: the one that the ledger gives.
    """

    record: RevisionRecord
    status: str | None
    assembled: LedgerEntry
    decided: LedgerEntry | None
    named: dict[str, Digest]

    @property
    def evidence_set(self) -> Digest:
        return self.assembled.inputs["evidence-set"]

    @property
    def bind_inputs(self) -> Digest | None:
        return self.decided.inputs.get("bind-inputs") if self.decided else None

    @property
    def engines(self) -> tuple[LedgerEngine, ...]:
        """The engines that made and decided it, each once."""
        entries = (each for each in (self.assembled, self.decided) if each is not None)
        return tuple(dict.fromkeys(each.engine for each in entries))

    @property
    def ended(self) -> bool:
        """Bind ended it, and by the ledger this is still how it ended: its tombstone has to stand."""
        return self.decided is not None and self.decided.event in ENDS and self.status == self.decided.to

    def contradictions(self) -> Iterator[tuple[str, str | None, str | None]]:
        """Where the record names something else than the ledger: pointer, by the record, by the ledger."""
        record, entry = self.record, self.assembled
        bound = self.decided if self.decided and self.decided.event == "bound" else None
        refused = bound is not None and record.status is Status.DECLINED  # by a person: the register has that hold too
        manifest, facts = (each.payload if each else None for each in (record.manifest, record.bound_facts))
        by_ledger: dict[str, tuple[str | None, str | None]] = {
            "/status": (record.status.value, self.status),
            "/candidate": (record.candidate, self.named.get("candidate")),
            "/rules": (record.rules.payload, entry.rules),
            "/facts": (record.facts.payload, entry.facts),
            "/evidence_set": (record.evidence_set, self.evidence_set),
            "/bundle": (record.bundle, self.named.get("bundle")),
            "/lineage": (record.lineage, self.named.get("lineage")),
            "/gaps": (record.gaps, entry.inputs.get("gaps")),
            "/hold_register": (record.hold_register, None if refused else self.named.get("hold-register")),
            "/manifest": (manifest, self.named.get("manifest")),
            "/bound_facts": (facts, bound.facts if bound else None),
        }
        yield from (
            (pointer, said, told) for pointer, (said, told) in by_ledger.items() if said != told and told is not None
        )


def recorded(records: Records, record: RevisionRecord) -> Recorded:
    """Raises ``Refused``: ``LEDGER_BROKEN``, and ``NOTHING_TO_REPLAY`` where nothing was assembled."""
    chain = tuple(records.ledger(record.cutover))
    ledger.verify_chain(chain, chain=record.cutover)
    entries = tuple(each for each in chain if each.revision == record.revision)
    assembled = next((each for each in entries if each.event == "assembled"), None)
    if assembled is None:
        where = f"{record.cutover} revision {record.revision}, which is {record.status}"
        raise Refused("NOTHING_TO_REPLAY", f"nothing was assembled of {where}", "look again when Assemble is through")
    decided = next((each for each in entries if each.event in DECISIONS and each.actor.role == "bind"), None)
    told = (entries[0], assembled, *((decided,) if decided else ()))
    named = {name: digest for each in told for name, digest in each.inputs.items()}
    if record.gaps is not None:
        named.setdefault("gaps", record.gaps)  # entries of older engines do not name them
    return Recorded(
        record=record, status=ledger.status_by_ledger(chain, record.revision), assembled=assembled, decided=decided,
        named=named,
    )  # fmt: skip


def as_it_was(record: RevisionRecord, candidate: Candidate, evidence_set: EvidenceSet, facts: Facts) -> RevisionRecord:
    """The record that Assemble read. Later rows have changed its window, its end and its waivers.

    ``facts``: those that were pinned. A window that they do not have could never be bound, and stays as it was opened.
    """
    try:
        closes_at = occurrence(facts, record.target, record.window).closes_at
    except Refused:
        closes_at = record.closes_at or candidate.expires_at
    return record.model_copy(
        update={
            "status": Status.COLLECTING, "closes_at": closes_at, "expires_at": min(candidate.expires_at, closes_at),
            "waivers": tuple(_waivers(record, evidence_set)),
        }
    )  # fmt: skip


def _waivers(record: RevisionRecord, evidence_set: EvidenceSet) -> Iterator[Digest]:
    """Those that came with the revision: all that were collected, and no answer to its own holds."""
    collected = [each for each in evidence_set.collections if each.section == "waivers"]
    entries: list[Evidence | SourceFailure] = [entry for each in collected for entry in each.evidence]
    entries += [entry for each in collected for entry in each.failures]
    brought = {each.record: None for each in entries if each.source == RESOLUTIONS}
    answers = {each.waiver for each in record.resolutions}
    came = {each: None for each in record.waivers if each in brought or each not in answers}
    yield from (came | brought)
