"""Ten thousand components: a CycloneDX document as it comes, through the code that admits it."""

import hashlib
import importlib.resources
import json
from collections.abc import Iterator
from typing import Any

import orjson
import rfc8785
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from bench.measuring import Row, Timing, in_turn, once
from cutover.contracts.evidence import EvidenceSet
from cutover.domain import canonical, lineage
from cutover.domain.assembling import Assembled, EvidenceIndex, assemble
from cutover.domain.unwrapping import unwrap
from tests.builders import CUTOVER, ENGINE, REVISION, Package, package

GROUP = "Admit 10,000 components"
COMPONENTS = 10_000
VALIDATED = 250
"""How many components the schema is tried on: the whole takes minutes, and grows in proportion."""
_SCHEMAS = ("bom-1.6", "spdx", "jsf-0.82")


def sbom(components: int = COMPONENTS) -> bytes:
    """A CycloneDX 1.6 document of that many components, 870 bytes each on average, as tools write it."""
    return json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "components": [_component(number) for number in range(components)],
        },
        indent=1,
    ).encode()


def _component(number: int) -> dict[str, Any]:
    name, version = f"library-{number}", f"{number % 9}.{number % 31}.{number % 7}"
    digest = hashlib.sha256(name.encode()).hexdigest()
    return {
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "type": "library",
        "name": name,
        "version": version,
        "description": f"What {name} does, in a sentence that is as long as such sentences in package indexes are, "
        "and a little longer where its author likes to write.",
        "purl": f"pkg:pypi/{name}@{version}",
        "licenses": [{"license": {"id": "Apache-2.0" if number % 2 else "MIT"}}],
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "externalReferences": [{"type": "website", "url": f"https://example.com/{name}", "comment": "from packaging"}],
        "properties": [{"name": "cdx:python:package:required-extra", "value": "all"}],
    }


class Case:
    """One release whose one component has this document."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.package: Package = package()
        self.evidence_set, self.documents = self._with(content)

    def _with(self, content: bytes) -> tuple[EvidenceSet, dict[str, bytes]]:
        digest = canonical.digest(content)
        collections = []
        for each in self.package.evidence_set.collections:
            changed = each
            if each.section == "dependencies":
                whole, summary = each.evidence
                made = self._summarized(content)
                found = (
                    whole.model_copy(update={"sha256": digest, "size": len(content)}),
                    summary.model_copy(update={"sha256": canonical.digest(made), "size": len(made), "unwraps": digest}),
                )
                changed = each.model_copy(update={"evidence": found})
            collections.append(changed)
        found_set = self.package.evidence_set.model_copy(update={"collections": tuple(collections)})
        made = self._summarized(content)
        return found_set, {**self.package.documents, digest: content, canonical.digest(made): made}

    @staticmethod
    def _summarized(content: bytes) -> bytes:
        return unwrap("dependencies", content) or b""

    def assembled(self) -> Assembled:
        return assemble(
            cutover=CUTOVER,
            revision=REVISION,
            candidate=self.package.candidate,
            index=EvidenceIndex(self.evidence_set, self.documents),
            evidence_set=canonical.digest_model(self.evidence_set),
            engine=ENGINE,
            rules=canonical.digest(b"rules"),
            owners={},
            waivers={},
            rendering=self.package.rules.rendering,
            sources=self.package.deployment.facts().sources,
        )

    def ours(self) -> None:
        """Collect hashes it as received and counts what is in it; Assemble makes the whole bundle."""
        canonical.digest(self.content)
        self._summarized(self.content)
        bundle = self.assembled().bundle
        assert getattr(bundle.components[0].dependencies.components, "value", None) == COMPONENTS

    def floor(self) -> None:
        orjson.dumps(orjson.loads(self.content))
        hashlib.sha256(self.content).hexdigest()

    def walked(self) -> None:
        """Verify's lineage: every field found again in evidence that is read strictly, no key twice."""
        bundle = self.assembled().bundle
        trace = lineage.trace(bundle, canonical.digest_model(bundle))
        assert not lineage.check(bundle, trace, self.evidence_set, self.documents, self.package.rules.rendering)

    def canonicalized(self) -> None:
        hashlib.sha256(rfc8785.dumps(json.loads(self.content))).hexdigest()


def _validator() -> Draft7Validator:
    """CycloneDX's own JSON schema, with what it refers to."""
    folder = importlib.resources.files("cyclonedx.schema._res")
    schemas = {name: json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text("utf-8")) for name in _SCHEMAS}
    base = schemas["bom-1.6"]["$id"].rpartition("/")[0]
    registry: Registry[Any] = Registry().with_resources(
        (f"{base}/{name}.SNAPSHOT.schema.json", Resource.from_contents(schema)) for name, schema in schemas.items()
    )
    return Draft7Validator(schemas["bom-1.6"], registry=registry)


def rows() -> Iterator[Row]:
    case = Case(sbom())
    size = f"{len(case.content) / 1e6:.1f} MB"
    timings = in_turn({"floor": case.floor, "cutover": case.ours, "walked": case.walked}, rounds=7)
    yield Row(GROUP, "floor", timings["floor"], note=f"orjson parse + dump, sha256, of {size}")
    yield Row(GROUP, "Cutover", timings["cutover"], "floor", "hash as received, parse, count, whole bundle")
    yield Row(GROUP, "… and its lineage", timings["walked"], "floor", "the same, and each field walked again, strictly")
    naive = once(case.canonicalized)
    yield Row(GROUP, "naive: canonical", naive, "floor", "json, rfc8785, sha256; run once")
    part, validator = json.loads(sbom(VALIDATED)), _validator()
    tried = once(lambda: validator.validate(part))
    scaled = Timing(tried.median * COMPONENTS / VALIDATED, tried.fastest * COMPONENTS / VALIDATED, tried.rounds)
    note = f"jsonschema with CycloneDX's own schema; {VALIDATED} components measured, the rest extrapolated"
    yield Row(GROUP, "naive: validated", scaled, "floor", note)
