"""The release of ``scene``, its first component with provenance and an attestation, signed by keys or certificates."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

from cutover.contracts.base import Digest
from cutover.contracts.envelope import IN_TOTO_TYPE
from cutover.contracts.evidence import Collection, Evidence
from cutover.contracts.policy import Facts, Purpose
from cutover.domain import canonical
from cutover.domain.checks.context import Context
from cutover.domain.statements import Signed, open_dsse
from tests.building.keys import Key, seal_bytes
from tests.building.policy import AS_OF, DEPLOYMENT
from tests.checks.scene import Edit, reference, scene

DIGEST, COMMIT = "d" * 64, "0" * 40
BUILDER, REPOSITORY, REF, WORKFLOW = (
    "https://example.com/builder", "https://example.com/shop/service", "refs/heads/main", "release.yml",
)  # fmt: skip
URI = f"git+{REPOSITORY}@{REF}"
SOMEBODY = Key("somebody")


def v1() -> dict[str, Any]:
    """SLSA provenance v1, as GitHub's build type has it."""
    return {
        "_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "service", "digest": {"sha256": DIGEST}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "externalParameters": {"workflow": {"ref": REF, "repository": REPOSITORY, "path": WORKFLOW}},
                "internalParameters": {"github": {"event_name": "push"}},
                "resolvedDependencies": [{"uri": URI, "digest": {"gitCommit": COMMIT}}],
            },
            "runDetails": {"builder": {"id": BUILDER}},
        },
    }  # fmt: skip


def v02() -> dict[str, Any]:
    """SLSA provenance v0.2, as slsa-github-generator writes it."""
    return {
        "_type": "https://in-toto.io/Statement/v0.1", "subject": [{"name": "service", "digest": {"sha256": DIGEST}}],
        "predicateType": "https://slsa.dev/provenance/v0.2",
        "predicate": {
            "builder": {"id": BUILDER},
            "invocation": {
                "configSource": {"uri": URI, "digest": {"sha1": COMMIT}, "entryPoint": WORKFLOW},
                "environment": {"github_event_name": "push", "github_ref": REF, "github_head_ref": ""},
            },
            "materials": [{"uri": URI, "digest": {"sha1": COMMIT}}],
        },
    }  # fmt: skip


def attested(**changes: Any) -> dict[str, Any]:
    """What CI says of the component's tests."""
    return {
        "_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "service", "digest": {"sha256": DIGEST}}],
        "predicateType": "https://example.com/tests/v1", "predicate": {"passed": 412},
    } | changes  # fmt: skip


def anything(*said: Any) -> tuple[Any, ...]:
    """Values of any type, in which somebody hostile sees no difference."""
    return said


def edited(statement: Any, *edits: Edit) -> Any:
    for edit in edits:
        edit(statement)
    return statement


@dataclass(frozen=True)
class Certificate:
    """Who signed it, where the examples need no real certificate; the opener that proves one has its own tests."""

    repository: str | None = REPOSITORY
    ref: str | None = REF
    workflow: str | None = f"{REPOSITORY}/{WORKFLOW}@{REF}"
    commit: str | None = COMMIT
    event: str | None = "push"


@dataclass(frozen=True)
class Published:
    """A statement as it is published: its JSON value (or bytes), and who signed it."""

    statement: Any
    by: Key | Certificate
    payload_type: str = IN_TOTO_TYPE
    taken_out: bytes | None = None
    """Other bytes than were signed, which the evidence has for its payload."""

    @property
    def payload(self) -> bytes:
        return self.statement if isinstance(self.statement, bytes) else orjson.dumps(self.statement)

    @property
    def envelope(self) -> bytes:
        return seal_bytes(self.payload_type, self.payload, self.by if isinstance(self.by, Key) else SOMEBODY)


@dataclass
class Openers:
    """Envelopes by keys as ever; those that a certificate signed, as the one that opens bundles would answer."""

    certified: dict[Digest, Signed] = field(default_factory=dict)

    def __call__(self, content: bytes, *, purpose: Purpose, facts: Facts, product: str, at: datetime) -> Signed:
        known = self.certified.get(canonical.digest(content))
        return known or open_dsse(content, purpose=purpose, facts=facts, product=product, at=at)


def by_builder(statement: Any) -> Published:
    return Published(statement, DEPLOYMENT.key("provenance"))


def by_tester(statement: Any) -> Published:
    return Published(statement, DEPLOYMENT.key("attestation"))


def release(
    provenance: Published | None = None,
    *attestations: tuple[str, Published],
    candidate: Edit | None = None,
    **changes: Any,
) -> Context:
    """``attestations``: by name, of the first component. What is None is not announced."""
    published = {"provenance/service": provenance or by_builder(v1())}
    published |= {f"{name}/service": each for name, each in attestations}

    def announce(said: Any) -> None:
        said["components"][0]["provenance"] = reference("provenance/service")
        said["attestations"] = [
            {"name": name, "component": "service", "statement": reference(f"{name}/service")}
            for name, _ in attestations
        ]
        if candidate is not None:
            candidate(said)

    context = scene(candidate=announce, **changes)
    openers, documents, evidence = Openers(), dict(context.documents), []
    for record, each in published.items():
        for content, made_of in ((each.envelope, None), (each.taken_out or each.payload, each.envelope)):
            documents[canonical.digest(content)] = content
            evidence.append(_evidence(record, content, made_of))
        if isinstance(each.by, Certificate):
            openers.certified[canonical.digest(each.envelope)] = Signed(
                each.payload,
                issuer="https://issuer.example",
                identity=f"{REPOSITORY}/{WORKFLOW}@{REF}",
                **vars(each.by),
            )
    collections = (*context.evidence_set.collections, Collection(section="attestations", evidence=tuple(evidence)))
    evidence_set = context.evidence_set.model_copy(update={"collections": collections})
    return replace(context, evidence_set=evidence_set, documents=documents, statements=openers)


def built(*edits: Edit, of: Callable[[], Any] = v1, by: Key | Certificate | None = None, **changes: Any) -> Context:
    """The release with provenance that is otherwise in some places."""
    return release(Published(edited(of(), *edits), by or DEPLOYMENT.key("provenance")), **changes)


def builds(**lists: Iterable[str]) -> dict[str, Any]:
    """Rules that allow other builds of the product."""
    known = {"builders": [BUILDER], "repositories": [REPOSITORY], "refs": [REF], "workflows": [WORKFLOW]}
    return {"builds": {"service": known | {name: list(each) for name, each in lists.items()}}}


def _evidence(record: str, content: bytes, made_of: bytes | None) -> Evidence:
    return Evidence(
        source="records", record=record, version="v1", fetched_at=AS_OF, media_type="application/json",
        sha256=canonical.digest(content), size=len(content),
        unwraps=canonical.digest(made_of) if made_of is not None else None,
    )  # fmt: skip
