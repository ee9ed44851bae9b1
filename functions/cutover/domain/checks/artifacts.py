"""Row 1: every artifact is pinned by digest, exists in its registry, and is not quietly replaced."""

from collections.abc import Iterator

from pydantic import ValidationError

from cutover.contracts.evidence import ArtifactRecord
from cutover.domain import bounded
from cutover.domain.assembling.index import Found
from cutover.domain.canonical import same
from cutover.domain.checks.context import Context, Problem, Rule
from cutover.domain.checks.fields import about, rendered, shown, unknown


def _found(context: Context) -> Iterator[tuple[int, Found, ArtifactRecord | None]]:
    """Component number, evidence, and the registry's record; None where it is not one."""
    for number, component in enumerate(context.candidate.components):
        found = context.index.find("artifacts", component.artifact)
        if found is not None:
            try:
                yield number, found, ArtifactRecord.model_validate_json(found.content)
            except ValidationError:
                yield number, found, None


def _records(context: Context) -> Iterator[tuple[int, str | None, ArtifactRecord, str]]:
    """Component number, announced digest, registry record, and the record's evidence digest."""
    for number, found, record in _found(context):
        if record is not None:
            yield number, context.candidate.components[number].artifact.digest, record, found.evidence.sha256


def record_readable(context: Context) -> Iterator[Problem]:
    """What the registry's record says of the artifact can be read."""
    for number, found, record in _found(context):
        if record is None:
            yield Problem(
                code="ARTIFACT_RECORD_MALFORMED",
                field=f"/components/{number}/digest",
                subject=found.evidence.sha256,
                found=f"{found.evidence.size} bytes that are no cutover/artifact-record/v1",
                wanted="a record with the artifact's digest, its size, and the newest version under its name",
                mend="look at what the registry answers for this artifact, and announce the candidate again",
                evidence=(found.evidence.sha256,),
            )


def digest_known(context: Context) -> Iterator[Problem]:
    """The registry's bytes have the digest that CI announced."""
    for number, announced, record, evidence in _records(context):
        if announced is not None and not same(announced, record.sha256):
            yield Problem(
                code="ARTIFACT_DIGEST_UNKNOWN",
                field=f"/components/{number}/digest",
                subject=about(announced, record.sha256),
                found=f"the registry has {record.sha256}",
                wanted=f"the announced {announced}",
                mend="announce the digest that the registry has, or publish the announced bytes",
                evidence=(evidence,),
            )


def nothing_newer(context: Context) -> Iterator[Problem]:
    """No newer bytes stand under the same name without having been announced."""
    for number, _, record, evidence in _records(context):
        if not same(record.latest_sha256, record.sha256):
            yield Problem(
                code="SUPERSESSION_UNRESOLVED",
                field=f"/components/{number}/digest",
                subject=about(record.sha256, record.latest_sha256),
                found=bounded.line(f"a newer version {shown(record.latest)} with {record.latest_sha256}"),
                wanted=bounded.line(f"nothing newer than the announced {shown(record.version)}"),
                mend="announce the newer artifact as a new candidate, or remove it",
                evidence=(evidence,),
            )


def names_known(context: Context) -> Iterator[Problem]:
    """Every component has a name that the rules know."""
    components = enumerate(context.bundle.components)
    return unknown(context, "component", ((f"/components/{number}/name", each.name) for number, each in components))


def names_unique(context: Context) -> Iterator[Problem]:
    """No two components have one name, however they are spelled."""
    first: dict[str, int] = {}
    for number, component in enumerate(context.bundle.components):
        other = first.setdefault(rendered(context, "component", component.name.value), number)
        if other != number:
            yield Problem(
                code="COMPONENT_REPEATED",
                field=f"/components/{number}/name",
                subject=component.name.from_.evidence,
                found=bounded.line(f"{shown(component.name.value)} is the component at /components/{other} already"),
                wanted="one artifact for each component",
                mend="announce the candidate again with each component once",
                evidence=(component.name.from_.evidence,),
            )


RULES = (
    Rule("artifacts.record-readable", record_readable, reads=("artifacts",)),
    Rule("artifacts.digest-known", digest_known, reads=("artifacts",)),
    Rule("artifacts.nothing-newer", nothing_newer, reads=("artifacts",)),
    Rule("artifacts.names-known", names_known),
    Rule("artifacts.names-unique", names_unique),
)
