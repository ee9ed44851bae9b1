"""Everything about one cutover in one folder, as an auditor takes it away.

``index.json`` says what there is. ``handoff.json``, ``documents/``, ``ledger.json``, ``notices/``, ``trust.json`` lie
as `cutover verify` reads them; ``heads/`` are the kept heads, ``store/`` everything else that the revisions name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cutover.contracts.base import Digest
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.handoff import Handoff
from cutover.contracts.ledger import LedgerEntry
from cutover.contracts.ledger_export import CutoverExport, ExportedDocument, ExportedRevision, LedgerExport
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.package import sections_of
from cutover.domain.record import RevisionRecord
from cutover.errors import DigestMismatch, DocumentMissing
from cutover.loading import MAX_EVIDENCE_BYTES
from cutover_cli import files
from cutover_cli.ledger_chains import Chains
from cutover_cli.output import BadArgument

MAX_HEADS = 1_000
_DIGEST = re.compile(rb"sha256:[0-9a-f]{64}")


@dataclass
class Everything:
    """One cutover, written into a folder that is new or empty."""

    chains: Chains
    cutover: str
    folder: Path
    files: dict[str, Digest] = field(default_factory=dict)

    def write(self) -> CutoverExport:
        """The index, which is written last. Raises NoSuchChain, BadArgument."""
        export = self.chains.export(self.cutover)
        if self.folder.exists() and any(self.folder.iterdir()):
            raise BadArgument(f"{self.folder} is not empty")
        self._put("ledger.json", canonical.encode_model(export))
        for number, content in _first(self.chains.heads(self.cutover, upto=export.entries[-1].sequence), MAX_HEADS):
            self._put(f"heads/{number:012d}.json", content)
        for number, content in self.chains.site.documents.notices(self.cutover):
            self._put(f"notices/{number:012d}.json", content)
        records = tuple(self._records())
        for record in records:
            self._message(record)
        self._trust()
        site = self.chains.site
        revisions = tuple(self._revision(record, export) for record in records)
        root = self._document("root", site.fingerprint) if site.fingerprint else None
        index = CutoverExport(
            audience=site.audience, cutover=self.cutover, exported_at=site.clock.now(),
            root=root.digest if root else None, revisions=revisions, files=self.files,
        )  # fmt: skip
        files.write(self.folder / "index.json", canonical.encode_model(index))
        return index

    def _records(self) -> Iterator[RevisionRecord]:
        number = 1
        while (record := self.chains.site.records.revision(self.cutover, number)) is not None:
            yield record
            number += 1

    def _message(self, record: RevisionRecord) -> None:
        """The message and the documents that it lists, where it was made. A cutover has one at the most."""
        content = self._content(record.handoff) if record.handoff else None
        if content is None:
            return
        self._put("handoff.json", content)
        handoff = Handoff.model_validate_json(dsse.decode_base64(dsse.parse(content).payload))
        for each in handoff.documents:
            self._document(each.name, each.digest, into="documents")

    def _trust(self) -> None:
        """The trust file that was imported here: of it, and not of this folder, trust comes."""
        from cutover_cli.trust_store import TrustStore, folder

        found = TrustStore(folder()).read(self.chains.site.audience)
        if found is not None:
            self._put("trust.json", found.content)

    def _revision(self, record: RevisionRecord, export: LedgerExport) -> ExportedRevision:
        named = {digest: self._document(name, digest) for name, digest in self._named(record)}
        entries = [entry for entry in export.entries if entry.revision == record.revision]
        told = [each for each in self._told(entries, set(named)) if each.file is not None]
        return ExportedRevision(
            revision=record.revision, status=record.status.value, documents=(*named.values(), *told)
        )

    def _named(self, record: RevisionRecord) -> Iterator[tuple[str, Digest]]:
        """What the record says that there is; each digest once."""
        found: dict[Digest, str] = {}
        for name, digest in _of_record(record):
            if digest is not None:
                found.setdefault(digest, name)
        content = self._content(record.evidence_set) if record.evidence_set else None
        if content is not None:
            evidence_set = EvidenceSet.model_validate_json(content)
            digests = [d for _, each in sections_of(evidence_set) for d in (each.sha256, each.unwraps)]
            for number, digest in enumerate(dict.fromkeys(filter(None, digests)), 1):
                found.setdefault(digest, f"evidence/{number}")
        yield from ((name, digest) for digest, name in found.items())

    def _told(self, entries: list[LedgerEntry], known: set[Digest]) -> Iterator[ExportedDocument]:
        """What entries name besides, and what these documents name. Payloads lie in their envelopes only."""
        for entry in entries:
            for name, digest in entry.inputs.items():
                for number, each in enumerate((digest, *self._within(digest))):
                    if each not in known:
                        known.add(each)
                        yield self._document(f"entry/{entry.sequence}/{name}" + (f"/{number}" if number else ""), each)

    def _within(self, digest: Digest) -> list[Digest]:
        content = self._content(digest) or b""
        small = content if len(content) < files.MAX_BYTES else b""
        return [each.decode() for each in dict.fromkeys(_DIGEST.findall(small))]

    def _document(self, name: str, digest: Digest, *, into: str = "store") -> ExportedDocument:
        hexadecimal = digest.removeprefix("sha256:")
        there = next(
            (file for file in (f"documents/{hexadecimal}", f"store/{hexadecimal}") if file in self.files), None
        )
        if there is None and (content := self._content(digest)) is not None:
            there = f"{into}/{hexadecimal}"
            self._put(there, content)
        return ExportedDocument(name=name, digest=digest, file=there)

    def _content(self, digest: Digest) -> bytes | None:
        """None where the store has it not, or other bytes in its place."""
        try:
            return self.chains.site.documents.get(digest, limit=MAX_EVIDENCE_BYTES)
        except (DocumentMissing, DigestMismatch):
            return None

    def _put(self, name: str, content: bytes) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        files.write(file, content)
        self.files[name] = canonical.digest(content)


def _of_record(record: RevisionRecord) -> Iterator[tuple[str, Digest | None]]:
    yield from (
        ("candidate", record.candidate), ("announcement", record.admission), ("supersession", record.supersession),
        ("evidence-set", record.evidence_set), ("bundle", record.bundle), ("lineage", record.lineage),
        ("gaps", record.gaps), ("hold-register", record.hold_register), ("handoff", record.handoff),
    )  # fmt: skip
    references = {
        "rules": record.rules, "facts": record.facts, "manifest": record.manifest, "predecessor": record.predecessor,
        "bound-facts": record.bound_facts, "after-action": record.after_action,
    }  # fmt: skip
    yield from ((name, each.envelope) for name, each in references.items() if each is not None)
    yield from ((f"waiver/{number}", each) for number, each in enumerate(record.waivers, 1))
    for number, answer in enumerate(record.resolutions, 1):
        yield f"resolution/{number}", answer.envelope
    given = (*record.decisions, *((record.deferral,) if record.deferral else ()))
    for number, decision in enumerate(given, 1):
        yield f"decision/{number}", decision.envelope
        yield f"decision/{number}/facts", decision.facts.envelope


def _first(found: Iterator[tuple[int, bytes]], limit: int) -> Iterator[tuple[int, bytes]]:
    yield from (each for each, _ in zip(found, range(limit), strict=False))
