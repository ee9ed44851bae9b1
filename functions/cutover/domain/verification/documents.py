"""The documents beside the message: present, unaltered, and telling one story with the manifest (step 5)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cutover.contracts.base import Digest
from cutover.contracts.bundle import Bundle, LineageTrace
from cutover.contracts.candidate import CANDIDATE_TYPE, Candidate
from cutover.contracts.evidence import EvidenceSet
from cutover.contracts.handoff import DocumentReference, Handoff
from cutover.contracts.holds import ClearedRegister
from cutover.contracts.policy import Facts, Rules
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.evidence_library import Derived
from cutover.domain.package import PackageDocument, package_documents, sections_of
from cutover.domain.policy import load_facts, load_rules
from cutover.domain.unwrapping import demand_unwrapped
from cutover.domain.verification.anchor import Anchor
from cutover.domain.verification.message import Bound
from cutover.domain.verification.reading import equal, read, read_exact
from cutover.domain.verification.translated import Made, older_of
from cutover.errors import Refused


@dataclass(frozen=True, slots=True)
class Package:
    """Everything that the message refers to. ``facts`` are by payload digest, in the message's order."""

    bundle: Bundle
    bundle_digest: Digest
    lineage: LineageTrace
    register: ClearedRegister
    rules: Rules
    facts: dict[Digest, Facts]
    candidate: Candidate
    evidence_set: EvidenceSet
    contents: dict[Digest, bytes]
    derived: frozenset[Derived] = frozenset()


class _Shelf:
    """The listed documents by name, each one checked against its reference."""

    def __init__(self, references: tuple[DocumentReference, ...], documents: Mapping[Digest, bytes]) -> None:
        self.listed = tuple(PackageDocument(each.name, each.digest) for each in references)
        self.contents: dict[Digest, bytes] = {}
        self._names = {each.name: each.digest for each in references}
        for each in references:
            content = documents.get(each.digest)
            if content is None:
                raise Refused("DOCUMENT_MISSING", f"{each.name} ({each.digest}) is not at hand")
            if len(content) != each.size or not canonical.same(canonical.digest(content), each.digest):
                raise Refused("DOCUMENT_ALTERED", f"{each.name} is not the document that the message names")
            self.contents[each.digest] = content

    def digest(self, name: str) -> Digest:
        if name not in self._names:
            raise Refused("DOCUMENT_NOT_LISTED", f"the message lists no {name}")
        return self._names[name]

    def get(self, name: str) -> bytes:
        return self.contents[self.digest(name)]

    def facts(self) -> list[Digest]:
        return [each.digest for each in self.listed if each.name.startswith("facts/")]


def open_package(handoff: Handoff, bound: Bound, anchor: Anchor, documents: Mapping[Digest, bytes]) -> Package:
    """Step 5, first half: read the documents and hold each against the digest that the manifest has of it.

    Which documents there are is computed (``domain.package``); the message lists exactly these.
    """
    shelf = _Shelf(handoff.documents, documents)
    manifest = bound.predicate
    for subject in bound.manifest.subject:
        equal("SUBJECT_DIFFERS", (subject.name, shelf.digest(subject.name), "sha256:" + subject.digest.sha256))
    rules, rules_digest = load_rules(dsse.parse(shelf.get("rules")), anchor.root)
    facts = _facts(shelf, anchor)
    evidence_set = read_exact(EvidenceSet, shelf.get("evidence-set"), "evidence set")
    equal(
        "DOCUMENT_DIFFERS",
        ("the rules' digest", rules_digest, manifest.rules),
        ("the first facts' digest", next(iter(facts), None), manifest.facts),
        ("the evidence set's digest", shelf.digest("evidence-set"), manifest.evidence_set),
        ("the candidate in the evidence set", evidence_set.candidate.sha256, manifest.candidate),
    )
    package = Package(
        bundle=read_exact(Bundle, shelf.get("bundle"), "bundle"),
        bundle_digest=shelf.digest("bundle"),
        lineage=read_exact(LineageTrace, shelf.get("lineage"), "lineage trace"),
        register=read_exact(ClearedRegister, shelf.get("hold-register"), "hold register"),
        rules=rules,
        facts=facts,
        candidate=_candidate(shelf, evidence_set, Made(anchor=anchor, rules=rules, digest=rules_digest)),
        evidence_set=evidence_set,
        contents=shelf.contents,
    )
    return replace(package, derived=_check_listing(shelf, evidence_set))


def _facts(shelf: _Shelf, anchor: Anchor) -> dict[Digest, Facts]:
    found: dict[Digest, Facts] = {}
    for digest in shelf.facts():
        facts, payload = load_facts(dsse.parse(shelf.contents[digest]), anchor.root)
        if payload in found:
            raise Refused("PACKAGE_DIFFERS", f"the message lists the facts {payload} twice")
        found[payload] = facts
    return found


def _candidate(shelf: _Shelf, evidence_set: EvidenceSet, made: Made) -> Candidate:
    """The candidate, signed by a candidate key at the time that Cutover recorded its arrival, or made of a document
    that was. No rehearsal is ever handed off.
    """
    content, arrived = shelf.get("candidate"), evidence_set.candidate.fetched_at
    older = older_of(content)
    if older is not None:
        payload = shelf.contents.get(evidence_set.candidate.sha256, b"")
        candidate, keys = made.candidate(older, payload, arrived), made.keys(older, arrived)
    else:
        opened = dsse.open_envelope(
            dsse.parse(content), payload_type=CANDIDATE_TYPE, purpose="candidate", keys=made.anchor.keys, at=arrived
        )
        equal("DOCUMENT_DIFFERS", ("the candidate's digest", opened.digest, evidence_set.candidate.sha256))
        candidate, keys = read(Candidate, opened.payload, "candidate"), opened.keys
        if candidate.translated is not None:
            raise Refused("TRANSLATION_NOT_OURS", "whoever signed the candidate says that it is a translation")
    dsse.within(keys, candidate.product)
    if candidate.rehearsal:
        raise Refused("NOT_FOR_A_REHEARSAL", "the candidate is a rehearsal's")
    return candidate


def _check_listing(shelf: _Shelf, evidence_set: EvidenceSet) -> frozenset[Derived]:
    """What was made of what: made again once here, and not once more where fields are walked."""
    expected = package_documents(
        bundle=shelf.digest("bundle"),
        lineage=shelf.digest("lineage"),
        hold_register=shelf.digest("hold-register"),
        rules=shelf.digest("rules"),
        facts=shelf.facts(),
        candidate=shelf.digest("candidate"),
        evidence_set_digest=shelf.digest("evidence-set"),
        evidence_set=evidence_set,
    )
    if shelf.listed != expected:
        raise Refused("PACKAGE_DIFFERS", "the message does not list exactly the documents of its package")
    derived = set[Derived]()
    for section, evidence in sections_of(evidence_set):
        content = shelf.contents.get(evidence.sha256, b"")
        if len(content) != evidence.size:
            raise Refused("DOCUMENT_DIFFERS", f"evidence {evidence.sha256} is not {evidence.size} bytes")
        if evidence.unwraps is not None:
            demand_unwrapped(section, shelf.contents[evidence.unwraps], content)
            derived.add((evidence.unwraps, evidence.sha256))
    return frozenset(derived)
