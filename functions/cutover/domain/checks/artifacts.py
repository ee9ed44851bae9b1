"""Row 1: every artifact is pinned by digest, exists in its registry, and is not quietly replaced."""

from collections.abc import Iterator

from cutover.contracts.evidence import ArtifactRecord
from cutover.domain.canonical import same
from cutover.domain.checks.context import Context, Problem, Rule


def _records(context: Context) -> Iterator[tuple[int, str | None, ArtifactRecord, str]]:
    """Component number, announced digest, registry record, and the record's evidence digest."""
    index = context.index
    for number, component in enumerate(context.candidate.components):
        found = index.find("artifacts", component.artifact)
        if found is not None:
            record = ArtifactRecord.model_validate_json(found.content)
            yield number, component.artifact.digest, record, found.evidence.sha256


def digest_known(context: Context) -> Iterator[Problem]:
    """The registry's bytes have the digest that CI announced."""
    for number, announced, record, evidence in _records(context):
        if announced is not None and not same(announced, record.sha256):
            yield Problem(
                code="ARTIFACT_DIGEST_UNKNOWN",
                field=f"/components/{number}/digest",
                subject=announced,
                found=f"the registry has {record.sha256}",
                wanted=f"the announced {announced}",
                mend="announce the digest that the registry has, or publish the announced bytes",
                evidence=(evidence,),
            )


def nothing_newer(context: Context) -> Iterator[Problem]:
    """No newer bytes stand under the same name without having been announced."""
    for number, _, record, evidence in _records(context):
        if record.latest != record.version and not same(record.latest_sha256, record.sha256):
            yield Problem(
                code="SUPERSESSION_UNRESOLVED",
                field=f"/components/{number}/digest",
                subject=record.latest_sha256,
                found=f"a newer version {record.latest} with {record.latest_sha256}",
                wanted=f"nothing newer than the announced {record.version}",
                mend="announce the newer artifact as a new candidate, or remove it",
                evidence=(evidence,),
            )


RULES = (Rule("artifacts.digest-known", digest_known), Rule("artifacts.nothing-newer", nothing_newer))
