"""One small release whose records a test gives: what Assemble makes of them, and whether lineage finds it again."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from cutover.contracts.bundle import Engine
from cutover.contracts.candidate import Candidate
from cutover.contracts.evidence import Collection, Evidence, EvidenceSet, Section
from cutover.contracts.policy import Rendering
from cutover.contracts.sources import Source
from cutover.domain import canonical, lineage
from cutover.domain.assembling import Assembled, EvidenceIndex, assemble
from cutover.domain.unwrapping import unwrap
from cutover.errors import Refused

AS_OF = datetime(2026, 3, 2, 9, tzinfo=UTC)
CUTOVER, REVISION = "service@production.1", 1
ENGINE = Engine(version="0.1.0", lock="sha256:" + "e" * 64, tzdata="2026a")
DIGEST = "sha256:" + "5" * 64
RENDERING = Rendering(
    components={"service": ("svc", "Service (prod)")},
    cohorts={"first": ("ring-0",)},
    environments={"production": ("prod", "PRD"), "staging": ("stage",)},
)
SECTIONS: dict[str, Section] = {
    "artifact": "artifacts", "provenance": "attestations", "sbom": "dependencies", "entity": "catalog",
    "tests": "attestations", "change": "change", "rollout": "rollout", "flags": "flags", "overlays": "overlays",
    "rollback": "rollback",
}  # fmt: skip
"""The names of a release's records, each in its section."""


def reference(name: str, source: str = "records") -> dict[str, Any]:
    return {"source": source, "record": name, "version": "v1", "digest": None}


def said() -> dict[str, Any]:
    """The candidate as JSON. Its component and environment are spelled as another system spells them."""
    return {
        "schema": "cutover/candidate/v1", "audience": "cutover:shop:123456789012:eu-west-1:production",
        "product": "service", "version": "1.4.0", "repository": "https://example.com/shop/service",
        "commit": "0123456789abcdef0123456789abcdef01234567", "authority": {"workflow": "release.yml", "run": "4711"},
        "requester": "dana@ci", "rationale": "Orders can be cancelled.", "target": "production",
        "window": "tuesday-evening", "environments": ["prod"],
        "components": [{
            "name": "svc", "artifact": {**reference("artifact"), "digest": DIGEST},
            "provenance": reference("provenance"), "dependencies": reference("sbom"), "catalog": reference("entity"),
        }],
        "attestations": [{"name": "tests", "component": "svc", "statement": reference("tests")}],
        "change": reference("change"), "rollout": reference("rollout"), "flags": reference("flags"),
        "overlays": reference("overlays"),
        "rollback": {"criteria": ["More than 1 % of orders fail."], "plan": reference("rollback")}, "waivers": [],
        "issued_at": "2026-03-02T09:00:00Z", "sequence": 1, "expires_at": "2026-03-09T09:00:00Z",
    }  # fmt: skip


class Release:
    """A release with these records (bytes as they are, anything else as JSON); ``announced`` changes its candidate."""

    def __init__(
        self,
        records: Mapping[str, Any],
        *,
        source: Source | None = None,
        rendering: Rendering = RENDERING,
        announced: Mapping[str, Any] | None = None,
    ) -> None:
        self.candidate = Candidate.model_validate_json(json.dumps({**said(), **(announced or {})}))
        self.sources = {"records": source} if source is not None else {}
        self.rendering = rendering
        self.documents: dict[str, bytes] = {}
        candidate = self._evidence("candidate", canonical.encode_model(self.candidate), None)
        self._collections: dict[Section, list[Evidence]] = {}
        for name, record in records.items():
            content = record if isinstance(record, bytes) else json.dumps(record, indent=1).encode()
            self._collect(name, SECTIONS[name], content)
        self.evidence_set = EvidenceSet(
            candidate=candidate,
            as_of=AS_OF,
            collections=tuple(Collection(section=s, evidence=tuple(e)) for s, e in self._collections.items()),
        )
        self.index = EvidenceIndex(self.evidence_set, self.documents)
        self.made = self._assembled()

    def _collect(self, name: str, section: Section, content: bytes) -> None:
        """As Collect does: what comes, and what is made of it where it can be."""
        whole = self._evidence(name, content, None)
        found = self._collections.setdefault(section, [])
        found.append(whole)
        try:
            made = unwrap(section, content)
        except Refused:
            return
        if made is not None:
            found.append(self._evidence(name, made, whole.sha256))

    def _evidence(self, name: str, content: bytes, unwraps: str | None) -> Evidence:
        digest = canonical.digest(content)
        self.documents[digest] = content
        return Evidence(
            source="records", record=name, version="v1", fetched_at=AS_OF, media_type="application/json",
            sha256=digest, size=len(content), unwraps=unwraps,
        )  # fmt: skip

    def _assembled(self) -> Assembled:
        return assemble(
            cutover=CUTOVER, revision=REVISION, candidate=self.candidate, index=self.index, evidence_set=DIGEST,
            engine=ENGINE, rules=DIGEST, owners={}, waivers={}, rendering=self.rendering, sources=self.sources,
        )  # fmt: skip

    def section(self, name: str) -> Any:
        """A part of the bundle as JSON, and proof that every value in the bundle stands in its evidence."""
        bundle = self.made.bundle
        traced = lineage.trace(bundle, canonical.digest_model(bundle))
        assert lineage.check(bundle, traced, self.evidence_set, self.documents, self.rendering) == ()
        return orjson.loads(canonical.encode_model(bundle))[name]

    def gaps(self, prefix: str) -> set[tuple[str, str]]:
        """Code and field of each finding at ``prefix`` or below it."""
        found = ((each.code, each.field) for each in self.made.findings)
        return {(code, field) for code, field in found if (field + "/").startswith(prefix + "/")}


def value(field: Any) -> Any:
    """What a sourced field says, None where it says nothing."""
    return field["value"] if isinstance(field, dict) and "value" in field else None


def place(field: Any) -> tuple[str, str]:
    """Pointer and measure of a sourced field."""
    return field["from"]["pointer"], field["from"]["measure"]
